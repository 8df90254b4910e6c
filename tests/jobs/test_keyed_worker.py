"""A key is worked once at a time in a process, and no wake-up is lost."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextvars import ContextVar
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec import Struct, structs

from saluhall.jobs.keyed_worker import KeyedWorker
from saluhall.jobs.run import Job, Run
from saluhall.jobs.slots import Share

KEY = "a-key"


class Opened(Struct):
    """A run of a key."""

    key: str
    share: Share


class Watched:
    """A job with runs that continue when they may, and the wake-ups that went to other processes."""

    def __init__(self, run: Run) -> None:
        self.opened: list[str] = []
        self.begun = asyncio.Semaphore(0)
        self.may_end = asyncio.Semaphore(0)
        self.looked = asyncio.Semaphore(0)
        self.sent: list[tuple[str, str]] = []
        self.fails = False
        self.next_due: list[datetime] = []
        job: Job[Any, Any, Any] = Job(
            name="prune_log",
            open=self._open,
            claim=self._claim,
            work=self._work,
            next_at=self._next_at,
        )
        self.worker = KeyedWorker(run, [job], self._send)

    async def _open(self, run: Run, key: str) -> Opened:
        self.opened.append(key)
        return Opened(key, run.slots.share(key, max_calls=1))

    async def _claim(self, opened: Opened, _: int) -> Sequence[None]:
        self.begun.release()
        await self.may_end.acquire()
        if self.fails:
            raise ValueError(opened.key)
        return ()

    async def _work(self, _: Opened, __: None) -> None:
        raise AssertionError

    async def _next_at(self, _: Opened) -> datetime | None:
        self.looked.release()
        return self.next_due.pop(0) if self.next_due else None

    def _send(self, wake_ups: Iterable[tuple[str, str]]) -> None:
        self.sent += wake_ups

    def wake(self, *keys: str) -> None:
        self.worker.wake([("prune_log", key) for key in keys])

    def pass_on(self, *keys: str) -> None:
        self.worker.pass_on([("prune_log", key) for key in keys])

    async def end(self, *, runs: int) -> None:
        """Let so many runs end, and wait until nothing runs."""
        for _ in range(runs):
            self.may_end.release()
        await self.worker.finish(grace_s=5)


@pytest.fixture
async def watched(run: Run) -> AsyncIterator[Watched]:
    watched = Watched(run)
    yield watched
    await watched.worker.finish(grace_s=0)


async def test_wake_ups_during_a_run_are_one_more_run(watched: Watched) -> None:
    watched.wake(KEY)
    await watched.begun.acquire()
    watched.wake(KEY, KEY)
    watched.pass_on(KEY)
    await watched.end(runs=2)

    assert watched.opened == [KEY, KEY]
    assert watched.sent == []


async def test_keys_are_worked_side_by_side(watched: Watched) -> None:
    watched.wake("a", "b")
    await watched.begun.acquire()
    await watched.begun.acquire()
    await watched.end(runs=2)

    assert sorted(watched.opened) == ["a", "b"]


async def test_what_the_sweep_finds_and_nobody_works_here_is_sent_to_all_workers(
    watched: Watched,
) -> None:
    watched.wake(KEY)
    await watched.begun.acquire()
    watched.pass_on(KEY, "another")
    await watched.end(runs=2)
    watched.pass_on(KEY)

    assert watched.opened == [KEY, KEY]
    assert watched.sent == [("prune_log", "another"), ("prune_log", KEY)]


async def test_after_a_run_that_fails_the_wake_up_that_came_meanwhile_counts(
    watched: Watched,
) -> None:
    watched.fails = True
    watched.wake(KEY)
    await watched.begun.acquire()
    watched.wake(KEY)
    await watched.end(runs=2)

    assert watched.opened == [KEY, KEY]


async def test_what_does_not_finish_in_time_is_ended(watched: Watched) -> None:
    watched.wake(KEY)
    await watched.begun.acquire()
    await watched.worker.finish(grace_s=0.01)
    watched.pass_on(KEY)

    assert watched.sent == [("prune_log", KEY)]


async def test_a_worker_that_stops_begins_no_run(run: Run, watched: Watched) -> None:
    watched.wake(KEY)
    await watched.begun.acquire()
    watched.wake(KEY)
    run.stopping.set()
    watched.wake("another")
    await watched.end(runs=1)

    assert watched.opened == [KEY]


async def test_what_is_due_soon_is_waited_for_and_what_is_due_later_is_left_to_the_sweep(
    run: Run, watched: Watched
) -> None:
    soon, later = run.clock() + timedelta(seconds=0.2), run.clock() + timedelta(minutes=1)
    watched.next_due = [soon, later]
    watched.wake(KEY)
    await watched.end(runs=2)

    assert run.clock() >= soon
    assert watched.next_due == []
    assert watched.opened == [KEY]


async def test_a_wake_up_ends_the_wait_for_what_is_due_soon(run: Run, watched: Watched) -> None:
    watched.next_due = [run.clock() + timedelta(seconds=2.9)]
    watched.wake(KEY)
    await watched.begun.acquire()
    watched.may_end.release()
    await watched.looked.acquire()
    watched.wake(KEY)
    await watched.begun.acquire()
    await watched.end(runs=1)

    assert watched.opened == [KEY, KEY]


async def test_a_run_has_nothing_of_the_request_that_caused_it(run: Run) -> None:
    seen: list[str] = []
    variable: ContextVar[str] = ContextVar("variable", default="nobody")

    async def open_(_: Run, __: str) -> None:
        seen.append(variable.get())

    job: Job[Any, Any, Any] = Job(name="prune_log", open=open_, claim=open_, work=open_)  # type: ignore[arg-type]
    worker = KeyedWorker(structs.replace(run), [job], lambda _: None)
    variable.set("a request")
    worker.wake([("prune_log", KEY)])
    await worker.finish(grace_s=5)

    assert seen == ["nobody"]
