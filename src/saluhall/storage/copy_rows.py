"""Write rows as the text that COPY reads: a line for each row, columns divided by tabs. Built column by column, which is fast."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import repeat

Column = str | Sequence[str | None]
"""The text of a column in each row, None for null; a plain string is the value of every row."""

_BLOCK_ROWS = 200
_NULL = "\\N"
_ESCAPES = (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"))


def copy_blocks(columns: Mapping[str, Column], count: int) -> Iterator[bytes]:
    """Write `count` rows in blocks, so that PostgreSQL stores the first ones while the others are made. Raises as `copy_text` does."""
    for start in range(0, count, _BLOCK_ROWS):
        rows = slice(start, start + _BLOCK_ROWS)
        block = {
            name: column if isinstance(column, str) else column[rows]
            for name, column in columns.items()
        }
        yield copy_text(block, min(_BLOCK_ROWS, count - start))


def copy_text(columns: Mapping[str, Column], count: int) -> bytes:
    """Write `count` rows. Raises ValueError for a text with NUL, which PostgreSQL cannot store."""
    texts = [
        repeat(_escaped([column])[0], count) if isinstance(column, str) else _escaped(column)
        for column in columns.values()
    ]
    return "".join(f"{line}\n" for line in map("\t".join, zip(*texts, strict=False))).encode()


def _escaped(column: Sequence[str | None]) -> Sequence[str]:
    texts = ["" if text is None else text for text in column]
    joined = "\0".join(texts)
    if joined.count("\0") != len(texts) - 1:
        raise ValueError("a text contains NUL")
    for character, escape in _ESCAPES:
        joined = joined.replace(character, escape)
    texts = joined.split("\0")
    if None in column:
        return [_NULL if was is None else text for was, text in zip(column, texts, strict=True)]
    return texts
