"""What an operator types, and what is printed."""

import asyncio
import re
import sys
from pathlib import Path

import aiohttp
import pytest

from saluhall.cli.app import make_app
from tests.cli.command import Saluhall
from tests.conftest import StartHub
from tests.hub import free_port
from tests.postgres import Postgres

KEY = re.compile(r"rheo_live_[A-Za-z0-9]{32}")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
COMMANDS = [
    (),
    ("serve",),
    ("worker",),
    ("migrate",),
    ("config", "check"),
    ("doctor",),
    ("sandbox",),
    ("demo",),
    ("account", "create"),
    ("user", "link"),
    ("user", "unlink"),
    ("key", "create"),
    ("catalog", "create"),
    ("connection", "add", "tradera"),
    ("connection", "list"),
    ("channel", "categories"),
    ("webhook", "set"),
]


@pytest.fixture
def saluhall(postgres: Postgres, tmp_path: Path) -> Saluhall:
    """Commands on a database of their own, with the account Anna."""
    command = Saluhall(tmp_path / "data", {"SALUHALL_DATABASE_URL": postgres.new_database()})
    command.json("account", "create", "Anna", "--username", "anna", "--password", "a good one")
    return command


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        make_app(words)([*words, "--help"])

    assert ended.value.code in {None, 0}
    shown = capsys.readouterr().out
    assert "Usage: saluhall" in shown
    assert not words or words == ("sandbox",) or "--data-dir" in shown


def test_each_command_answers_with_the_keys_that_scripts_rely_on(saluhall: Saluhall) -> None:
    account = saluhall.json(
        "account", "create", "Bo", "--username", "bo", "--password", "a good secret"
    )
    key = saluhall.json("key", "create", "--account", "Bo", "--name", "till")
    catalog = saluhall.json("catalog", "create", "Shop", "--account", "Bo", "--code", "SHOP")
    login = ("--account", "Bo", "--user-id", "17", "--token", "tok")
    connection = saluhall.json("connection", "add", "tradera", *login)
    webhook = saluhall.json("webhook", "set", "https://bo.example/hook", "--account", "Bo")
    listed = saluhall.json("connection", "list", "--account", "Bo")

    assert list(account) == ["account_id", "username"]
    assert account["username"] == "bo"
    assert UUID.fullmatch(account["account_id"])
    assert list(key) == ["api_key"]
    assert KEY.fullmatch(key["api_key"])
    assert list(catalog) == ["catalog_id"]
    assert list(connection) == ["connection_id"]
    assert list(webhook) == ["webhookUrl", "webhookSecret"]
    assert webhook["webhookSecret"].startswith("whsec_")
    assert [c["connection_id"] for c in listed["connections"]] == [connection["connection_id"]]
    assert listed["connections"][0]["budget"]["left"] == 100
    assert "connected" in saluhall.run("connection", "list", "--account", "Bo").out


def test_a_new_address_keeps_the_secret_and_a_new_token_keeps_the_connection(
    saluhall: Saluhall,
) -> None:
    login = ("connection", "add", "tradera", "--account", "Anna", "--user-id", "17")
    hook = ("webhook", "set", "--account", "Anna")

    assert saluhall.json(*login, "--token", "a") == saluhall.json(*login, "--token", "b")
    first = saluhall.json(*hook, "https://one.example/hook")
    second = saluhall.json(*hook, "https://two.example/hook")

    assert first["webhookSecret"] == second["webhookSecret"]
    assert second["webhookUrl"] == "https://two.example/hook"


def test_what_cannot_be_done_is_said_in_one_sentence(saluhall: Saluhall) -> None:
    person = ("--username", "eve", "--password", "a good password")
    login = ("connection", "add", "tradera", "--user-id", "1", "--token", "t")
    refused = {
        ("account", "create", "Anna", *person): "account 'Anna' exists already",
        (
            "account",
            "create",
            "Eve",
            "--username",
            "anna",
            "--password",
            "a good password",
        ): "'anna' exists",
        ("account", "create", "", *person): "must not be empty",
        ("key", "create", "--account", "Nobody"): "no account is named 'Nobody'",
        ("catalog", "create", "R", "--account", "Anna", "--code", "RHEO"): "'RHEO' already",
        (*login, "--account", "Nobody"): "no account is named 'Nobody'",
        (*login, "--account", "Anna", "--category", "x"): "SLUG=ID",
        ("webhook", "set", "http://x.example", "--account", "Anna"): "https://",
        ("webhook", "set", "https://x.example", "--account", "Nobody"): "'Nobody'",
    }

    for words, sentence in refused.items():
        ran = saluhall.run(*words)
        assert ran.refuses(sentence), (words, ran.code, ran.out, ran.err)
    ran = saluhall.run(*login, "--account", "Anna", "--expires", "soon")
    assert ran.refuses("ISO 8601", 2), (ran.code, ran.out, ran.err)


