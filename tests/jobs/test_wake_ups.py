"""A wake_up that is rung often is a few jobs, and the last time it rings is never lost."""

import asyncio
from functools import partial

from saluhall.queue import WakeUps, run_jobs
from saluhall.storage import Database, Transaction
from tests.postgres import Postgres


def _has_more(drained: list[str], before: int) -> bool:
    return drained.count("busy") > before


async def test_every_ring_is_followed_by_a_job_however_often_it_rings(postgres: Postgres) -> None:
    url = postgres.new_database()
    drained: list[str] = []
    some = asyncio.Condition()

    async def drain(key: str) -> None:
        async with some:
            drained.append(key)
            some.notify_all()

    stopping = asyncio.Event()
    working = asyncio.create_task(
        run_jobs(url, {"a_job": drain}, concurrency=4, stopping=stopping, grace_s=5)
    )

    async def until_drained(keys: set[str]) -> None:
        async with some, asyncio.timeout(60):
            await some.wait_for(lambda: keys <= set(drained))

    async with WakeUps(url) as wake_ups:
        for turn in range(4):
            for _ in range(30):
                wake_ups.wake([("a_job", "busy"), ("a_job", "busy")])
                await asyncio.sleep(0.01)
            before = drained.count("busy")
            wake_ups.wake([("a_job", "busy"), ("a_job", f"turn {turn}")])
            async with some, asyncio.timeout(60):
                await some.wait_for(partial(_has_more, drained, before))
        assert drained.count("busy") < 4 * 31 / 2

        many = {str(n) for n in range(20)}
        wake_ups.wake([("a_job", key) for key in many])
        await until_drained(many | {f"turn {turn}" for turn in range(4)})
    stopping.set()
    await working


async def test_what_was_rung_last_is_rung_before_the_end(postgres: Postgres) -> None:
    url = postgres.new_database()
    async with WakeUps(url) as wake_ups:
        wake_ups.wake([("a_job", "first")])
    drained: list[str] = []
    stopping = asyncio.Event()

    async def drain(key: str) -> None:
        drained.append(key)
        stopping.set()

    async with asyncio.timeout(60):
        await run_jobs(url, {"a_job": drain}, concurrency=1, stopping=stopping, grace_s=5)
    assert drained == ["first"]


async def test_work_under_way_is_not_broken_off_when_the_queue_loses_its_database(
    postgres: Postgres,
) -> None:
    url = postgres.new_database()
    drained: list[str] = []
    begun, may_end, stopping = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def drain(key: str) -> None:
        begun.set()
        if key == "slow":
            await may_end.wait()
        drained.append(key)

    working = asyncio.create_task(
        run_jobs(url, {"a_job": drain}, concurrency=4, stopping=stopping, grace_s=5)
    )
    async with asyncio.timeout(60), WakeUps(url) as wake_ups:
        wake_ups.wake([("a_job", "slow")])
        await begun.wait()
        async with Database(url, connections=1) as db, db.statement() as tx:
            await tx.run(CUT)
            await tx.run("alter table procrastinate_jobs rename to gone")
            await until_nobody_works(tx)
            await tx.run("alter table gone rename to procrastinate_jobs")
        while "later" not in drained:
            wake_ups.wake([("a_job", "later")])
            await asyncio.sleep(0.05)
        may_end.set()
        stopping.set()
        await working
    assert set(drained) == {"slow", "later"}


CUT = """
  select pg_terminate_backend(pid, 5000) from pg_stat_activity
   where datname = current_database() and pid <> pg_backend_pid()
"""


async def until_nobody_works(tx: Transaction) -> None:
    """Wait until the library has given up, and its worker has signed off."""
    workers = "select count(*) as workers from procrastinate_workers"
    for _ in range(600):
        if not await tx.one(lambda row: row["workers"], workers):
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the library works on")
