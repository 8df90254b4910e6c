"""A worker shows its life as long as anything of it runs, and is gone from the list afterwards."""

import asyncio
from uuid import UUID

from saluhall.jobs.heartbeat import beating
from saluhall.kit.ids import new_id
from saluhall.storage import Database
from saluhall.storage.claims import Life


async def beats_of(db: Database, worker: UUID) -> list[object]:
    async with db.statement() as tx:
        sql = "select beat_at from workers where id = %(id)s"
        return await tx.all(lambda row: row["beat_at"], sql, {"id": worker})


async def until_it_beats_again(db: Database, worker: UUID, before: list[object]) -> None:
    for _ in range(150):
        if await beats_of(db, worker) != before:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(before)


async def test_the_life_of_a_worker_is_shown_before_its_first_call_and_until_its_end(
    db: Database,
) -> None:
    worker, life = new_id(), Life()
    async with beating(db.url, worker, life):
        life.check()
        first = await beats_of(db, worker)
        assert len(first) == 1
        await until_it_beats_again(db, worker, first)
    assert await beats_of(db, worker) == []
