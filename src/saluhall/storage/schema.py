"""Bring a database to the newest schema, and tell whether it is there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files

import psycopg

from saluhall.storage.database import DatabaseUnavailable, Transaction, one_line

_LOCK = 0x5A10BA11  # any fixed number: one migrator at a time

_APPLIED = """
  create table if not exists schema_migrations (
    name text not null constraint schema_migrations_pkey primary key,
    applied_at timestamptz not null default now()
  )
"""
_FIND_APPLIED = "select to_regclass('schema_migrations') is not null as found"


def migration_names() -> list[str]:
    """List the migrations that this version carries, in order."""
    folder = files("saluhall.storage.migrations")
    return sorted(f.name for f in folder.iterdir() if f.name.endswith(".sql"))


@asynccontextmanager
async def exclusive(url: str) -> AsyncIterator[None]:
    """Hold the migrators' lock: of several that start at once, one works and the others wait.

    Raises DatabaseUnavailable.
    """
    try:
        async with await _connect(url) as connection:
            await connection.execute("select pg_advisory_lock(%s)", [_LOCK])
            yield
    except (psycopg.OperationalError, psycopg.errors.InsufficientPrivilege) as error:
        raise DatabaseUnavailable(one_line(error)) from error


async def _connect(url: str) -> psycopg.AsyncConnection:
    """Connect. Raises DatabaseUnavailable."""
    try:
        return await psycopg.AsyncConnection.connect(url, autocommit=True)
    except psycopg.ProgrammingError:  # its message would repeat the URL, and with it the password
        raise DatabaseUnavailable("the database's URL cannot be understood") from None


async def migrate(url: str, *, upto: str | None = None) -> list[str]:
    """Apply what is missing, each file in a transaction of its own; return the names applied.

    Call it inside `exclusive`.
    """
    folder = files("saluhall.storage.migrations")
    applied = []
    async with await _connect(url) as connection:
        await connection.execute(_APPLIED)
        rows = await (await connection.execute("select name from schema_migrations")).fetchall()
        known = {row[0] for row in rows}
        for name in migration_names():
            if name in known or (upto is not None and name > upto):
                continue
            async with connection.transaction():
                sql = (folder / name).read_text(encoding="utf-8")
                await connection.execute(sql)
                await connection.execute("insert into schema_migrations (name) values (%s)", [name])
            applied.append(name)
    return applied


async def begin_era(url: str) -> None:
    """Notice that a dump was restored elsewhere, where transactions are numbered anew: later events stay behind earlier ones."""
    async with await _connect(url) as connection:
        await connection.execute("select begin_era()")


async def has_table(url: str, name: str) -> bool:
    """Tell whether the database has a table of this name."""
    async with await _connect(url) as connection:
        found = await connection.execute("select to_regclass(%s) is not null", [name])
        row = await found.fetchone()
    return bool(row and row[0])


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
