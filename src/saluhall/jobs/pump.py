"""Keep a bounded number of slow calls under way, claiming more as some finish."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from saluhall.jobs.run import Run

T = TypeVar("T")
R = TypeVar("R")

# When less was due than there was room for, a look for more at each call that ends would mostly find nothing; and what ends a moment
# later costs nothing to record in the same transaction.
_REST_S = 0.025
_LOOK_AGAIN_S = 1.0


async def pump(
    run: Run,
    claim: Callable[[int], Awaitable[Sequence[T]]],
    work: Callable[[T], Awaitable[R]],
    record: Callable[[Sequence[R]], Awaitable[None]],
    *,
    width: int,
) -> None:
    """Claim up to `width` at a time, work them side by side, record results in batches, until nothing is due.

    What finishes within a moment, or while a batch is being recorded, makes the next batch. While some calls are slow, what becomes
    due meanwhile waits a second at most, and only a moment when the bell rings for it. When the worker stops, nothing more is claimed.
    Raises whatever claim, work or record raise, after cancelling the rest.
    """
    running: set[asyncio.Task[R]] = set()
    finished: list[R] = []
    clock = asyncio.get_running_loop().time
    looks_at = records_at = clock()
    try:
        while True:
            room = width - len(running)
            may_look = room >= width / 2 and not run.stopping.is_set()
            if may_look and (not running or clock() >= looks_at):
                run.again.clear()
                claimed = await claim(room)
                running |= {asyncio.ensure_future(work(item)) for item in claimed}
                looks_at = clock() + (_REST_S if len(claimed) < room else 0.0)
            if not running:
                return
            limit_s = looks_at - clock() if may_look and run.again.is_set() else _LOOK_AGAIN_S
            limit_s = min(limit_s, records_at - clock()) if finished else limit_s
            done, running = await _some_done(running, run.again, limit_s=limit_s)
            finished += [task.result() for task in done]
            if finished and (not running or clock() >= records_at):
                await record(finished)
                finished = []
                records_at = clock() + _REST_S
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _some_done(
    running: set[asyncio.Task[R]], again: asyncio.Event, *, limit_s: float
) -> tuple[set[asyncio.Task[R]], set[asyncio.Task[R]]]:
    """Wait until a call ends, the bell rings, or the time is up; tell what has ended, and what still runs."""
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
    done = {task for task in running if task.done()}
    return done, running - done
