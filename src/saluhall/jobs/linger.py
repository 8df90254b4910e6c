"""Wait for what is due in a moment, so that its time is kept to the fraction of a second."""

import asyncio
from datetime import datetime, timedelta

from saluhall.jobs.run import Run

LINGER = timedelta(seconds=3)
_SHORTEST_S = 0.005


async def linger(run: Run, next_at: datetime | None) -> bool:
    """Sleep until `next_at` when that is soon, or until the bell rings again; False when it is not, or when the worker stops."""
    if next_at is None or next_at - run.clock() > LINGER or run.stopping.is_set():
        return False
    pause_s = max((next_at - run.clock()).total_seconds(), _SHORTEST_S)
    waiting = [asyncio.ensure_future(event.wait()) for event in (run.stopping, run.woken)]
    try:
        await asyncio.wait(waiting, timeout=pause_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waiting:
            each.cancel()
    run.woken.clear()
    return not run.stopping.is_set()
