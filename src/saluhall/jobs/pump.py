"""Keep a bounded number of slow calls under way, claiming more as some finish."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextvars import copy_context
from typing import Any, Generic, TypeVar

from saluhall.jobs.patience import until_taken
from saluhall.jobs.run import Run
from saluhall.jobs.slots import Share
from saluhall.kit.clock import steady_s
from saluhall.storage.claims import acting_since

T = TypeVar("T")
R = TypeVar("R")

# When less was due than there was room for, a look for more at each call that ends would mostly find nothing; and what ends a moment
# later costs nothing to record in the same transaction.
_REST_S = 0.025
_LOOK_AGAIN_S = 1.0


async def pump(
    run: Run,
    claim: Callable[[int], Awaitable[Sequence[T]]],
    work: Callable[[T], Coroutine[Any, Any, R]],
    record: Callable[[Sequence[R]], Awaitable[None]],
    share: Share,
) -> None:
    """Claim as many as the share of slots has room for, work them side by side, record results in batches, until nothing is due.

    Without room nothing is held while it waits for some.

    What finishes within a moment, or while a batch is being recorded, makes the next batch. While some calls are slow, what becomes
    due meanwhile waits a second at most, and only a moment when the bell rings for it. When the worker stops, nothing more is claimed.
    A record that the database does not take is made as soon as it does. When claim, work or record raise, nothing more is claimed
    either: what runs is left to finish and recorded as far as possible, so that no call is cut off whose effect nobody would know;
    then the first error is raised.
    """
    await _Pump(run, claim, work, record, share).run()


class _Pump(Generic[T, R]):
    def __init__(
        self,
        run: Run,
        claim: Callable[[int], Awaitable[Sequence[T]]],
        work: Callable[[T], Coroutine[Any, Any, R]],
        record: Callable[[Sequence[R]], Awaitable[None]],
        share: Share,
    ) -> None:
        self._run = run
        self._claim = claim
        self._work = work
        self._record = record
        self._share = share
        self._running: set[asyncio.Task[R]] = set()
        self._finished: list[R] = []
        self._error: Exception | None = None
        self._clock = asyncio.get_running_loop().time
        self._looks_at = self._records_at = self._clock()

    async def run(self) -> None:
        try:
            while True:
                await self._look_for_more()
                if self._running:
                    await self._wait()
                elif self._share.room() or self._error or self._run.stopping.is_set():
                    break
                else:
                    await self._share.wait(self._run.stopping)
                if self._finished and (not self._running or self._clock() >= self._records_at):
                    await self._record_finished()
        finally:
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)
        if self._error is not None:
            raise self._error

    @property
    def _may_look(self) -> bool:
        """Tell whether to claim more: with room for as much as is under way, a claim brings many."""
        has_room = self._share.room() >= max(1, len(self._running))
        return has_room and self._error is None and not self._run.stopping.is_set()

    async def _look_for_more(self) -> None:
        if not self._may_look or (self._running and self._clock() < self._looks_at):
            return
        room = self._share.room()
        self._run.again.clear()
        self._share.take(room)
        claimed_at_s = steady_s()
        claimed: Sequence[T] = ()
        try:
            claimed = await self._claim(room)
        except Exception as error:  # noqa: BLE001 - raised when what runs has finished
            self._error = error
        finally:
            self._share.give_back(room - len(claimed))
        context = copy_context()
        context.run(acting_since, claimed_at_s)
        loop = asyncio.get_running_loop()
        for item in claimed:
            task = loop.create_task(self._work(item), context=context.copy())
            task.add_done_callback(lambda _: self._share.give_back())
            self._running.add(task)
        self._looks_at = self._clock() + (_REST_S if len(claimed) < room else 0.0)

    async def _wait(self) -> None:
        """Wait until a call ends, the bell rings, or it is time to look or to record."""
        looks_soon = self._may_look and self._run.again.is_set()
        limit_s = self._looks_at - self._clock() if looks_soon else _LOOK_AGAIN_S
        limit_s = min(limit_s, self._records_at - self._clock()) if self._finished else limit_s
        done = await _some_done(self._running, self._run.again, limit_s=limit_s)
        self._running -= done
        for task in done:
            error = task.exception()
            if error is None:
                self._finished.append(task.result())
            elif isinstance(error, Exception):
                self._error = self._error or error
            else:
                raise error

    async def _record_finished(self) -> None:
        finished, self._finished = self._finished, []
        try:
            await until_taken(self._run, lambda: self._record(finished))
        except Exception as error:  # noqa: BLE001 - raised when what runs has finished
            self._error = self._error or error
        self._records_at = self._clock() + _REST_S


async def _some_done(
    running: set[asyncio.Task[R]], again: asyncio.Event, *, limit_s: float
) -> set[asyncio.Task[R]]:
    """Wait until a call ends, the bell rings, or the time is up; return what has ended."""
    bell = None if again.is_set() else asyncio.ensure_future(again.wait())
    try:
        await asyncio.wait(
            {*running, bell} if bell else running,
            timeout=max(limit_s, 0.0),
            return_when=asyncio.FIRST_COMPLETED,
        )
    finally:
        if bell is not None:
            bell.cancel()
    return {task for task in running if task.done()}
