"""Print rows to a person, or as JSON."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

_WIDTH = 240  # of a table that no terminal shows
_ENCODER = msgspec.json.Encoder(decimal_format="number")


def json_from(answer: object) -> str:
    """Write an answer as JSON; amounts are numbers."""
    return _ENCODER.encode(answer).decode()


def show_rows(
    name: str, rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], *, as_json: bool
) -> None:
    """Print rows as one JSON object with all their fields, or as a table of these columns under their headings."""
    if as_json:
        sys.stdout.write(json_from({name: rows}) + "\n")
    else:
        show_table(list(columns.values()), [[row[field] for field in columns] for row in rows])


def show_table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under their headings. Cells may hold what strangers wrote: nothing in them is markup or moves the cursor."""
    from rich.console import Console  # noqa: PLC0415 - only who prints a table needs the library
    from rich.table import Table  # noqa: PLC0415 - as above
    from rich.text import Text  # noqa: PLC0415 - as above

    table = Table()
    for n, heading in enumerate(headings):
        table.add_column(heading, no_wrap=n == 0, overflow="fold")
    for row in rows:
        table.add_row(*(Text(shown(cell)) for cell in row))
    width = None if sys.stdout.isatty() else _WIDTH
    Console(file=sys.stdout, width=width).print(table)


def shown(cell: object) -> str:
    """Write a value for a person; letters that could move the cursor are replaced."""
    if cell is None:
        return "-"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, Mapping):
        cell = [f"{name}={value}" for name, value in cell.items()]
    if isinstance(cell, list | tuple):
        cell = ", ".join(map(str, cell)) or "-"
    if isinstance(cell, datetime):
        return f"{cell.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    known = (c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in str(cell))
    return "".join(known)
