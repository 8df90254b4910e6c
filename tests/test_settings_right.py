"""What is right is taken: nothing that a careful operator sets is refused."""

import tempfile

import pytest

from saluhall.bootstrap.configuration import known_settings, read_configuration
from saluhall.kit.setting_names import unknown_settings

RIGHT = [
    {"SALUHALL_SECRET_KEY": "", "SALUHALL_SECRET_KEY_FILE": " "},
    {"SALUHALL_DATABASE_URL": "postgresql://u:p%40ss@db-1:5432,db-2:5433/x?sslmode=require"},
    {"SALUHALL_DATABASE_URL": "postgres://u@[::1]/x"},
    {"SALUHALL_DATABASE_URL": "postgresql:///x?host=/run/postgresql"},
    {"SALUHALL_DATABASE_URL": "postgresql://?service=hub"},
    {"SALUHALL_PUBLIC_URL": "https://shops.example.com/hub/"},
    {"SALUHALL_PUBLIC_URL": "http://[::1]:8080"},
    {"SALUHALL_IMAGE_STORE": "S3://bucket/images"},
    {"SALUHALL_IMAGE_STORE": "az://container"},
    {"SALUHALL_OUTBOUND_ALLOW": "10.1.2.3/16, fd00::/8,"},
    {"SALUHALL_LOG_LEVEL": "WARNING", "SALUHALL_RATE_LIMITS": "Off"},
    {"SALUHALL_WEBHOOK_RETRY_DAYS": "0"},
    {"SALUHALL_DATA_DIR": tempfile.gettempdir() + "/a-long-name" * 20},
    {"SALUHALL_SERVICE_HOST": "10.0.0.1", "SALUHALL_PORT": "tcp://10.0.0.1:80"},
    {"SALUHALL_HUB_SERVICE_PORT_HTTP": "80", "SALUHALL_PORT_80_TCP_ADDR": "10.0.0.1"},
]


@pytest.mark.parametrize("env", RIGHT, ids="+".join)
def test_a_right_setting_is_taken(env: dict[str, str]) -> None:
    read_configuration({"SALUHALL_DATA_DIR": f"{tempfile.gettempdir()}/saluhall-not-there", **env})


def test_each_setting_is_known_by_its_name_and_as_a_file() -> None:
    known = known_settings()
    env = dict.fromkeys(known, "") | {f"{name}_FILE": "" for name in known}

    assert unknown_settings(env, known) == []
