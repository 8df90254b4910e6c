"""PostgreSQL's own programs for a backup: pg_dump reads one snapshot, pg_restore fills an empty database in one transaction."""

import os
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import LiteralString
from uuid import UUID

import psycopg
from msgspec import Struct, convert
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from saluhall.storage.backup.archive import BackupRefused
from saluhall.storage.embedded import NEWEST_VERSION, binary
from saluhall.storage.failures import explained
from saluhall.storage.pool import connect, leads_through_pooler
from saluhall.storage.schema import APPLIED, HAS_APPLIED, LOCK, OLDEST_POSTGRES, check_applied

_BLOCK = 1 << 20
_SERVICE = "saluhall"
_POOLED = (
    "a pooler such as PgBouncer is between here and the database, and pg_dump and pg_restore must not go through it:"
    " set SALUHALL_DATABASE_DIRECT_URL"
)
_FREEZE = "set transaction isolation level repeatable read, read only"
_KEEP_OPEN = "set local idle_in_transaction_session_timeout = 0"
_TABLES = """
  select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p') and c.relpersistence = 'p' and n.nspname <> 'information_schema' and n.nspname not like 'pg\\_%'
    and not exists (select 1 from pg_depend d where d.objid = c.oid and d.deptype = 'e')
  order by 1, 2
"""
# A removed connection has an empty token, which no key decrypts.
_TOKENS = """
  select account_id, channel, user_id, token from connections where token <> '' order by id desc limit 1
"""
_SECRETS = "select account_id, secret from endpoints order by id desc limit 1"
_STORED_KEYS = "select distinct stored_key from images where stored_key is not null"


class Snapshot(Struct, frozen=True):
    """The database as it was at one moment. `postgres` is the server's major version; `migrations` has the digest of each.

    `tokens` and `secrets` hold the newest one that is stored encrypted, each with what it was encrypted for.
    """

    name: str
    postgres: int
    migrations: dict[str, str]
    rows: dict[str, int]
    image_keys: list[str]
    tokens: list[tuple[UUID, str, str, bytes]]
    secrets: list[tuple[UUID, bytes]]


@asynccontextmanager
async def snapshot_of(url: str) -> AsyncIterator[Snapshot]:
    """Keep one moment of the database for pg_dump while this is open. Raises BackupRefused, DatabaseUnavailable, WrongDatabase."""
    with explained():
        async with await connect(url) as connection:
            await _check_direct(connection)
            async with connection.transaction():
                await connection.execute(_FREEZE)
                await connection.execute(_KEEP_OPEN)
                yield await _read(connection)


async def _read(connection: psycopg.AsyncConnection[tuple[object, ...]]) -> Snapshot:
    async def rows_of(query: LiteralString | sql.Composed) -> list[tuple[object, ...]]:
        return await (await connection.execute(query)).fetchall()

    async def column(query: LiteralString | sql.Composed) -> list[object]:
        return [row[0] for row in await rows_of(query)]

    if not (await column(HAS_APPLIED))[0]:
        raise BackupRefused("the database is empty: there is nothing to back up")
    applied = convert(await rows_of(APPLIED), list[tuple[str, str | None]])
    check_applied(dict(applied))
    rows = {}
    for schema, table in await rows_of(_TABLES):
        counted = sql.SQL("select count(*) from {}").format(sql.Identifier(str(schema), str(table)))
        rows[str(table)] = int(str((await column(counted))[0]))
    return Snapshot(
        name=str((await column("select pg_export_snapshot()"))[0]),
        postgres=connection.info.server_version // 10_000,
        migrations={name: digest or "" for name, digest in applied},
        rows=rows,
        image_keys=[str(key) for key in await column(_STORED_KEYS)],
        tokens=convert(await rows_of(_TOKENS), list[tuple[UUID, str, str, bytes]]),
        secrets=convert(await rows_of(_SECRETS), list[tuple[UUID, bytes]]),
    )


