"""Wait for what is due in a moment, so that its time is kept to the fraction of a second."""

import asyncio
from datetime import datetime, timedelta

from saluhall.jobs.run import Run

LINGER = timedelta(seconds=3)


async def linger(run: Run, next_at: datetime | None) -> bool:
    """Sleep until `next_at` when that is soon; False when it is not, or when the worker stops."""
    if next_at is None or next_at - run.clock() > LINGER or run.stopping.is_set():
        return False
    pause = (next_at - run.clock()).total_seconds()
    try:
        async with asyncio.timeout(max(pause, 0.005)):
            await run.stopping.wait()
    except TimeoutError:
        return True
    return False
