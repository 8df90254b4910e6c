"""The planner knows how much there is, soon after it has come."""

import asyncio
import time

from saluhall.storage import Database
from saluhall.storage.statistics import analyze_grown

FILL = """
  insert into images (account_id, product_id, source_url, state, updated_at)
  select gen_random_uuid(), gen_random_uuid(), 'https://example.org/' || n, 'due', now() from generate_series(1, %(rows)s) as n
"""
COUNTED = "select reltuples::integer as rows from pg_class where relname = 'images'"


async def fill(db: Database, rows: int) -> None:
    async with db.statement() as tx:
        await tx.run(FILL, {"rows": rows})


async def counted(db: Database) -> int | None:
    async with db.statement() as tx:
        return await tx.one(lambda row: int(row["rows"]), COUNTED)


async def test_a_table_is_analyzed_once_it_has_doubled_and_not_before(db: Database) -> None:
    await analyze_grown(db)
    assert "images" not in await analyze_grown(db)

    await fill(db, 4000)
    assert "images" in await analyze_grown(db)
    assert await counted(db) == 4000

    await fill(db, 1000)
    assert "images" not in await analyze_grown(db)

    await fill(db, 10_000)
    assert "images" in await analyze_grown(db)
    assert await counted(db) == 15_000


async def test_rows_that_were_not_yet_committed_when_their_table_was_analyzed_are_counted_later(
    db: Database,
) -> None:
    async with db.transaction() as tx:
        await tx.run(FILL, {"rows": 4000})
        await tx.one(lambda _: True, "select pg_stat_force_next_flush() is null")
        assert "images" in await analyze_grown(db)
        assert await counted(db) == 0
    deadline = time.monotonic() + 30
    while await counted(db) != 4000:
        assert time.monotonic() < deadline
        await analyze_grown(db)
        await asyncio.sleep(0.05)
