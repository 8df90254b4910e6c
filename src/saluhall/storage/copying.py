"""Rows out by COPY: blocks of text, as fast as PostgreSQL makes them, in constant memory."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, NoReturn

import psycopg
from psycopg import AsyncConnection
from psycopg.pq.abc import PGconn

# PostgreSQL's binary COPY: a header once, then of each row how many fields (2 bytes) and the field's length (4); at the end, -1.
_HEADER = 19
_ROW_HEADER = 6
_END = b"\xff\xff"
_BLOCK_BYTES = 128 * 1024
# PostgreSQL sends 8 kB at a time, and waking up for each costs more than making it: let some come together.
_PAUSE_S = 0.0005


async def blocks_of(
    connection: AsyncConnection[Any], query: str, params: Mapping[str, Any] | Sequence[Any]
) -> AsyncGenerator[bytes, None]:
    """Run a query of one text column and hand out its rows end to end."""
    statement = f"copy ({query}) to stdout (format binary)"
    async with connection.cursor() as cursor, cursor.copy(statement, params or None) as rows:
        message = bytes(await rows.read())[_HEADER:]
        while message:
            block = [message[_ROW_HEADER:]]
            if message != _END:
                await _fill(connection.pgconn, block)
            if text := b"".join(block):
                yield text
            message = bytes(await rows.read())


async def _fill(pgconn: PGconn, block: list[bytes]) -> None:
    """Take rows until the block is full, the rows end, or nothing came during a pause."""
    size, taken = 0, 1
    while taken and size < _BLOCK_BYTES:
        taken, is_end = _take_arrived(pgconn, block)
        size += taken
        if is_end:
            return  # what follows is the reader's, who finishes the statement
        if size < _BLOCK_BYTES:
            await asyncio.sleep(_PAUSE_S)


def _take_arrived(pgconn: PGconn, block: list[bytes]) -> tuple[int, bool]:
    """Take the rows that have arrived; tell how many bytes that were, and whether the last row has come."""
    size = 0
    while size < _BLOCK_BYTES:
        length, message = pgconn.get_copy_data(1)
        if length == 0:
            pgconn.consume_input()
            length, message = pgconn.get_copy_data(1)
        if length < 0:
            _raise_failure(pgconn)
        if length <= len(_END):
            return size, length > 0
        size += length
        block.append(bytes(message[_ROW_HEADER:]))
    return size, False


def _raise_failure(pgconn: PGconn) -> NoReturn:
    """Tell why PostgreSQL broke off."""
    result = pgconn.get_result()
    raise psycopg.OperationalError(result.get_error_message() if result else "broken off")
