"""Every number in the guide to limits is that of the code."""

import importlib
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from saluhall.domain.accounts.model import Tier
from tests.architecture.source import ROOT

GUIDE = (ROOT / "docs" / "guide" / "limits.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (?P<limit>[^|]+) \| (?P<value>[^|]+) \| [^|]+ \| [^|]*\| `(?P<code>[\w.]+:[\w.]+)` \|$", re.MULTILINE)  # fmt: skip
ROWS = [found.groupdict() for found in ROW.finditer(GUIDE)]
UNITS = {"KiB": 1024, "MiB": 1024 * 1024, "min": 60, "days": 86_400}


def number(text: str) -> float:
    digits, _, unit = text.partition(" ")
    return float(digits) * UNITS.get(unit, 1)


def constant(name: str) -> Any:
    """Find `module:NAME.attribute`; an attribute of a class is the default of its field or parameter."""
    module, _, path = name.partition(":")
    found: Any = importlib.import_module(f"saluhall.{module}")
    for part in path.split("."):
        found = _part(found, part)
    return found


def _part(of: Any, name: str) -> Any:
    if isinstance(of, Mapping):
        return of[name]
    if isinstance(of, type) and issubclass(of, msgspec.Struct):
        return next(f.default for f in msgspec.structs.fields(of) if f.name == name)
    if isinstance(of, type):
        return (of.__init__.__kwdefaults__ or {})[name]  # type: ignore[misc] # of a class that is known
    return getattr(of, name)


def plain(value: Any, *, name: str, unit: str) -> float:
    match value:
        case Tier():
            return value.per_second
        case timedelta():
            return value.total_seconds()
        case _ if name.endswith("_MS"):
            return float(value) / 1000
        case _ if name.endswith("_MB"):
            return float(value) * UNITS["MiB"]
        case _ if unit == "days":
            return float(value) * UNITS["days"]
        case _:
            return float(value)


def test_the_guide_has_a_row_for_each_tier() -> None:
    tiers = {row["code"] for row in ROWS if isinstance(constant(row["code"]), Tier)}

    assert len(ROWS) > 60
    assert len(tiers) == 9


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["code"])
def test_a_number_in_the_guide_is_that_of_the_code(row: dict[str, str]) -> None:
    unit = row["value"].partition(" ")[2]

    assert number(row["value"]) == plain(constant(row["code"]), name=row["code"], unit=unit)
