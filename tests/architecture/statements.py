"""The SQL of the domain, and the tables that each statement writes and reads."""

import importlib
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

import sqlglot
from msgspec import Struct
from sqlglot import exp

from tests.architecture.source import DOMAIN, PACKAGE, module_of

STATEMENT = re.compile(r"\s*(?:with|select|insert into|update|delete from)\s")
_PARAMETER = re.compile(r"%\(\w+\)s|%s")
_TABLE = re.compile(r"^create (?:unlogged )?table (\w+)", re.MULTILINE)
# For templates, which become statements later, and for what the parser does not know (`rows from`).
_WRITTEN = re.compile(r"\b(?:insert into|delete from|(?<!for )(?<!do )update)\s+(\w+)")
_NAMED = re.compile(r"\b(?:from|join|using|into|update)\s+(\w+)|,\s*(\w+)\s+\w\b")


class Use(Struct, frozen=True):
    """What one statement does with tables."""

    module: str
    name: str
    written: frozenset[str]
    named: frozenset[str]


def schema() -> str:
    folder = PACKAGE / "storage" / "migrations"
    return "\n".join(file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.sql")))


@cache
def tables() -> frozenset[str]:
    return frozenset(_TABLE.findall(schema()))


def statements(file: Path) -> Iterator[tuple[str, str]]:
    """Find a module's statements, as name and text; also those of a tuple and of a table, and the templates of statements."""
    source = file.read_text(encoding="utf-8")
    for name, value in vars(importlib.import_module(module_of(file))).items():
        if re.search(rf"^{name}\b", source, re.MULTILINE):
            for text in _texts(value):
                if STATEMENT.match(text):
                    yield name, text


def _texts(value: object) -> Iterable[str]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, Mapping):
        value = tuple(value.values())
    if isinstance(value, tuple):
        return tuple(text for text in value if isinstance(text, str))
    return ()


@cache
def uses() -> tuple[Use, ...]:
    return tuple(
        Use(file.parent.name, f"{file.parent.name}.{file.stem}.{name}", *tables_of(text))
        for file in sorted(DOMAIN.glob("*/*.py"))
        for name, text in statements(file)
    )


def tables_of(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the tables that a statement writes, and all that it names."""
    try:
        trees = sqlglot.parse(_PARAMETER.sub("null", text).replace("%%", "%"), read="postgres")
    except sqlglot.errors.ParseError:
        found = {name for groups in _NAMED.findall(text) for name in groups}
        written = set(_WRITTEN.findall(text))
    else:
        parts = [part for tree in trees if tree is not None for part in tree.walk()]
        assert not any(isinstance(part, exp.Command) for part in parts), text
        found = {part.name for part in parts if isinstance(part, exp.Table)}
        changes = [p for p in parts if isinstance(p, exp.Insert | exp.Update | exp.Delete)]
        written = {part.this.find(exp.Table).name for part in changes}
    return tables() & written, tables() & found
