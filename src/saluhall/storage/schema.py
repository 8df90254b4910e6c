"""Migrate a database to the newest schema, and check its version."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from hashlib import sha256
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
    digest text not null,
    applied_at timestamptz not null default now()
  )
"""
# The table of a version before 0.1.0 has no digest.
APPLIED = "select name, to_jsonb(m) ->> 'digest' as digest from schema_migrations m order by name"
HAS_APPLIED = "select to_regclass('schema_migrations') is not null as found"
MADE_BEFORE = "was made by a version before 0.1.0, and its tables cannot be migrated"
START_EMPTY = "start with a new, empty database (SALUHALL_DATABASE_URL or --data-dir) and put the products in again"
# A number for a transaction is a write, which the commit takes to the disk.
_FIND_READ_ONLY = """
  select case when current_setting('transaction_read_only') = 'on' then true
              else pg_current_xact_id() is null end as is_read_only
"""
_FACTS = """
  select current_setting('server_version') as postgres, pg_database_size(current_database()) as size_bytes,
         current_setting('transaction_read_only') = 'on' as read_only
"""


def migration_names() -> list[str]:
    """List the migrations that this version carries, in order."""
    folder = files("saluhall.storage.migrations")
    return sorted(f.name for f in folder.iterdir() if f.name.endswith(".sql"))


def digest_of(name: str) -> str:
    """Return the SHA-256 of a migration of this version, in hexadecimal digits."""
    return sha256(_read(name)).hexdigest()


def _read(name: str) -> bytes:
    return (files("saluhall.storage.migrations") / name).read_bytes()


def is_made_before(applied: Mapping[str, str | None]) -> bool:
    """Return whether the migrations applied, each with its digest, are those of a version before 0.1.0."""
    ours = migration_names()
    if applied and ours[0] not in applied:
        return True
    return any(name in applied and applied[name] != digest_of(name) for name in ours)


def check_applied(applied: Mapping[str, str | None]) -> None:
    """Check that the database was not made by a version before 0.1.0. Raises WrongDatabase."""
    if is_made_before(applied):
        raise WrongDatabase(f"the database {MADE_BEFORE}: {START_EMPTY}")


class WrongDatabase(Exception):
    """This version cannot work with the database: PostgreSQL too old, or the schema of another version. The message is one sentence."""


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
    once, each step is done by one. Nothing is kept in a session, so a pooler in between does no harm.
    """

    def __init__(self, connection: psycopg.AsyncConnection[tuple[Any, ...]]) -> None:
        check_version(connection.info.server_version)
        self._connection = connection

    async def migrate(self) -> list[str]:
        """Apply what is missing, each file in a transaction of its own; return the names applied. Raises WrongDatabase."""
        async with self._step():
            await self._connection.execute(_APPLIED)
            applied = dict(await (await self._connection.execute(APPLIED)).fetchall())
            check_applied(applied)
        ours = migration_names()
        if unknown := sorted(applied.keys() - ours):
            raise WrongDatabase(
                f"the database belongs to a newer version of Saluhall: it has {unknown[-1]}, which this one does not know."
                " Start that version or a newer one, or give this one a database of its own"
            )
        return [name for name in ours if name not in applied and await self._apply(name)]

    async def _apply(self, name: str) -> bool:
        async with self._step():
            if await self._first("select true from schema_migrations where name = %s", [name]):
                return False
            await self._connection.execute(_read(name))
            await self._connection.execute(
                "insert into schema_migrations (name, digest) values (%s, %s)",
                [name, digest_of(name)],
            )
            return True

    async def start_epoch(self) -> None:
        """Start a new epoch after a dump was restored, because transaction ids start over there: later events stay behind earlier ones."""
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
    """Read a database's version, size and schema, changing nothing. Raises DatabaseUnavailable, WrongDatabase."""
    applied: dict[str, str | None] = {}
    if await tx.one(lambda row: row["found"], HAS_APPLIED):
        applied = dict(await tx.all(lambda row: (row["name"], row["digest"]), APPLIED))
    check_applied(applied)
    [facts] = await tx.all(dict, _FACTS)
    return DatabaseFacts(schema=int(max(applied)[:4]) if applied else 0, **facts)


def check_version(version: int) -> None:
    """Check that PostgreSQL is new enough; its version is a number such as 160004. Raises WrongDatabase."""
    if version // 10_000 < OLDEST_POSTGRES:
        raise WrongDatabase(
            f"PostgreSQL {version // 10_000} is too old: Saluhall needs version {OLDEST_POSTGRES} or newer."
            " Upgrade the server, or set SALUHALL_DATABASE_URL to a newer one"
        )


async def is_read_only(tx: Transaction) -> bool:
    """Return whether the database is read-only now, as a standby is; else check that it can write. Raises DatabaseUnavailable."""
    return bool(await tx.one(lambda row: row["is_read_only"], _FIND_READ_ONLY))


async def is_current(tx: Transaction) -> bool:
    """Return whether every migration of this version has been applied. Raises DatabaseUnavailable."""
    names = migration_names()
    if not await tx.one(lambda row: row["found"], HAS_APPLIED):
        return False
    known = await tx.one(
        lambda row: row["known"],
        "select count(*) as known from schema_migrations where name = any(%(names)s)",
        {"names": names},
    )
    return known == len(names)
