"""A key is drained once at a time in a process, and no bell is lost."""

import asyncio
from collections.abc import Iterable

import pytest

from saluhall.jobs.drainers import Drainers
from saluhall.jobs.run import Job, Run
from saluhall.storage.claims import Claims

KEY = "a-key"
NOTHING = Claims(release="", release_key="select where %(worker)s::uuid is null")


class Watched:
    """A job that goes on when it may, and the bells that went further."""

    def __init__(self, run: Run) -> None:
        self.drained: list[str] = []
        self.begun = asyncio.Semaphore(0)
        self.may_end = asyncio.Semaphore(0)
        self.further: list[tuple[str, str]] = []
        self.fails = False
        job = Job(name="watched", drain=self._drain, due_keys="", claims=NOTHING, measure="")
        self.drainers = Drainers(run, self._ring)
        self.drain = self.drainers.drain_of(job)
        self.start = self.drainers.start_of(job)

    async def _drain(self, _: Run, key: str) -> None:
        self.drained.append(key)
        self.begun.release()
        await self.may_end.acquire()
        if self.fails:
            raise ValueError(key)

    def _ring(self, bells: Iterable[tuple[str, str]]) -> None:
        self.further += bells

    def ring(self, *keys: str) -> None:
        self.drainers.ring([("watched", key) for key in keys])


@pytest.fixture
def watched(run: Run) -> Watched:
    return Watched(run)


async def test_a_bell_for_what_is_being_drained_is_heard_there(watched: Watched) -> None:
    draining = asyncio.create_task(watched.drain(KEY))
    await watched.begun.acquire()
    watched.ring(KEY, KEY, "another")
    watched.ring(KEY)
    watched.may_end.release()
    await watched.begun.acquire()  # it drains once more
    watched.may_end.release()
    await draining

    assert watched.drained == [KEY, KEY]
    assert watched.further == [("watched", "another")]


async def test_another_job_for_the_key_ends_at_once_and_is_not_forgotten(watched: Watched) -> None:
    draining = asyncio.create_task(watched.drain(KEY))
    await watched.begun.acquire()
    await watched.drain(KEY)
    watched.may_end.release()
    watched.may_end.release()
    await draining

    assert watched.drained == [KEY, KEY]


async def test_keys_are_drained_side_by_side(watched: Watched) -> None:
    both = asyncio.gather(watched.drain("a"), watched.drain("b"))
    await watched.begun.acquire()
    await watched.begun.acquire()
    watched.may_end.release()
    watched.may_end.release()
    await both

    assert sorted(watched.drained) == ["a", "b"]


async def test_after_a_drain_bells_go_further_again(watched: Watched) -> None:
    watched.may_end.release()
    await watched.drain(KEY)
    watched.ring(KEY)

    assert watched.drained == [KEY]
    assert watched.further == [("watched", KEY)]


async def test_a_drain_that_fails_hears_the_bell_that_rang_meanwhile(watched: Watched) -> None:
    watched.fails = True
    draining = asyncio.create_task(watched.drain(KEY))
    await watched.begun.acquire()
    watched.ring(KEY)
    watched.may_end.release()
    await watched.begun.acquire()
    watched.may_end.release()
    await draining
    watched.ring(KEY)

    assert watched.drained == [KEY, KEY]
    assert watched.further == [("watched", KEY)]


async def test_what_hears_a_bell_returns_at_once_and_the_drain_goes_on(watched: Watched) -> None:
    await watched.start("a")
    await watched.start("b")
    await watched.begun.acquire()
    await watched.begun.acquire()
    watched.may_end.release()
    watched.may_end.release()
    await watched.drainers.finish(grace_s=5)

    assert sorted(watched.drained) == ["a", "b"]


async def test_what_does_not_finish_in_time_is_ended(watched: Watched) -> None:
    await watched.start(KEY)
    await watched.begun.acquire()
    await watched.drainers.finish(grace_s=0.01)
    watched.ring(KEY)

    assert watched.further == [("watched", KEY)]


async def test_a_worker_that_stops_drains_nothing_again(run: Run, watched: Watched) -> None:
    draining = asyncio.create_task(watched.drain(KEY))
    await watched.begun.acquire()
    watched.ring(KEY)
    run.stopping.set()
    watched.may_end.release()
    await draining

    assert watched.drained == [KEY]
