"""Plans are made for what a table holds: one that grows fast is analysed before PostgreSQL itself looks."""

from saluhall.storage import Database, statistics

FILL = """
  insert into images (account_id, product_id, source_url, state, updated_at)
  select gen_random_uuid(), gen_random_uuid(), 'https://example.com/' || n, 'ready', now()
    from generate_series(1, %(rows)s) n
"""
SEEN = "select reltuples from pg_class where relname = 'images'"


async def rows_seen(db: Database) -> float:
    async with db.statement() as tx:
        [seen] = await tx.all(lambda row: float(row["reltuples"]), SEEN)
    return seen


async def grow(db: Database, *, rows: int) -> list[str]:
    async with db.statement() as tx:
        await tx.run("alter table images set (autovacuum_enabled = false)")
        await tx.run(FILL, {"rows": rows})
        return await statistics.refresh(tx)


async def test_a_table_is_analysed_once_it_is_more_than_a_few_pages(db: Database) -> None:
    assert "images" not in await grow(db, rows=10)
    assert await rows_seen(db) == -1  # never

    assert "images" in await grow(db, rows=2000)
    assert await rows_seen(db) == 2010


async def test_a_table_is_analysed_again_when_it_is_four_times_as_large(db: Database) -> None:
    await grow(db, rows=2000)

    assert "images" not in await grow(db, rows=2000)
    assert "images" in await grow(db, rows=8000)
    assert await rows_seen(db) == 12000
