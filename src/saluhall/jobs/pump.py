"""Keep a bounded number of slow calls under way, claiming more as some finish."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


async def pump(
    claim: Callable[[int], Awaitable[Sequence[T]]],
    work: Callable[[T], Awaitable[R]],
    record: Callable[[Sequence[R]], Awaitable[None]],
    *,
    width: int,
    stopping: asyncio.Event,
) -> None:
    """Claim up to `width` at a time, work them side by side, record results in batches, until nothing is due.

    What finishes while a batch is being recorded makes the next batch, so batches grow with the load. When `stopping` is set, nothing
    more is claimed. Raises whatever claim, work or record raise, after cancelling the rest.
    """
    running: set[asyncio.Task[R]] = set()
    try:
        while True:
            if len(running) <= width // 2 and not stopping.is_set():
                claimed = await claim(width - len(running))
                running |= {asyncio.ensure_future(work(item)) for item in claimed}
            if not running:
                return
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            await record([task.result() for task in done])
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
