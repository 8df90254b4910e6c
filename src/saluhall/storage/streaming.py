"""Rows out in chunks: the text of many rows at a time, as fast as PostgreSQL makes it, in constant memory."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing
from itertools import repeat
from typing import Any, cast

from psycopg import AsyncClientCursor, AsyncConnection
from psycopg.abc import PQGen
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult
from psycopg.waiting import Ready, Wait

# PostgreSQL sends 8 kB at a time, and waking up for each costs more than making it: let some come together. Once they flow, looking
# again after a pause is cheaper than asking the loop to watch the socket each time. After two milliseconds the socket's buffer, some
# 200 kB, would often be full and PostgreSQL would stop.
_PAUSE_S = 0.001
# libpq reads at most as much at once as the longest row it has ever seen would take, at first 16 kB.
_ROOM_BYTES = 256 * 1024
_FAILED = frozenset({ExecStatus.FATAL_ERROR, ExecStatus.BAD_RESPONSE})


async def enlarge_read_buffer(connection: AsyncConnection[Any]) -> None:
    """Let a connection read much at once, from now on."""
    await connection.execute("select repeat(' ', %s)", [_ROOM_BYTES])


async def blocks_of(
    connection: AsyncConnection[Any],
    query: str,
    params: Mapping[str, Any] | Sequence[Any],
    *,
    rows: int,
) -> AsyncGenerator[bytes, None]:
    """Run a query of one text column, never null, and hand it out end to end, so many rows in a block.

    A reader who stops early stops the query, and the connection stays good.
    """
    statement = AsyncClientCursor(connection).mogrify(query, params or None)
    async with connection.lock, aclosing(_chunks(connection, statement, rows)) as chunks:
        async for chunk in chunks:
            values = map(chunk.get_value, range(chunk.ntuples), repeat(0))
            yield b"".join(cast("Iterator[bytes]", values))


async def _chunks(
    connection: AsyncConnection[Any], statement: str, rows: int
) -> AsyncGenerator[PGresult, None]:
    pgconn = connection.pgconn
    pgconn.send_query(statement.encode())
    pgconn.set_chunked_rows_mode(rows)
    try:
        await connection.wait(_sent(pgconn))
        await connection.wait(_readable())
        while (chunk := await _next(connection)) is not None:
            if chunk.status in _FAILED:
                raise error_from_result(chunk)
            if chunk.ntuples:
                yield chunk
    finally:
        if pgconn.transaction_status == TransactionStatus.ACTIVE:
            await connection.cancel_safe()
            while await _next(connection) is not None:
                pass


async def _next(connection: AsyncConnection[Any]) -> PGresult | None:
    """Wait for the next chunk; None after the last one."""
    pgconn = connection.pgconn
    while pgconn.is_busy():
        pgconn.consume_input()
        if pgconn.is_busy():
            await asyncio.sleep(_PAUSE_S)
    return pgconn.get_result()


def _sent(pgconn: PGconn) -> PQGen[None]:
    """Wait until the whole query has left: one longer than the socket's buffer goes out in parts."""
    while pgconn.flush():
        if (yield Wait.RW) & Ready.R:
            pgconn.consume_input()


def _readable() -> PQGen[None]:
    """Wait until there is something to read; an empty answer is the loop's regular look around."""
    while not (yield Wait.R):
        pass
