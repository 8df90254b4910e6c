"""Print rows to a person."""

import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text


def show_table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under their headings. Cells may hold what strangers wrote: nothing in them is markup or moves the cursor."""
    table = Table(*headings)
    for row in rows:
        table.add_row(*(Text(_shown(cell)) for cell in row))
    Console(file=sys.stdout).print(table)


def _shown(cell: object) -> str:
    if isinstance(cell, datetime):
        return f"{cell.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    known = (c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in str(cell))
    return "".join(known)