KEY_CREATE = ("key", "create", "--account", "Anna")
NOBODY_THERE = ("postgresql://u:hidden@127.0.0.1:1/x", "Connection refused")


@pytest.mark.parametrize(
    "words", [("migrate",), KEY_CREATE, ("worker",), ("serve", "--port", "18931")], ids=" ".join
)
def test_a_database_that_is_not_there_is_said_in_one_sentence_without_its_password(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    url, sentence = NOBODY_THERE

    ran = Saluhall(tmp_path / "data", {"SALUHALL_DATABASE_URL": url}).run(*words)

    assert ran.refuses(sentence, code=69), ran.err
    assert "hidden" not in ran.err


def test_every_secret_can_be_in_a_file(postgres: Postgres, tmp_path: Path) -> None:
    url, key = tmp_path / "url", tmp_path / "key"
    url.write_text(postgres.new_database() + "\n")
    key.write_text("a key in a file, long enough to be one\n")
    files = {"SALUHALL_DATABASE_URL_FILE": str(url), "SALUHALL_SECRET_KEY_FILE": str(key)}
    hook = ("webhook", "set", "https://x.example", "--account", "Anna")

    by_file = Saluhall(tmp_path / "data", files)
    by_file.json("account", "create", "Anna", "--username", "anna", "--password", "a good password")
    secret = by_file.json(*hook)["webhookSecret"]
    plain = {
        "SALUHALL_DATABASE_URL": url.read_text(),
        "SALUHALL_SECRET_KEY": key.read_text().strip(),
    }

    assert Saluhall(tmp_path / "other", plain).json(*hook)["webhookSecret"] == secret
    assert not (tmp_path / "data" / "secret.key").exists()


@pytest.fixture
def shared(postgres: Postgres, tmp_path: Path) -> Saluhall:
    env = {"SALUHALL_DATABASE_URL": postgres.new_database(), "SALUHALL_LOG_LEVEL": "warning"}
    return Saluhall(tmp_path / "data", env)


def test_a_port_that_is_taken_is_said_and_the_server_that_has_it_stays_alone(
    shared: Saluhall,
) -> None:
    with shared.serving("--no-worker") as server:
        ran = shared.run("serve", "--port", str(server.port))

        assert ran.refuses(f"cannot listen on 127.0.0.1:{server.port}: Address already in use")
        assert server.get("/healthz") == 200
    assert server.log == "", "at this level the log says nothing where nothing is wrong"


async def test_a_worker_alone_works_what_a_server_without_one_took(start_hub: StartHub) -> None:
    hub = await start_hub("--no-worker", "--processes", "2")
    shop = await hub.open_selling_shop()
    await shop.put("ALONE", imageUrls=[f"{hub.partner.url}/1.jpg"], autoPublishTradera=True)
    await asyncio.sleep(1.5)
    assert (await shop.get("ALONE"))["rheoStatus"] == "draft"

    port = free_port()
    options = ("--concurrency", "4", "--metrics-listen", f"127.0.0.1:{port}")
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "saluhall", "worker", *options, env=hub.env
    )
    try:
        await shop.heard("listing.created", "ALONE")
        async with aiohttp.request("GET", f"http://127.0.0.1:{port}/metrics") as response:
            counted = await response.text()
        assert re.search(
            r'saluhall_job_runs_total\{job="fetch_images",outcome="done"\} [1-9]', counted
        )
    finally:
        worker.terminate()
        code = await asyncio.wait_for(worker.wait(), 30)

    assert code == 0
    assert await hub.stop() == 0


def test_a_subject_is_one_users(saluhall: Saluhall) -> None:
    saluhall.json(
        "account",
        "create",
        "Bo",
        "--username",
        "bo",
        "--password",
        "a good password",
        "--subject",
        "s",
    )

    taken = saluhall.run("user", "link", "--username", "anna", "--subject", "s")
    unknown = saluhall.run("user", "link", "--username", "nobody", "--subject", "t")
    saluhall.json("user", "unlink", "--username", "bo")
    linked = saluhall.json("user", "link", "--username", "anna", "--subject", "s")

    assert taken.refuses("another user is linked to 's' already")
    assert unknown.refuses("no user is named 'nobody'")
    assert linked == {"username": "anna", "subject": "s"}
