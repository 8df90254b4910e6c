"""One command, nothing else installed: the database comes along."""

import time
from pathlib import Path

from tests.cli.command import Saluhall


def test_the_first_start_makes_everything_and_a_restart_finds_it_again(tmp_path: Path) -> None:
    saluhall = Saluhall(tmp_path / "data")

    with saluhall.serving() as server:
        saluhall.json(
            "account", "create", "Anna", "--username", "anna", "--password", "a good password"
        )
        key = saluhall.json("key", "create", "--account", "Anna")["api_key"]
        saluhall.json("catalog", "create", "Shop", "--account", "Anna")
        login = ("--account", "Anna", "--user-id", "17", "--token", "tok")
        saluhall.json("connection", "add", "tradera", *login)
        saluhall.json("connection", "list", "--account", "Anna")
        hook = ("webhook", "set", "https://anna.example/hook", "--account", "Anna")
        secret = saluhall.json(*hook)["webhookSecret"]
        assert saluhall.json("migrate") == {"applied": []}
        assert server.get("/integration/v1/items/1", {"x-api-key": key}) == 404
        assert server.stop() == 0
    assert saluhall.postgres() == []
    assert "Traceback" not in server.log
    assert (saluhall.data_dir / "secret.key").stat().st_mode & 0o777 == 0o600

    with saluhall.serving() as server:
        assert server.get("/integration/v1/items/1", {"x-api-key": key}) == 404
        assert server.get("/integration/v1/items/1", {"x-api-key": "wrong"}) == 401
        server.process.kill()
        server.process.wait()
        assert saluhall.postgres() != []  # nobody could stop it, so it continues, safely
        assert saluhall.json(*hook)["webhookSecret"] == secret
    wait_until_stopped(saluhall)


def wait_until_stopped(saluhall: Saluhall) -> None:
    deadline = time.monotonic() + 30
    while saluhall.postgres():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_commands_bring_their_own_database_when_no_server_runs(tmp_path: Path) -> None:
    saluhall = Saluhall(tmp_path / "data")

    saluhall.json(
        "account", "create", "Anna", "--username", "anna", "--password", "a good password"
    )
    assert saluhall.postgres() == []
    assert (saluhall.data_dir / "postgres").stat().st_mode & 0o077 == 0
    assert set(saluhall.json("key", "create", "--account", "Anna")) == {"api_key"}
    assert saluhall.run("key", "create", "--account", "Bo").refuses("no account is named 'Bo'")
    assert saluhall.postgres() == []
