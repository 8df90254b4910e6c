"""Migrations: numbered, repeatable, one migrator at a time."""

import asyncio
import re
from importlib.resources import files
from itertools import chain

import pytest

from saluhall import bootstrap
from saluhall.storage import Database
from saluhall.storage.backup.dump import snapshot_of
from saluhall.storage.database import DatabaseUnavailable
from saluhall.storage.schema import (
    _APPLIED,
    WrongDatabase,
    check_version,
    is_current,
    migration_names,
    read_facts,
)
from tests.postgres import Postgres


def test_migrations_are_numbered_without_gaps_and_named_for_what_they_do() -> None:
    names = migration_names()

    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))
    assert all(re.fullmatch(r"\d{4}_[a-z][a-z_]*\.sql", name) for name in names)


def test_migrations_commit_nothing_by_themselves() -> None:
    folder = files("saluhall.storage.migrations")
    for name in migration_names():
        text = (folder / name).read_text(encoding="utf-8")
        assert not re.search(r"^\s*(commit|begin|rollback)\s*;", text, re.MULTILINE | re.IGNORECASE)


async def test_an_empty_database_becomes_current_and_migrating_again_changes_nothing(
    postgres: Postgres,
) -> None:
    url = postgres.new_database(empty=True)
    async with Database(url, connections=1) as db:
        async with db.statement() as tx:
            assert not await is_current(tx)

        first, second = await bootstrap.prepare(url), await bootstrap.prepare(url)

        assert (first, second) == (migration_names(), [])
        async with db.statement() as tx:
            assert await is_current(tx)


async def test_several_that_start_at_once_apply_each_migration_once(postgres: Postgres) -> None:
    url = postgres.new_database(empty=True)

    applied = await asyncio.gather(*(bootstrap.prepare(url) for _ in range(4)))

    assert sorted(chain.from_iterable(applied)) == migration_names()


async def test_a_database_that_was_stopped_halfway_is_finished(postgres: Postgres) -> None:
    url = postgres.new_database(empty=True)
    async with Database(url, connections=1) as db, db.transaction() as tx:
        await tx.run(_APPLIED)

    assert await bootstrap.prepare(url) == migration_names()


OLD = """
  create table schema_migrations (name text primary key, applied_at timestamptz not null default now());
  insert into schema_migrations (name) values ('0001_start.sql'), ('0022_note_waits.sql');
"""
OTHER_BASELINE = "update schema_migrations set digest = 'of other tables' where name = %(name)s"


@pytest.mark.parametrize("is_empty", [True, False], ids=["other names", "another baseline"])
async def test_a_database_from_before_the_first_release_is_refused_and_stays_as_it_is(
    is_empty: bool,  # noqa: FBT001 - of the table above
    postgres: Postgres,
) -> None:
    url = postgres.new_database(empty=is_empty)
    everything = "select to_jsonb(m) as row from schema_migrations m order by name"
    async with Database(url, connections=1) as db:
        async with db.transaction() as tx:
            await tx.run(
                *((OLD,) if is_empty else (OTHER_BASELINE, {"name": migration_names()[0]}))
            )
            before = await tx.all(dict, everything)

        for refuse in (bootstrap.prepare(url), _facts(db), _snapshot(url)):
            with pytest.raises(WrongDatabase, match=r"before 0\.1\.0, .*: start with a new, empty"):
                await refuse

        async with db.statement() as tx:
            assert await tx.all(dict, everything) == before
            assert await is_current(tx) is not is_empty


async def _facts(db: Database) -> None:
    async with db.statement() as tx:
        await read_facts(tx)


async def _snapshot(url: str) -> None:
    async with snapshot_of(url):
        pass


async def test_a_database_of_a_newer_version_is_refused_with_a_sentence(db: Database) -> None:
    async with db.statement() as tx:
        await tx.run("insert into schema_migrations values ('9999_come_later.sql', 'later')")
        assert await is_current(tx), (
            "who was started before an upgrade serves on until it is replaced"
        )

    with pytest.raises(
        WrongDatabase, match=r"newer version of Saluhall: it has 9999_come_later\.sql"
    ):
        await bootstrap.prepare(db.url)


@pytest.mark.parametrize("version", [90624, 150019])
def test_a_postgresql_that_is_too_old_is_refused_with_a_sentence(version: int) -> None:
    with pytest.raises(
        WrongDatabase, match=r"PostgreSQL (9|15) is too old: .* version 16 or newer"
    ):
        check_version(version)


@pytest.mark.parametrize("url", ["postgresql://u:hidden@127.0.0.1:1/x", "postgres//u:hidden@h/x"])
async def test_a_server_that_is_not_there_is_unavailable_and_its_password_stays_secret(
    url: str,
) -> None:
    with pytest.raises(DatabaseUnavailable) as raised:
        await bootstrap.prepare(url)

    assert "hidden" not in str(raised.value)
    assert "\n" not in str(raised.value)
