"""Bring a database to the newest schema, and tell whether it is there."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Any

import psycopg
from msgspec import Struct

from saluhall.storage.database import Transaction
from saluhall.storage.failures import DatabaseUnavailable, explained, one_line
from saluhall.storage.pool import connect

OLDEST_POSTGRES = 16

LOCK = 0x5A10BA11  # any fixed number: one migrator at a time

_APPLIED = """
  create table if not exists schema_migrations (
    name text not null constraint schema_migrations_pkey primary key,
    applied_at timestamptz not null default now()
  )
"""
# A number for a transaction is a write, which the commit takes to the disk.
_FIND_READ_ONLY = """
  select case when current_setting('transaction_read_only') = 'on' then true
              else pg_current_xact_id() is null end as is_read_only
"""
_NEWEST = "select name from schema_migrations order by name desc limit 1"
_FACTS = """
  select current_setting('server_version') as postgres, pg_database_size(current_database()) as size_bytes,
         current_setting('transaction_read_only') = 'on' as read_only
"""
_FIND_APPLIED = "select to_regclass('schema_migrations') is not null as found"


def migration_names() -> list[str]:
    """List the migrations that this version carries, in order."""
    folder = files("saluhall.storage.migrations")
    return sorted(f.name for f in folder.iterdir() if f.name.endswith(".sql"))


class WrongDatabase(Exception):
    """This version cannot work with the database: PostgreSQL too old, or a schema of a newer version. The message is one sentence."""


@asynccontextmanager
async def migrator(url: str) -> AsyncIterator["Migrator"]:
    """Connect to bring the database up to date. Raises DatabaseUnavailable, WrongDatabase."""
    try:
        with explained():
            async with await connect(url) as connection:
                yield Migrator(connection)
    except psycopg.errors.InsufficientPrivilege as error:
        raise DatabaseUnavailable(one_line(error)) from error


class Migrator:
    """Brings a database up to date.

    Each step is a transaction that first takes the migrators' lock and then looks whether it is still to be done: of several that start at
    once, each step is done by one. Nothing is kept in a session, so a pooler may stand between.
    """

    def __init__(self, connection: psycopg.AsyncConnection[tuple[Any, ...]]) -> None:
        see_version(connection.info.server_version)
        self._connection = connection

    async def migrate(self, *, upto: str | None = None) -> list[str]:
        """Apply what is missing, each file in a transaction of its own; return the names applied. Raises WrongDatabase."""
        async with self._step():
            await self._connection.execute(_APPLIED)
            rows = await self._connection.execute("select name from schema_migrations")
            applied = {row[0] for row in await rows.fetchall()}
        ours = migration_names()
        if unknown := sorted(applied.difference(ours)):
            raise WrongDatabase(
                f"the database belongs to a newer version of Saluhall: it has {unknown[-1]}, which this one does not know."
                " Start that version or a newer one, or give this one a database of its own"
            )
        missing = [n for n in ours if n not in applied and (upto is None or n <= upto)]
        return [name for name in missing if await self._apply(name)]

    async def _apply(self, name: str) -> bool:
        async with self._step():
            if await self._first("select true from schema_migrations where name = %s", [name]):
                return False
            sql = (files("saluhall.storage.migrations") / name).read_text(encoding="utf-8")
            await self._connection.execute(sql)
            await self._connection.execute(
                "insert into schema_migrations (name) values (%s)", [name]
            )
            return True

    async def begin_era(self) -> None:
        """Notice that a dump was restored elsewhere, where transactions are numbered anew: later events stay behind earlier ones."""
        async with self._step():
            await self._connection.execute("select begin_era()")

    async def install(self, table: str, sql: Callable[[], str]) -> None:
        """Run what makes somebody else's tables, unless this one of them is there."""
        async with self._step():
            if not await self._first("select to_regclass(%s) is not null", [table]):
                await self._connection.execute(sql())

    @asynccontextmanager
    async def _step(self) -> AsyncIterator[None]:
        async with self._connection.transaction():
            await self._connection.execute("select pg_advisory_xact_lock(%s)", [LOCK])
            yield

    async def _first(self, query: str, params: Sequence[object]) -> object:
        row = await (await self._connection.execute(query, params)).fetchone()
        return row[0] if row else None


class DatabaseFacts(Struct, frozen=True, kw_only=True):
    """A database as an operator looks at it; `schema` is the number of the newest migration applied, 0 before the first."""

    postgres: str
    size_bytes: int
    schema: int
    read_only: bool


async def read_facts(tx: Transaction) -> DatabaseFacts:
    """Read a database's version, size and schema, changing nothing. Raises DatabaseUnavailable."""
    names: list[str] = []
    if await tx.one(lambda row: row["found"], _FIND_APPLIED):
        names = await tx.all(lambda row: str(row["name"]), _NEWEST)
    [facts] = await tx.all(dict, _FACTS)
    return DatabaseFacts(schema=int(names[0][:4]) if names else 0, **facts)


def see_version(version: int) -> None:
    """See that PostgreSQL, whose version is given as it numbers them (160004), is new enough. Raises WrongDatabase."""
    if version // 10_000 < OLDEST_POSTGRES:
        raise WrongDatabase(
            f"PostgreSQL {version // 10_000} is too old: Saluhall needs version {OLDEST_POSTGRES} or newer."
            " Upgrade the server, or set SALUHALL_DATABASE_URL to a newer one"
        )


async def is_read_only(tx: Transaction) -> bool:
    """Tell whether the database may only be read now, as a standby; else see that it can write. Raises DatabaseUnavailable."""
    return bool(await tx.one(lambda row: row["is_read_only"], _FIND_READ_ONLY))


async def is_current(tx: Transaction) -> bool:
    """Tell whether every migration of this version has been applied. Raises DatabaseUnavailable."""
    names = migration_names()
    if not await tx.one(lambda row: row["found"], _FIND_APPLIED):
        return False
    known = await tx.one(
        lambda row: row["known"],
        "select count(*) as known from schema_migrations where name = any(%(names)s)",
        {"names": names},
    )
    return known == len(names)
