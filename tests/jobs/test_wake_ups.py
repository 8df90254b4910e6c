"""A key that is woken often gets a few wake-ups, and the last one is never lost."""

import asyncio
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from saluhall.jobs.keyed_worker import KeyedWorker
from saluhall.jobs.run import Job, Run
from saluhall.queue import WakeUps, receive_wake_ups
from saluhall.storage import Database, Transaction
from tests.postgres import Postgres


def _has_more(woken: list[str], before: int) -> bool:
    return woken.count("busy") > before


async def test_every_wake_up_arrives_however_often_a_key_is_woken(postgres: Postgres) -> None:
    url = postgres.new_database()
    woken: list[str] = []
    some, stopping = asyncio.Event(), asyncio.Event()

    def wake(wake_ups: Iterable[tuple[str, str]]) -> None:
        woken.extend(key for _, key in wake_ups)
        some.set()

    async def until(is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not is_so():
                some.clear()
                await some.wait()

    receiving = asyncio.create_task(
        receive_wake_ups(url, ["a_job"], wake, concurrency=4, stopping=stopping)
    )
    async with WakeUps(url) as wake_ups:
        for turn in range(4):
            for _ in range(30):
                wake_ups.wake([("a_job", "busy"), ("a_job", "busy")])
                await asyncio.sleep(0.01)
            before = woken.count("busy")
            wake_ups.wake([("a_job", "busy"), ("a_job", f"turn {turn}")])
            await until(partial(_has_more, woken, before))
        assert woken.count("busy") < 4 * 31 / 2

        many = {str(n) for n in range(20)} | {f"turn {turn}" for turn in range(4)}
        wake_ups.wake([("a_job", key) for key in many])
        await until(lambda: many <= set(woken))
    stopping.set()
    await receiving


async def test_what_was_woken_last_is_sent_before_the_end(postgres: Postgres) -> None:
    url = postgres.new_database()
    async with WakeUps(url) as wake_ups:
        wake_ups.wake([("a_job", "first")])
    woken: list[tuple[str, str]] = []
    stopping = asyncio.Event()

    def wake(wake_ups: Iterable[tuple[str, str]]) -> None:
        woken.extend(wake_ups)
        stopping.set()

    async with asyncio.timeout(60):
        await receive_wake_ups(url, ["a_job"], wake, concurrency=1, stopping=stopping)
    assert woken == [("a_job", "first")]


async def test_work_is_not_broken_off_when_the_queue_loses_its_database(run: Run) -> None:
    url, done = run.db.url, list[str]()
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def open_(_: Run, key: str) -> None:
        begun.set()
        if key == "slow":
            await may_end.wait()
        done.append(key)

    job: Job[Any, Any, Any] = Job(name="prune_log", open=open_, claim=open_, work=open_)  # type: ignore[arg-type]
    worker = KeyedWorker(run, [job], lambda _: None)
    receiving = asyncio.create_task(
        receive_wake_ups(url, ["prune_log"], worker.wake, concurrency=4, stopping=run.stopping)
    )
    async with asyncio.timeout(60), WakeUps(url) as wake_ups:
        wake_ups.wake([("prune_log", "slow")])
        await begun.wait()
        async with Database(url, connections=1) as db, db.statement() as tx:
            await tx.run(CUT)
            await tx.run("alter table procrastinate_jobs rename to gone")
            await until_nobody_works(tx)
            await tx.run("alter table gone rename to procrastinate_jobs")
        while "later" not in done:
            wake_ups.wake([("prune_log", "later")])
            await asyncio.sleep(0.05)
        may_end.set()
        await worker.finish(grace_s=5)
        run.stopping.set()
        await receiving
    assert set(done) == {"slow", "later"}


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
