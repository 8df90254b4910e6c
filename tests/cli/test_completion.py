"""The scripts that complete commands in a shell."""

import subprocess

import pytest

from saluhall.cli.app import COMMANDS
from tests.cli.command import Saluhall

CASES = {
    "saluhall conn": "connection",
    "saluhall connection rec": "reconnect",
    "saluhall account create --time": "--time-zone",
}


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> str:
    ran = Saluhall(tmp_path_factory.mktemp("completion")).run("completion", "bash")
    assert ran.code == 0, ran.err
    return ran.out


@pytest.mark.parametrize(("typed", "wanted"), CASES.items())
def test_bash_completes_commands_and_options(script: str, typed: str, wanted: str) -> None:
    words = typed.split()
    ask = f"""
COMP_WORDS=({typed}); COMP_CWORD={len(words) - 1}; COMP_LINE='{typed}'; COMP_POINT={len(typed)}
_saluhall saluhall '{words[-1]}' '{words[-2]}'; printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    done = subprocess.run(
        ["/bin/bash", "-u"], input=script + ask, capture_output=True, check=True, text=True
    )

    assert [reply.strip() for reply in done.stdout.split()] == [wanted]
    assert not done.stderr


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_other_shells_get_a_script_that_names_every_command(
    shell: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    printed = Saluhall(tmp_path_factory.mktemp("shell")).run("completion", shell).out

    assert [name for name, _, _, _ in COMMANDS if name not in printed] == []
