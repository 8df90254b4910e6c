"""Wait for what is due in a moment, so that its time is kept to the fraction of a second."""

from datetime import datetime, timedelta

from saluhall.jobs.run import Run
from saluhall.kit.waiting import is_set_within

LINGER = timedelta(seconds=3)
_SHORTEST_S = 0.005


async def linger(run: Run, next_at: datetime | None) -> bool:
    """Sleep until `next_at` when that is soon; False when it is not, or when the worker stops."""
    if next_at is None or next_at - run.clock() > LINGER or run.stopping.is_set():
        return False
    pause = (next_at - run.clock()).total_seconds()
    return not await is_set_within(run.stopping, max(pause, _SHORTEST_S))
