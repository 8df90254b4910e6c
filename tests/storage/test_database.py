"""A transaction commits whole or not at all, and its wake-ups are sent only when it has."""

import asyncio
from collections.abc import AsyncIterator, Iterable

import pytest

from saluhall.storage import Conflict, Database
from saluhall.storage.database import DatabaseUnavailable
from tests.postgres import Postgres

ADD = "insert into notes (id) values (%(id)s)"
COUNT = "select count(*) as count from notes"


@pytest.fixture
async def notes(postgres: Postgres) -> AsyncIterator[Database]:
    """A database with one table, `notes`."""
    async with Database(postgres.new_database(empty=True), connections=2) as db:
        async with db.statement() as tx:
            await tx.run(
                "create table notes (id integer not null constraint notes_pkey primary key)"
            )
        yield db


@pytest.fixture
def on_wake_ups(notes: Database) -> list[tuple[str, str]]:
    """The wake_ups that were on_wake_ups."""
    heard: list[tuple[str, str]] = []

    def send(wake_ups: Iterable[tuple[str, str]]) -> None:
        heard.extend(wake_ups)

    notes.on_wake_ups = send
    return heard


async def count(db: Database) -> int | None:
    async with db.statement() as tx:
        return await tx.one(lambda row: int(row["count"]), COUNT)


async def test_wake_ups_are_sent_once_each_after_the_commit(
    notes: Database, on_wake_ups: list[tuple[str, str]]
) -> None:
    async with notes.transaction() as tx:
        assert await tx.run(ADD, {"id": 1}) == 1
        tx.wake("work", [7, 7, "a"])
        tx.wake("work", [7])
        assert on_wake_ups == []

    assert on_wake_ups == [("work", "7"), ("work", "a")]
    assert await count(notes) == 1


async def test_what_fails_leaves_nothing_and_wakes_nobody(
    notes: Database, on_wake_ups: list[tuple[str, str]]
) -> None:
    async def fail() -> None:
        async with notes.transaction() as tx:
            await tx.run(ADD, {"id": 1})
            tx.wake("work", [1])
            raise LookupError

    with pytest.raises(LookupError):
        await fail()

    assert on_wake_ups == []
    assert await count(notes) == 0


async def test_a_conflict_names_its_constraint(notes: Database) -> None:
    async with notes.transaction() as tx:
        await tx.run(ADD, {"id": 1})

    async def again() -> None:
        async with notes.transaction() as tx:
            await tx.run(ADD, {"id": 1})

    with pytest.raises(Conflict) as raised:
        await again()

    assert raised.value.constraint == "notes_pkey"
    assert await count(notes) == 1


async def test_nothing_to_read_is_none_or_an_empty_list(notes: Database) -> None:
    async with notes.statement() as tx:
        assert await tx.one(dict, "select id from notes") is None
        assert await tx.all(dict, "select id from notes") == []


async def test_a_connection_that_is_cut_is_unavailable_and_the_next_one_works(
    notes: Database,
) -> None:
    async def cut() -> None:
        async with notes.transaction() as tx:
            await tx.run(ADD, {"id": 1})
            await tx.run("select pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(DatabaseUnavailable):
        await cut()

    assert await count(notes) == 0


async def test_callers_wait_for_each_other_when_there_are_more_than_connections(
    notes: Database,
) -> None:
    async def add(number: int) -> None:
        async with notes.transaction() as tx:
            await tx.run(ADD, {"id": number})
            await tx.run("select pg_sleep(0.01)")

    await asyncio.gather(*map(add, range(30)))

    assert await count(notes) == 30
