"""How a command fails: one sentence for a person, one JSON object for a program, and an exit code that says which kind it is."""

import io
import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest

from saluhall.cli.failures import EXIT_CODES, failure_from_error
from tests.cli.command import Saluhall
from tests.postgres import Postgres

GUIDE = Path(__file__).parents[2] / "docs/guide/command-line.md"
NIL = UUID(int=0)
NOWHERE = {"SALUHALL_DATABASE_URL": "postgresql://u:hidden@127.0.0.1:1/x"}
FAILURES = [
    (("account", "create"), {}, 2, "usage"),
    (("account", "nonsense"), {}, 2, "usage"),
    (("nonsense",), {}, 2, "usage"),
    (("key", "create", "--account", "a", "--nonsense"), {}, 2, "usage"),
    (("serve", "--port", "x"), {}, 2, "usage"),
    (("account", "create", "a", "--username", "u"), {}, 2, "usage"),
    (("account", "create", "a", "--username", "u", "--password", "--subject"), {}, 2, "usage"),
    (("account", "create", "\udcff", "--username", "u"), {}, 2, "usage"),
    (("account", "create", "a", "--username", "u", "--password", "x"), {}, 1, "weak_password"),
    (("account", "create", "a" * 201, "--username", "u"), {}, 1, "refused"),
    (("catalog", "create", "\x1b[31m", "--account", "a"), {}, 1, "refused"),
    (("key", "create", "--account", "a", "--name", " "), {}, 1, "refused"),
    (
        ("account", "subscribe", "--account", "a", "--tier", "pro", "--until", "0001-01-01"),
        {},
        1,
        "refused",
    ),
    (
        ("connection", "reconnect", str(NIL), "--account", "a", "--expires", "9999-12-31"),
        {},
        1,
        "refused",
    ),
    (("sandbox", "--port", "99999"), {}, 1, "refused"),
    (("serve", "--processes", "0"), {}, 78, "settings"),
    (("migrate",), NOWHERE, 69, "database_unavailable"),
    (("migrate",), {"SALUHALL_RATE_LIMITS": "maybe"}, 78, "settings"),
]


@pytest.mark.parametrize(("words", "env", "code", "name"), FAILURES)
def test_a_failure_with_json_is_one_json_object_and_without_it_one_sentence(
    words: tuple[str, ...], env: dict[str, str], code: int, name: str, tmp_path: Path
) -> None:
    command = Saluhall(tmp_path / "data", env)

    for_programs, for_people = command.here(*words, "--json"), command.here(*words)

    answer = json.loads(for_programs.out)
    assert list(answer) == ["error"]
    more = ["errors"] if name == "settings" else []
    assert list(answer["error"]) == ["code", "message", *more]
    assert (for_programs.code, answer["error"]["code"]) == (code, name)
    assert "hidden" not in for_programs.out
    assert for_people.code == code
    assert not for_people.out
    assert answer["error"]["message"] in for_people.err
    assert "Traceback" not in for_people.err + for_programs.err


def test_the_guide_names_every_exit_code() -> None:
    documented = re.findall(r"^\| (\d+) \|", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)

    assert set(map(int, documented)) == {0, *EXIT_CODES.values(), 130}


def test_a_bug_is_no_refusal() -> None:
    assert failure_from_error(KeyError("x")) is None


@pytest.fixture(scope="module")
def saluhall(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Saluhall:
    folder = tmp_path_factory.mktemp("passwords")
    return Saluhall(folder, {"SALUHALL_DATABASE_URL": postgres.new_database()})


def test_a_password_comes_from_standard_input_and_nobody_is_warned(
    saluhall: Saluhall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("a good password\nrest\n"))

    ran = saluhall.run("account", "create", "in", "--username", "in", "--password", "-", "--json")

    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out)["username"] == "in"


def test_a_password_on_the_command_line_works_and_warns_on_standard_error(
    saluhall: Saluhall,
) -> None:
    person = ("--username", "arg", "--password", "a good password")

    ran = saluhall.run("account", "create", "arg", *person, "--json")

    assert json.loads(ran.out)["username"] == "arg"
    assert "other users of this machine can see the value of --password" in ran.err
    assert "a good password" not in ran.err + ran.out


@pytest.mark.parametrize("typed", ["a good password\na good password\n", "a good one\nanother\n"])
def test_at_a_terminal_a_new_password_is_asked_twice_and_not_shown(
    saluhall: Saluhall, typed: str
) -> None:
    leader, follower = pty.openpty()
    name = "asked" + str(len(typed))
    words = [sys.executable, "-m", "saluhall", "account", "create", name, "--username", name]
    process = subprocess.Popen(
        words,
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env=saluhall.env,
        start_new_session=True,
    )
    os.close(follower)
    shown = b""
    for line in typed.splitlines():
        while not shown.endswith(b": "):
            shown += os.read(leader, 1024)
        os.write(leader, line.encode() + b"\n")
        shown += b"\n"
    code = process.wait(30)
    shown += os.read(leader, 4096)
    os.close(leader)

    agree = len(set(typed.split("\n")[:2])) == 1
    assert code == (0 if agree else 1), shown
    assert (b"differ" in shown) != agree
    assert b"a good" not in shown
