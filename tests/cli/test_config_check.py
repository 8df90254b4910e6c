"""`saluhall config check`, and how every command refuses a wrong configuration."""

import json
from pathlib import Path

import pytest

from tests.cli.command import Saluhall

WRONG = {"SALUHALL_SECRET_KEY": "x", "SALUHALL_POLL_INTERVAL_S": "often", "SALUHALL_DEBUG": "1"}
COMMANDS = [
    ("config", "check"),
    ("migrate",),
    ("key", "create", "--account", "Anna"),
    ("serve",),
    ("worker",),
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_names_every_wrong_setting_at_once_and_makes_nothing(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    ran = Saluhall(tmp_path / "data", WRONG).here(*words)

    assert ran.code == 78
    assert ran.out == ""
    assert [line.split(": ")[:2] for line in ran.err.splitlines()] == [
        ["saluhall", name] for name in WRONG
    ]
    assert not (tmp_path / "data").exists()


def test_a_program_reads_what_is_wrong(tmp_path: Path) -> None:
    saluhall = Saluhall(tmp_path / "data", WRONG)
    checked = saluhall.here("config", "check", "--json")
    refused = saluhall.here("migrate", "--json")

    assert (checked.code, refused.code) == (78, 78)
    answer = json.loads(checked.out)
    assert answer["ok"] is False
    assert [error["setting"] for error in answer["errors"]] == list(WRONG)
    assert all(error.keys() == {"setting", "problem", "remedy"} for error in answer["errors"])
    assert json.loads(refused.out)["error"]["errors"] == answer["errors"]


def test_right_settings_are_said_to_be_right_and_nothing_is_made(tmp_path: Path) -> None:
    saluhall = Saluhall(tmp_path / "data")

    assert saluhall.json("config", "check") == {"ok": True, "errors": []}
    assert saluhall.here("config", "check").out.startswith("Every setting is right.")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--port", "0"), "--port: 0 is not a port; use a port from 1 to 65535"),
        (("--port", "70000"), "--port: 70000 is not a port; use a port from 1 to 65535"),
        (("--processes", "0"), "--processes: 0 is too small; use 1 to 256"),
        (("--host", ""), "--host: it is empty; use 127.0.0.1 for this machine alone"),
        (("--host", "a b"), "--host: 'a b' cannot be "),
        (("--host", "192.0.2.1"), "--host: cannot listen on 192.0.2.1:8080: "),
        (("--metrics-listen", "9464"), "SALUHALL_METRICS_LISTEN: '9464' is not HOST:PORT; write "),
        (
            ("--metrics-listen", "127.0.0.1:18932", "--port", "18932"),
            "SALUHALL_METRICS_LISTEN: the API listens on port 18932 too; use another port",
        ),
    ],
    ids=lambda part: " ".join(part) if isinstance(part, tuple) else "",
)
def test_a_wrong_option_of_serve_gets_one_sentence(
    options: tuple[str, ...], sentence: str, tmp_path: Path
) -> None:
    ran = Saluhall(tmp_path / "data").here("serve", *options)

    assert ran.refuses(sentence, code=78), ran.err
    assert not (tmp_path / "data").exists()
