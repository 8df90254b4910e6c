"""The documents agree with the code."""

import ast
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from saluhall.kit.environment import Setting
from saluhall.plugins import load_channels, load_dialects
from saluhall.settings import SETTINGS
from tests.architecture.source import ROOT, python_files, shown, tree_of

DOCS = ROOT / "docs"
DOCUMENTS = [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]
DECISIONS = sorted((DOCS / "decisions").glob("*.md"))
SETTING = re.compile(r"SALUHALL_[A-Z0-9_]*[A-Z0-9]\b(?!_)")
# Set by our own processes for each other: nobody else sets them.
INTERNAL = {"SALUHALL_CHILD", "SALUHALL_DIE_WITH_PARENT", "SALUHALL_LIFE_PIPE"}
FOR_TESTS = {"SALUHALL_TEST_POSTGRES"}
# What people write and find to be an option.
NO_SETTINGS = {"SALUHALL_HOST", "SALUHALL_PORT", "SALUHALL_PROCESSES"}


@cache
def declared_settings() -> dict[str, Setting[Any]]:
    cards = load_channels().values()
    return {each.name: each for each in (*SETTINGS, *(s for card in cards for s in card.settings))}


def named_in_code() -> set[str]:
    found = set()
    for file in python_files("src"):
        for node in ast.walk(tree_of(file)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found |= {node.value} if SETTING.fullmatch(node.value) else set()
    return found - INTERNAL


def test_every_setting_is_in_the_guide_with_its_default_and_no_other() -> None:
    rows = re.findall(
        r"^\| `(SALUHALL_\w+)` \| ([^|]+) \|", text_of("guide/settings.md"), re.MULTILINE
    )
    declared = declared_settings()

    assert len(rows) == len(dict(rows))
    assert dict(rows).keys() == declared.keys()
    assert {name: shown for name, shown in rows if shown != default_of(declared[name])} == {}


def default_of(setting: Setting[Any]) -> str:
    """The default as the guide shows it."""
    if setting.shown:
        return setting.shown
    if isinstance(setting.default, bool):
        return "`on`" if setting.default else "`off`"
    if isinstance(setting.default, int):
        return str(setting.default)
    return f"`{setting.default}`" if setting.default else "none"


def test_every_setting_that_the_code_names_is_declared() -> None:
    assert named_in_code() - declared_settings().keys() - NO_SETTINGS == set()


@pytest.mark.parametrize("name", declared_settings())
def test_a_setting_says_what_it_means(name: str) -> None:
    assert declared_settings()[name].meaning.endswith(".")


@pytest.mark.parametrize("file", DOCUMENTS, ids=shown)
def test_no_document_names_a_setting_that_does_not_exist(file: Path) -> None:
    settings = declared_settings().keys()
    named = set(SETTING.findall(file.read_text(encoding="utf-8"))) - FOR_TESTS

    assert named <= settings | {f"{name}_FILE" for name in settings}


def test_decisions_are_numbered_without_gaps() -> None:
    assert [int(file.name[:4]) for file in DECISIONS] == list(range(1, len(DECISIONS) + 1))


@pytest.mark.parametrize("file", DECISIONS, ids=shown)
def test_the_name_of_a_decision_is_its_title(file: Path) -> None:
    title = file.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")

    assert file.stem == re.sub(r"[^a-z0-9]+", "-", title.lower().replace("'", ""))


@pytest.mark.parametrize("file", DECISIONS, ids=shown)
def test_a_decision_names_an_existing_check_or_says_that_nothing_enforces_it(file: Path) -> None:
    ending = file.read_text(encoding="utf-8").strip().split("\n\n")[-1]
    checks = re.findall(r"`((?:tests|bench)/[\w./-]+|pyproject\.toml)`", ending)

    assert ending.startswith("Not enforced:") or (ending.startswith("Enforced by ") and checks)
    assert [check for check in checks if not (ROOT / check).exists()] == []


def test_the_readme_begins_with_what_it_is_and_the_two_commands() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:14]

    assert any(line.strip().startswith("make demo") for line in lines)
    assert any(line.strip().startswith("make test") for line in lines)


LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("file", DOCUMENTS, ids=shown)
def test_every_link_in_a_document_has_a_target(file: Path) -> None:
    links = LINK.findall(file.read_text(encoding="utf-8"))

    assert [link for link in links if not (file.parent / link).exists()] == []


def test_the_table_of_channels_is_up_to_date() -> None:
    from saluhall.cli.channels import page_of_channels  # noqa: PLC0415 - beside what it is compared with

    assert text_of("channels.md") == page_of_channels(load_channels())


def test_every_dialect_and_channel_has_a_manual() -> None:
    for name in (d.name for d in load_dialects()):
        assert (ROOT / "src/saluhall/dialects" / name / "README.md").exists()
    for name in load_channels():
        assert (ROOT / "src/saluhall/channels" / name / "README.md").exists()


def text_of(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")
