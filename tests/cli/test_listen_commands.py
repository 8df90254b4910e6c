"""What `saluhall listen`, `trigger` and `webhook set` refuse, and what they advise."""

import json
from pathlib import Path

import pytest

from saluhall.dialects.rheo.event_words import VOCABULARY
from tests.cli.command import Saluhall
from tests.postgres import Postgres


@pytest.fixture(scope="module")
def operator(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Saluhall:
    folder: Path = tmp_path_factory.mktemp("listen")
    command = Saluhall(folder / "data", {"SALUHALL_DATABASE_URL": postgres.new_database()})
    command.json("account", "create", "Anna", "--username", "anna", "--password", "a good one")
    return command


@pytest.mark.parametrize(
    "url",
    [
        "http://erp.example.com/hook",
        "https://localhost/hook",
        "https://localhost.:3000/",
        "https://hub.localhost/",
        "https://127.0.0.1:3000/",
        "https://[::1]/",
        "https://10.0.0.7/hook",
        "https://192.168.1.4/hook",
    ],
)
def test_an_address_that_is_not_public_is_refused_with_the_way_out(
    operator: Saluhall, url: str
) -> None:
    ran = operator.run("webhook", "set", url, "--account", "Anna")

    assert ran.refuses("run `saluhall listen`, and for receivers in your network see SALUHALL_OUTBOUND_ALLOW")  # fmt: skip


def test_localhost_is_taken_where_it_is_allowed(operator: Saluhall) -> None:
    allowing = Saluhall(
        operator.data_dir, {**operator.env, "SALUHALL_OUTBOUND_ALLOW": "127.0.0.0/8"}
    )
    taken = allowing.json("webhook", "set", "https://localhost/hook", "--account", "Anna")

    assert taken["webhookUrl"] == "https://localhost/hook"


@pytest.mark.parametrize(
    "arguments",
    [
        ("trigger", "item.gone", "--account", "Anna"),
        ("listen", "--account", "Anna", "--event-types", "item.gone"),
        ("webhook", "set", "https://a.example/", "--account", "Anna", "--event-types", "item.gone"),
    ],
)
def test_an_unknown_event_type_is_refused_with_the_list(
    operator: Saluhall, arguments: tuple[str, ...]
) -> None:
    ran = operator.start(*arguments)

    assert ran.refuses("item.gone; there are " + ", ".join(sorted(set(VOCABULARY.words.values()))))


def test_what_does_not_exist_is_refused(operator: Saluhall) -> None:
    nowhere = operator.run("listen", "--account", "Anna", "--forward-to", "http:///x")

    assert nowhere.refuses("--forward-to http:///x: The URL has no host")
    assert operator.run("trigger", "item.sold", "--account", "Bo").refuses("'Bo'")
    gone = operator.run("trigger", "item.sold", "--account", "Anna", "--sku", "NONE")
    assert gone.refuses("account Anna has no item NONE")


def test_a_command_that_records_an_event_prints_one_json_object_and_logs_on_standard_error(
    operator: Saluhall,
) -> None:
    logging = Saluhall(operator.data_dir, {**operator.env, "SALUHALL_LOG_LEVEL": "info"})
    arguments = ("trigger", "item.created", "--account", "Anna", "--json")
    quiet, logged = operator.run(*arguments), logging.run(*arguments)

    assert json.loads(quiet.out)["eventType"] == json.loads(logged.out)["eventType"]
    assert quiet.err == ""
    assert json.loads(logged.err)["event"] == "product.created"
