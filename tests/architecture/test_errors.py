"""Errors are facts of the domain; each dialect's table covers them all, or says why it has no words."""

import ast
import importlib
from collections.abc import Iterator, Mapping

import pytest

from saluhall.plugins import load_dialects
from tests.architecture.source import DOMAIN, PACKAGE, module_of, tree_of

NAMES = [dialect.name for dialect in load_dialects()]


def facts() -> Iterator[type[Exception]]:
    """Find the leaf errors of the domain and of the socket; a class that others extend is none."""
    files = [*sorted(DOMAIN.glob("*/model.py")), PACKAGE / "dialect.py"]
    found = []
    for file in files:
        module = importlib.import_module(module_of(file))
        for node in tree_of(file).body:
            thing = getattr(module, node.name) if isinstance(node, ast.ClassDef) else None
            if isinstance(thing, type) and issubclass(thing, Exception):
                found.append(thing)
    for thing in found:
        if not any(other is not thing and issubclass(other, thing) for other in found):
            yield thing


@pytest.mark.parametrize("name", NAMES)
def test_a_dialect_has_words_for_every_fact_or_says_why_not(name: str) -> None:
    errors = importlib.import_module(f"saluhall.dialects.{name}.errors")
    rendered: Mapping[type[Exception], object] = errors.ERROR_RESPONSES
    silent: Mapping[type[Exception], str] = errors.UNREACHABLE_ERRORS

    assert set(facts()) <= rendered.keys() | silent.keys()
    assert not rendered.keys() & silent.keys()
    assert all(silent.values())


def test_no_status_code_is_below_the_dialects() -> None:
    for fact in facts():
        assert not hasattr(fact, "status")
        assert not hasattr(fact, "status_code")
