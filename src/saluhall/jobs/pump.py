"""Keep a bounded number of slow calls under way, claiming more as some finish."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

# When less was due than there was room for, a look for more at each call that ends would mostly find nothing.
_REST_S = 0.025
_LOOK_AGAIN_S = 1.0


async def pump(
    claim: Callable[[int], Awaitable[Sequence[T]]],
    work: Callable[[T], Awaitable[R]],
    record: Callable[[Sequence[R]], Awaitable[None]],
    *,
    width: int,
    stopping: asyncio.Event,
) -> None:
    """Claim up to `width` at a time, work them side by side, record results in batches, until nothing is due.

    What finishes while a batch is being recorded makes the next batch, so batches grow with the load. While some calls are slow, what
    becomes due meanwhile waits a second at most. When `stopping` is set, nothing more is claimed. Raises whatever claim, work or record
    raise, after cancelling the rest.
    """
    running: set[asyncio.Task[R]] = set()
    clock = asyncio.get_running_loop().time
    rests_until = clock()
    try:
        while True:
            room = width - len(running)
            is_rested = not running or clock() >= rests_until
            if room >= width / 2 and is_rested and not stopping.is_set():
                claimed = await claim(room)
                running |= {asyncio.ensure_future(work(item)) for item in claimed}
                rests_until = clock() + (_REST_S if len(claimed) < room else 0.0)
            if not running:
                return
            done, running = await asyncio.wait(
                running, timeout=_LOOK_AGAIN_S, return_when=asyncio.FIRST_COMPLETED
            )
            if done:
                await record([task.result() for task in done])
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
