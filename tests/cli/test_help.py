"""Every command says what it does, every argument and option has a sentence, and the guide names them all."""

import importlib
import inspect
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cyclopts import App

from saluhall.cli.app import COMMANDS, make_app
from saluhall.plugins import load_channels

GUIDE = Path(__file__).parents[2] / "docs/guide/command-line.md"


def commands(parent: App, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], App]]:
    """Walk all commands; the flags that cyclopts counts among them are none."""
    for name in parent:
        if not name.startswith("-"):
            yield (*words, name), parent[name]
            yield from commands(parent[name], (*words, name))


APP = make_app()
ALL = list(commands(APP))


@pytest.mark.parametrize(("words", "command"), ALL, ids=[" ".join(words) for words, _ in ALL])
def test_a_command_and_each_of_its_options_has_a_sentence(
    words: tuple[str, ...], command: App, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.help.strip().endswith("."), words
    if command.default_command is None:
        return
    arguments = command.assemble_argument_collection(parse_docstring=True)

    assert [a.names for a in arguments if a.show and not (a.parameter.help or "").strip()] == []
    names = {name for argument in arguments for name in argument.names}
    assert {"--data-dir", "--json"} <= names
    with pytest.raises(SystemExit) as ended:
        make_app(words)([*words, "--help"])
    assert ended.value.code in {None, 0}
    assert "Usage: saluhall" in capsys.readouterr().out


@pytest.mark.parametrize(("name", "target", "_group", "summary"), COMMANDS)
def test_the_first_page_describes_a_command_as_the_command_does(
    name: str, target: str, _group: object, summary: str
) -> None:
    module, _, attribute = target.partition(":")
    found = getattr(importlib.import_module(f"saluhall.cli.{module}"), attribute)

    described = found.help if isinstance(found, App) else inspect.getdoc(found)
    assert summary == (described or "").split("\n\n")[0], name


def test_the_guide_names_every_command() -> None:
    text = GUIDE.read_text(encoding="utf-8")

    leaves = [" ".join(words) for words, command in ALL if command.default_command is not None]
    assert [leaf for leaf in leaves if f"`saluhall {leaf}" not in text] == []


def test_the_first_page_and_a_command_read_no_other_command() -> None:
    code = """
import contextlib, io, sys
from saluhall.cli.app import make_app
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    make_app(sys.argv[1:])(sys.argv[1:])
print(*sorted(name for name in sys.modules if name.startswith("saluhall.cli.")))
"""
    ours = {f"saluhall.cli.{target.partition(':')[0]}" for _, target, _, _ in COMMANDS}
    for words, needed in ((["--help"], set()), (["key", "--help"], {"saluhall.cli.keys"})):
        ran = subprocess.run(
            [sys.executable, "-c", code, *words], capture_output=True, check=True, text=True
        )
        assert ours.intersection(ran.stdout.split()) == needed


def test_the_secret_options_of_every_channel_can_come_from_standard_input() -> None:
    add = APP["connection"]["add"]
    for name, card in load_channels().items():
        arguments = add[name].assemble_argument_collection(parse_docstring=True)
        options = {argument.name: argument for argument in arguments}
        for secret in (option.name for option in card.options if option.secret):
            option = options[f"--{secret}"]
            assert "reads one line from standard input" in (option.parameter.help or "")
            assert not option.required
