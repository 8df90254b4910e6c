"""How long a process that ended stays away before it is started again."""

from datetime import timedelta

from saluhall.kit.retry import RetryPolicy

PROCESS_RESTARTS = RetryPolicy(base=timedelta(seconds=1), max=timedelta(seconds=10))
_LIVED_S = 30.0


class Restarts:
    """The first time none, then a second, then twice as long each time, up to ten seconds.

    After a process that lived for a while it begins again.
    """

    def __init__(self) -> None:
        self._ends = 0  # soon after a start, in a row

    def pause_s(self, *, lived_s: float) -> float:
        """Return the seconds to wait, after a process that lived so long."""
        if lived_s >= _LIVED_S:
            self._ends = 0
        pause_s = PROCESS_RESTARTS.delay(self._ends).total_seconds() if self._ends else 0.0
        self._ends += 1
        return pause_s
