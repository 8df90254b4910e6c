"""`backup` and `restore` of a data dir with everything in it."""

from pathlib import Path

from tests.cli.command import Saluhall

_ACCOUNT = ("account", "create", "Anna", "--username", "anna", "--password", "a good password")
_OF_ANNA = ("--account", "Anna")
_HOOK = ("webhook", "set", "https://anna.example/hook", "--account", "Anna")


def test_a_data_dir_is_restored_into_an_empty_one_and_never_over_another(tmp_path: Path) -> None:
    old, new = Saluhall(tmp_path / "old"), Saluhall(tmp_path / "new" / "data")
    backup = str(tmp_path / "backup")
    assert old.run("backup", backup).refuses("holds no database")
    old.json(*_ACCOUNT)
    secret = old.json(*_HOOK)["webhookSecret"]

    add = ("connection", "add", "tradera", *_OF_ANNA, "--user-id", "7", "--token", "secret")
    connection = old.json(*add)["connection_id"]
    old.json("connection", "remove", connection, *_OF_ANNA)

    made = old.json("backup", backup)
    assert (made["accounts"], made["key_fits"]) == (1, True), "a removed connection has no token"
    assert old.run("backup", backup).refuses("exists already")
    assert old.run("restore", backup).refuses("holds a database already")
    assert new.run("restore", str(tmp_path)).refuses("is no backup")
    keyed = Saluhall(
        tmp_path / "keyed", {"SALUHALL_SECRET_KEY": "another key, as long as one must be"}
    )
    assert keyed.run("restore", backup).refuses("another secret key")
    assert not keyed.data_dir.exists()
    new.json("restore", backup)

    assert new.json(*_HOOK)["webhookSecret"] == secret
    names = {path.name for path in new.data_dir.iterdir()} - {"postgres.turn", "postgres.users"}
    assert names == {"images", "postgres", "secret.key"}
    assert new.data_dir.stat().st_mode & 0o777 == 0o700

    (old.data_dir / "secret.key").write_text("another key")
    ran = old.run("backup", str(tmp_path / "wrong"))
    assert (ran.code, "not the key of the running hub" in ran.err) == (0, True)
    (old.data_dir / "secret.key").unlink()
    assert old.run("backup", f"{backup}2").refuses("secret.key is missing")
    assert [path.name for path in tmp_path.iterdir() if "backup" in path.name] == ["backup"]
