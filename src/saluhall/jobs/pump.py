"""Keep a bounded number of slow calls under way, claiming more as some finish."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, TypeVar

from saluhall.jobs.run import Run

T = TypeVar("T")
R = TypeVar("R")

# When less was due than there was room for, a look for more at each call that ends would mostly find nothing.
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

    What finishes while a batch is being recorded makes the next batch, so batches grow with the load. While some calls are slow, what
    becomes due meanwhile waits a second at most, and no moment when the bell rings for it. When the worker stops, nothing more is
    claimed. Raises whatever claim, work or record raise, after cancelling the rest.
    """
    running: set[asyncio.Task[R]] = set()
    clock = asyncio.get_running_loop().time
    rests_until = clock()
    try:
        while True:
            room = width - len(running)
            rest_s = rests_until - clock() if running else 0.0
            if room >= width / 2 and rest_s <= 0 and not run.stopping.is_set():
                run.again.clear()
                claimed = await claim(room)
                running |= {asyncio.ensure_future(work(item)) for item in claimed}
                rest_s = _REST_S if len(claimed) < room else 0.0
                rests_until = clock() + rest_s
            if not running:
                return
            done, running = await _some_done(running, run.again, rest_s=rest_s)
            if done:
                await record([task.result() for task in done])
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _some_done(
    running: set[asyncio.Task[R]], again: asyncio.Event, *, rest_s: float
) -> tuple[set[asyncio.Task[R]], set[asyncio.Task[R]]]:
    """Wait until a call ends, or it is time to look again: when the bell has rung, and it has rested. Tell what ended and what runs."""
    if again.is_set():
        await _first(running, timeout_s=rest_s if rest_s > 0 else _LOOK_AGAIN_S)
    else:
        bell = asyncio.ensure_future(again.wait())
        try:
            await _first({*running, bell}, timeout_s=_LOOK_AGAIN_S)
        finally:
            bell.cancel()
    done = {task for task in running if task.done()}
    return done, running - done


async def _first(tasks: Iterable[asyncio.Future[Any]], *, timeout_s: float) -> None:
    await asyncio.wait(tasks, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
