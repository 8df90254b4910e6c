"""Rows as PostgreSQL's COPY reads them: a line each, columns divided by tabs. Made column by column, which costs little."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import repeat

Column = str | Sequence[str | None]
"""The text of a column in each row, None for null; a plain text stands in every row."""

_AT_ONCE = 200
_NULL = "\\N"
_ESCAPES = (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"))


def blocks_of_lines(sheet: Mapping[str, Column], count: int) -> Iterator[bytes]:
    """Write so many rows, some at a time: PostgreSQL stores the first ones while the others are made. Raises as `lines_of` does."""
    for start in range(0, count, _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        few = {
            name: column if isinstance(column, str) else column[part]
            for name, column in sheet.items()
        }
        yield lines_of(few, min(_AT_ONCE, count - start))


def lines_of(sheet: Mapping[str, Column], count: int) -> bytes:
    """Write so many rows. Raises ValueError for a text with NUL, which PostgreSQL cannot store."""
    columns = [
        repeat(_escaped([column])[0], count) if isinstance(column, str) else _escaped(column)
        for column in sheet.values()
    ]
    return "".join(f"{line}\n" for line in map("\t".join, zip(*columns, strict=False))).encode()


def _escaped(column: Sequence[str | None]) -> Sequence[str]:
    texts = ["" if text is None else text for text in column]
    joined = "\0".join(texts)
    if joined.count("\0") != len(texts) - 1:
        raise ValueError("a text holds NUL")
    for character, escape in _ESCAPES:
        joined = joined.replace(character, escape)
    texts = joined.split("\0")
    if None in column:
        return [_NULL if was is None else text for was, text in zip(column, texts, strict=True)]
    return texts