def dump(url: str, snapshot: Snapshot) -> Iterator[bytes]:
    """Run pg_dump and give what it writes. Raises BackupRefused."""
    version = tools_for(snapshot.postgres)
    options = ["--format=custom", "--no-unlogged-table-data", f"--snapshot={snapshot.name}"]
    if version > OLDEST_POSTGRES:
        options.append("--exclude-extension=*")
    with service_of(url) as (address, env), tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(  # noqa: S603 - PostgreSQL's own program
            [binary("pg_dump", version), *options, address],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, env=env,
        )  # fmt: skip
        with process:
            assert process.stdout is not None  # noqa: S101 - it is a pipe
            try:
                while block := process.stdout.read(_BLOCK):
                    yield block
            finally:
                process.stdout.close()  # pg_dump ends when nobody reads
        if process.returncode:
            errors.seek(0)
            raise BackupRefused(f"pg_dump failed: {_last_line(errors.read())}")


@asynccontextmanager
async def empty_database(url: str, *, postgres: int) -> AsyncIterator[int]:
    """Give the major version of an empty database; migrators wait while this is open. Raises BackupRefused, DatabaseUnavailable."""
    with explained():
        async with await connect(url) as connection:
            await _check_direct(connection)
            ours = connection.info.server_version // 10_000
            if ours < postgres:
                raise BackupRefused(
                    f"the backup comes from PostgreSQL {postgres}, and this database is PostgreSQL {ours}:"
                    f" give it one of version {postgres} or newer"
                )
            tools_for(ours)
            async with connection.transaction():
                await connection.execute(_KEEP_OPEN)
                await connection.execute("select pg_advisory_xact_lock(%s)", [LOCK])
                if found := await (await connection.execute(_TABLES)).fetchall():
                    raise BackupRefused(
                        f"the database is not empty ({len(found)} tables): restore into an empty one, with no hub at work on it"
                    )
                yield ours


def restore(url: str, file: Path, *, postgres: int) -> None:
    """Run pg_restore: all of it or nothing. Raises BackupRefused."""
    options = [
        "--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", "--no-comments",
        "--no-publications", "--no-subscriptions", "--no-security-labels", "--no-tablespaces",
    ]  # fmt: skip
    with service_of(url) as (address, env):
        done = subprocess.run(  # noqa: S603 - PostgreSQL's own program
            [
                binary("pg_restore", tools_for(postgres)),
                *options,
                f"--dbname={address}",
                file,
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=env,
            check=False,
        )
    if done.returncode:
        raise BackupRefused(f"pg_restore failed, nothing was restored: {_last_line(done.stderr)}")


def tools_for(postgres: int) -> int:
    """Choose which version's programs serve a server of this version. Raises BackupRefused."""
    if postgres > NEWEST_VERSION:
        raise BackupRefused(
            f"the database is PostgreSQL {postgres}, and pg_dump and pg_restore {NEWEST_VERSION} come with the hub, which do not"
            f" read a newer one: use those of PostgreSQL {postgres}, and copy the images and the secret key"
        )
    return OLDEST_POSTGRES if postgres == OLDEST_POSTGRES else NEWEST_VERSION


@contextmanager
def service_of(url: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Name a database in a file that only we can read: on a command line everybody could see its password."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".conf") as file:
        lines = [f"{name}={value}" for name, value in conninfo_to_dict(url).items()]
        file.write("\n".join([f"[{_SERVICE}]", *lines, ""]))
        file.flush()
        yield f"service={_SERVICE}", {**os.environ, "PGSERVICEFILE": file.name}


async def _check_direct(connection: psycopg.AsyncConnection[tuple[object, ...]]) -> None:
    if await leads_through_pooler(connection):
        raise BackupRefused(_POOLED)


def _last_line(text: bytes) -> str:
    lines = [line.strip() for line in text.decode(errors="replace").splitlines() if line.strip()]
    grave = [line for line in lines if "error:" in line]
    return (grave or lines or ["it said nothing"])[0]
