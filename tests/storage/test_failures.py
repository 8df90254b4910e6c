"""What "not now" is, what is tried once more, and how a pool gets rid of connections that are of no use."""

import random
import time
from collections.abc import AsyncIterator
from contextlib import suppress

import psycopg
import pytest

from saluhall.storage import Database, Transaction
from saluhall.storage.database import DatabaseUnavailable, Deadlock
from tests.postgres import Postgres

RAISE = "do $$ begin raise exception using errcode = '{}', message = 'as ordered'; end $$"
CUT = """
  select pg_terminate_backend(pid, 5000) from pg_stat_activity
   where datname = current_database() and pid <> pg_backend_pid()
"""
SLEEPERS = 3


@pytest.fixture
async def notes(postgres: Postgres) -> AsyncIterator[Database]:
    """A database with one table, `notes`."""
    url = postgres.new_database(empty=True)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create table notes (id integer not null)")
    async with Database(url, connections=SLEEPERS, timeout_s=5) as db:
        yield db


async def add(db: Database) -> None:
    async with db.transaction() as tx:
        await tx.run("insert into notes (id) values (1)")


async def fill_the_pool(db: Database) -> None:
    """Let the pool have as many connections as it may."""

    async def hold(left: int) -> None:
        async with db.statement() as tx:
            await tx.one(dict, "select 1 as one")
            if left:
                await hold(left - 1)

    await hold(SLEEPERS - 1)


def beside(db: Database, sql: str) -> None:
    """Run a statement on a connection of one's own."""
    may_write = "-c default_transaction_read_only=off"
    with psycopg.connect(db.url, autocommit=True, options=may_write) as connection:
        connection.execute(sql)


@pytest.mark.parametrize(
    ("state", "raised"),
    [
        *[(state, DatabaseUnavailable) for state in ("57P01", "57P02", "57P03", "57P04", "57P05")],
        *[(state, DatabaseUnavailable) for state in ("08000", "08003", "08006", "08P01")],
        *[(state, DatabaseUnavailable) for state in ("53000", "53100", "53200", "53300", "53400")],
        *[(state, DatabaseUnavailable) for state in ("25006", "25P03", "25P04", "55000")],
        *[(state, Deadlock) for state in ("40001", "40P01")],
        *[(state, psycopg.Error) for state in ("22012", "42P01", "23514")],
    ],
)
async def test_what_says_not_now_is_not_taken_for_what_is_wrong(
    notes: Database, state: str, raised: type[Exception]
) -> None:
    with pytest.raises(raised) as found:
        async with notes.statement() as tx:
            await tx.run(RAISE.format(state))

    assert type(found.value) is raised or raised is psycopg.Error


async def test_what_was_undone_because_of_others_is_done_once_more_and_not_twice(
    notes: Database,
) -> None:
    tries: list[int] = []

    async def undone(tx: Transaction, *, times: int) -> int:
        tries.append(await tx.run("insert into notes (id) values (1)"))
        if len(tries) <= times:
            await tx.run(RAISE.format("40001"))
        return len(tries)

    assert await notes.in_transaction(lambda tx: undone(tx, times=1)) == 2
    async with notes.statement() as tx:
        assert await tx.all(dict, "select id from notes") == [{"id": 1}]

    tries.clear()
    with pytest.raises(Deadlock):
        await notes.in_transaction(lambda tx: undone(tx, times=5))
    assert len(tries) == 2


async def test_an_answer_that_the_driver_cannot_make_sense_of_costs_its_connection_alone(
    notes: Database,
) -> None:
    """Seen behind PgBouncer when its server was killed: `received 2 results from command 'COMMIT'`."""
    with pytest.raises(DatabaseUnavailable, match="2 results"):
        async with notes.transaction():
            raise psycopg.InternalError("received 2 results from command 'COMMIT'")

    await add(notes)


async def test_what_broke_at_the_commit_is_not_done_again(notes: Database) -> None:
    tries: list[int] = []

    async def cut(tx: Transaction) -> None:
        tries.append(1)
        await tx.run("select pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(DatabaseUnavailable):
        await notes.in_transaction(cut)
    assert len(tries) == 1


async def test_a_value_that_is_too_large_for_an_index_is_no_outage(notes: Database) -> None:
    beside(notes, "create table names (name text primary key)")
    random_letters = random.Random(1).randbytes(5000).hex()  # noqa: S311 - not compressible is all

    with pytest.raises(psycopg.errors.ProgramLimitExceeded):
        async with notes.transaction() as tx:
            await tx.run("insert into names values (%(name)s)", {"name": random_letters})
    await add(notes)


async def test_connections_that_died_while_nobody_used_them_harm_nobody(notes: Database) -> None:
    await fill_the_pool(notes)
    beside(notes, CUT)

    started = time.monotonic()
    for _ in range(SLEEPERS + 1):
        await add(notes)
    assert time.monotonic() - started < 2


async def test_after_one_refusal_to_write_all_read_only_connections_are_replaced(
    notes: Database,
) -> None:
    name = notes.url.partition("?")[0].rpartition("/")[2]
    beside(notes, f"alter database {name} set default_transaction_read_only = on")
    beside(notes, CUT)
    await fill_the_pool(notes)
    beside(notes, f"alter database {name} reset all")

    with pytest.raises(DatabaseUnavailable, match="read-only transaction"):
        await add(notes)

    started, written = time.monotonic(), 0
    while written <= SLEEPERS:
        with suppress(DatabaseUnavailable):
            await add(notes)
            written += 1
    assert time.monotonic() - started < 2
