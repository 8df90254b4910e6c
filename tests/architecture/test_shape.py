"""Imports, sizes and names that the linters do not look at."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import grimp

from tests.architecture.source import PACKAGE, Function, python_files, shown, tree_of

MAX_FILE = 400
MAX_FUNCTION = 50
SAYS_NOTHING = {"utils", "helpers", "common", "base", "manager", "misc", "types"}
FILES = python_files("src", "tests", "bench")


def test_a_store_is_imported_only_by_its_own_module() -> None:
    graph = grimp.build_graph("saluhall")
    stores = [
        module for module in graph.modules if re.fullmatch(r".*\.domain\.\w+\.\w*store", module)
    ]

    assert stores
    for store in stores:
        home = store.rpartition(".")[0] + "."
        strangers = {
            m for m in graph.find_modules_that_directly_import(store) if not m.startswith(home)
        }
        assert strangers == set(), store


def test_the_practice_servers_import_nothing_of_the_hub() -> None:
    graph = grimp.build_graph("saluhall")

    known = {m for m in graph.modules if m.startswith("saluhall.")}
    own = {m for m in known if m.startswith("saluhall.practice")}
    imported = {i for m in own for i in graph.find_modules_directly_imported_by(m)}
    assert imported <= own


def test_a_file_stays_within_400_lines_and_a_function_within_50() -> None:
    too_long = [each for file in FILES for each in _too_long_in(file)]

    assert FILES
    assert too_long == []


def _too_long_in(file: Path) -> Iterator[str]:
    text = file.read_text(encoding="utf-8")
    if (lines := len(text.splitlines())) > MAX_FILE:
        yield f"{shown(file)} has {lines} lines"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, Function):
            lines = (node.end_lineno or 0) - node.lineno + 1
            if lines > MAX_FUNCTION:
                yield f"{shown(file)}: {node.name} has {lines} lines"


def test_a_files_name_says_what_is_in_it() -> None:
    parts = {part for file in FILES for part in (file.stem, file.parent.name)}

    assert parts & SAYS_NOTHING == set()


def test_migrations_are_numbered_without_gaps_and_named_by_a_verb() -> None:
    names = sorted(file.name for file in (PACKAGE / "storage" / "migrations").glob("*.sql"))

    assert names
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))
    assert all(re.fullmatch(r"\d{4}_[a-z]+(_[a-z0-9]+)*\.sql", name) for name in names)


def test_every_module_says_in_one_line_what_it_is_for() -> None:
    for file in python_files("src"):
        docstring = ast.get_docstring(tree_of(file))
        assert docstring, shown(file)
        assert len(docstring.splitlines()[0]) > len("x."), shown(file)
