"""Slow calls hold up neither what is due beside them nor what has ended."""

import asyncio
from collections.abc import Sequence

import pytest
from msgspec import Struct

from saluhall.jobs.keyed_worker import KeyRun
from saluhall.jobs.run import Job, Run
from saluhall.jobs.slots import Share
from saluhall.storage.database import DatabaseUnavailable

SLOW = "slow"


class Opened(Struct):
    """A run of a key."""

    share: Share


class Source:
    """Hands out what is due, works it, and writes down what was recorded."""

    def __init__(self, run: Run, *due: str) -> None:
        self.run = run
        self.due = list(due)
        self.batches: list[list[str]] = []
        self.recorded = asyncio.Semaphore(0)
        self.claims = 0
        self.times_away = 0
        self.slow_may_end = asyncio.Event()

    async def open(self, _: Run, __: str) -> None:
        raise AssertionError

    async def claim(self, limit: int) -> Sequence[str]:
        self.claims += 1
        claimed, self.due = self.due[:limit], self.due[limit:]
        return claimed

    async def work(self, item: str) -> str:
        if item == "bad":
            raise ValueError(item)
        if item == SLOW:
            await self.slow_may_end.wait()
        return item

    async def record(self, done: Sequence[str]) -> None:
        if self.times_away:
            self.times_away -= 1
            raise DatabaseUnavailable
        self.batches.append(list(done))
        for _ in done:
            self.recorded.release()

    async def work_off(self, *, width: int = 8) -> None:
        job: Job[Opened, str, str] = Job(
            name="prune_log",
            open=self.open,
            claim=lambda _, limit: self.claim(limit),
            work=lambda _, item: self.work(item),
            record=lambda _, done: self.record(done),
        )
        share = self.run.slots.share("an account", max_calls=width)
        await KeyRun(self.run, job, Opened(share)).work_off()

    def all_recorded(self) -> list[str]:
        return sorted(item for batch in self.batches for item in batch)


async def test_everything_due_is_worked_and_recorded_once(run: Run) -> None:
    items = [f"{n:03}" for n in range(100)]
    source = Source(run, *items)
    await source.work_off(width=8)
    assert source.all_recorded() == items


async def test_what_has_ended_is_recorded_while_another_is_slow(run: Run) -> None:
    source = Source(run, SLOW, "a", "b")
    running = asyncio.create_task(source.work_off())
    await source.recorded.acquire()
    await source.recorded.acquire()
    assert source.all_recorded() == ["a", "b"]
    source.slow_may_end.set()
    await running
    assert source.all_recorded() == ["a", "b", SLOW]


async def test_what_becomes_due_beside_a_slow_one_is_worked_when_a_wake_up_comes(run: Run) -> None:
    source = Source(run, SLOW)
    running = asyncio.create_task(source.work_off())
    await asyncio.sleep(0.05)
    source.due += ["a", "b"]
    run.woken.set()
    await source.recorded.acquire()
    await source.recorded.acquire()
    assert not source.slow_may_end.is_set()
    source.slow_may_end.set()
    await running
    assert source.all_recorded() == ["a", "b", SLOW]


async def test_it_is_worked_without_a_wake_up_too(run: Run) -> None:
    source = Source(run, SLOW)
    running = asyncio.create_task(source.work_off())
    await asyncio.sleep(0.05)
    source.due += ["a"]
    await source.recorded.acquire()
    source.slow_may_end.set()
    await running


async def test_a_wake_up_without_a_free_slot_makes_no_hurry(run: Run) -> None:
    source = Source(run, SLOW, SLOW)
    running = asyncio.create_task(source.work_off(width=2))
    await asyncio.sleep(0.05)
    run.woken.set()
    await asyncio.sleep(0.2)
    assert source.claims == 1
    source.slow_may_end.set()
    await running


async def test_a_worker_that_stops_claims_nothing_more_and_records_what_ran(run: Run) -> None:
    source = Source(run, SLOW, "a")
    running = asyncio.create_task(source.work_off())
    await source.recorded.acquire()
    run.stopping.set()
    run.woken.set()
    source.due += ["b"]
    source.slow_may_end.set()
    await running
    assert source.all_recorded() == ["a", SLOW]
    assert source.due == ["b"]


async def test_when_work_raises_what_runs_is_finished_and_recorded_and_nothing_more_claimed(
    run: Run,
) -> None:
    source = Source(run, SLOW, "bad")
    running = asyncio.create_task(source.work_off())
    await asyncio.sleep(0.05)
    run.woken.set()
    source.due += ["b"]
    source.slow_may_end.set()
    with pytest.raises(ValueError, match="bad"):
        await running
    assert source.all_recorded() == [SLOW]
    assert source.due == ["b"]


async def test_a_worker_that_is_cut_off_ends_what_runs(run: Run) -> None:
    source = Source(run, SLOW)
    running = asyncio.create_task(source.work_off())
    await asyncio.sleep(0.05)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert source.all_recorded() == []


async def test_what_was_done_is_recorded_as_soon_as_the_database_is_back(run: Run) -> None:
    source = Source(run, "a", "b")
    source.times_away = 3
    await source.work_off()
    assert source.all_recorded() == ["a", "b"]


async def test_a_worker_that_stops_does_not_wait_for_a_database_that_is_away(run: Run) -> None:
    source = Source(run, "a")
    source.times_away = 1000
    running = asyncio.create_task(source.work_off())
    await asyncio.sleep(0.05)
    run.stopping.set()
    with pytest.raises(DatabaseUnavailable):
        await running


async def test_without_a_free_slot_nothing_is_claimed_until_there_is_one(run: Run) -> None:
    others = run.slots.share("another account", max_calls=32)
    others.take(32)
    source = Source(run, "a")
    running = asyncio.create_task(source.work_off())
    await asyncio.sleep(0.05)
    assert source.claims == 0
    others.release()
    await running
    assert source.all_recorded() == ["a"]


async def test_a_worker_that_stops_waits_for_no_slot(run: Run) -> None:
    run.slots.share("another account", max_calls=32).take(32)
    source = Source(run, "a")
    running = asyncio.create_task(source.work_off())
    await asyncio.sleep(0.05)
    run.stopping.set()
    await running
    assert source.due == ["a"]
