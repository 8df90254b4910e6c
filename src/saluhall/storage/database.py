"""PostgreSQL: a pool of connections, and one transaction that also collects the wake-ups to send after commit."""

import copy
import logging
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import aclosing, asynccontextmanager
from typing import Any, Self, TypeVar

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import DictRow, dict_row

from saluhall.kit.origin import HUB, Origin
from saluhall.kit.outages import DATABASE
from saluhall.storage.copy_rows import Column, copy_blocks
from saluhall.storage.failures import DatabaseUnavailable, Deadlock, explained
from saluhall.storage.pool import Pool
from saluhall.storage.streaming import blocks_of

__all__ = ["Conflict", "Database", "DatabaseUnavailable", "Deadlock", "Transaction"]

T = TypeVar("T")
Row = Mapping[str, Any]
Params = Mapping[str, Any] | Sequence[Any]

_log = logging.getLogger(__name__)


class Conflict(Exception):
    """A unique or foreign key refused the row; `constraint` is its name."""

    def __init__(self, constraint: str) -> None:
        super().__init__(constraint)
        self.constraint = constraint


class Transaction:
    """One transaction. Statements are named SQL with `%(name)s` parameters; a row becomes a value by a plain function.

    `origin` is who acts in it.
    """

    def __init__(self, connection: AsyncConnection[DictRow], origin: Origin = HUB) -> None:
        self.origin = origin
        self._connection = connection
        self.wake_ups: dict[tuple[str, str], None] = {}

    async def one(self, read: Callable[[Row], T], sql: str, params: Params = ()) -> T | None:
        """Run a query and read its first row, or None."""
        row = await (await self._execute(sql, params)).fetchone()
        return None if row is None else read(row)

    async def all(self, read: Callable[[Row], T], sql: str, params: Params = ()) -> list[T]:
        """Run a query and read every row."""
        return [read(row) for row in await (await self._execute(sql, params)).fetchall()]

    async def run(self, sql: str, params: Params = ()) -> int:
        """Run a statement and return how many rows it touched."""
        return (await self._execute(sql, params)).rowcount

    async def stream(
        self, query: str, params: Params = (), *, rows: int
    ) -> AsyncGenerator[bytes, None]:
        """Run a query of one text column and hand its rows out end to end, so many in a block, as fast as PostgreSQL makes them.

        Memory stays constant however many rows there are. Read it within `aclosing`, so that a reader who stops early also stops
        the query.
        """
        async with aclosing(blocks_of(self._connection, query, params, rows=rows)) as blocks:
            async for block in blocks:
                yield block

    async def copy_in(self, table: str, columns: Mapping[str, Column], *, count: int) -> None:
        """Append so many rows, faster than any INSERT does. Raises Conflict.

        After a conflict none of the rows is stored, and the transaction continues.
        """
        statement = f"copy {table} ({', '.join(columns)}) from stdin"
        try:
            async with (
                self._connection.transaction(),
                self._connection.cursor() as cursor,
                cursor.copy(statement) as rows,
            ):
                for block in copy_blocks(columns, count):
                    await rows.write(block)
        except (psycopg.errors.UniqueViolation, psycopg.errors.ForeignKeyViolation) as error:
            raise Conflict(error.diag.constraint_name or "") from error

    @asynccontextmanager
    async def part(self) -> AsyncIterator[None]:
        """Open a savepoint: when the block raises, roll back to it; the transaction continues."""
        async with self._connection.transaction():
            yield

    @asynccontextmanager
    async def pipeline(self) -> AsyncIterator[None]:
        """Send the statements of the block without waiting for each; the first one of which a result is read waits for all before it."""
        async with self._connection.pipeline():
            yield

    async def freeze(self) -> None:
        """Use one snapshot until the end of this transaction, which only reads; call this before any statement."""
        await self._execute("set transaction isolation level repeatable read, read only", ())

    def wake(self, job: str, keys: Iterable[object]) -> None:
        """Wake a job for these keys once the transaction has committed."""
        for key in keys:
            self.wake_ups[job, str(key)] = None

    async def _execute(self, sql: str, params: Params) -> psycopg.AsyncCursor[DictRow]:
        try:
            return await self._connection.execute(sql, params or None)
        except (psycopg.errors.UniqueViolation, psycopg.errors.ForeignKeyViolation) as error:
            raise Conflict(error.diag.constraint_name or "") from error


class Database:
    """The connection pool; a transaction waits `timeout_s` for a connection. `on_wake_ups` gets the wake-ups of each committed transaction.

    `plans_once` makes one plan for each statement, whatever its values: for who runs the same few over and over, each by an index.
    Without `is_eager` the first connection is opened when it is needed.
    """

    def __init__(
        self,
        url: str,
        *,
        connections: int = 10,
        timeout_s: float = 20,
        plans_once: bool = False,
        is_eager: bool = True,
    ) -> None:
        self.url = url
        self.origin = HUB
        self.on_wake_ups: Callable[[Iterable[tuple[str, str]]], None] | None = None
        self._pool = Pool(
            url,
            connections=connections,
            timeout_s=timeout_s,
            plans_once=plans_once,
            is_eager=is_eager,
            kwargs={"row_factory": dict_row},
        )

    async def __aenter__(self) -> Self:
        try:
            with explained():
                await self._pool.open(wait=True, timeout=20)
        except DatabaseUnavailable:
            await self._pool.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._pool.close(timeout=5)

    def acting_as(self, origin: Origin) -> "Database":
        """Return the same database for somebody who acts: each of its transactions has this origin."""
        acting = copy.copy(self)
        acting.origin = origin
        return acting

    async def in_transaction(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Do work in a transaction; once more when PostgreSQL undid all of it because of others. Raises DatabaseUnavailable, Deadlock."""
        try:
            async with self.transaction() as tx:
                return await work(tx)
        except Deadlock as error:
            _log.warning("a transaction is done once more: %s", error)
        async with self.transaction() as tx:
            return await work(tx)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Open a transaction: commit at the end, roll back on an exception, then send its wake-ups."""
        async with self._lend() as connection:
            tx = Transaction(connection, self.origin)
            async with connection.transaction():
                yield tx
        if tx.wake_ups and self.on_wake_ups is not None:
            self.on_wake_ups(tx.wake_ups)

    @asynccontextmanager
    async def statement(self) -> AsyncIterator[Transaction]:
        """Lend a connection in autocommit: each statement is a transaction of its own."""
        async with self._lend() as connection:
            yield Transaction(connection, self.origin)

    @asynccontextmanager
    async def _lend(self) -> AsyncIterator[AsyncConnection[DictRow]]:
        try:
            with explained():
                async with self._pool.connection() as connection:
                    yield connection
        except Deadlock:
            raise
        except DatabaseUnavailable as error:
            DATABASE.failed(str(error))
            raise
        DATABASE.succeeded()
