"""The one place that reads clocks. The hub's time is the database's, once a process has compared itself with it (decision 0025)."""

import time
from datetime import UTC, datetime, timedelta

# Counts on while a machine sleeps, where there is such a clock.
_STEADY = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def steady_s() -> float:
    """Return the seconds of a clock that nobody sets: only differences mean anything."""
    return time.clock_gettime(_STEADY)


class HubClock:
    """The time of the database, counted on by the steady clock between two comparisons; until the first one, the machine's own."""

    def __init__(self) -> None:
        self._zero_at: datetime | None = None  # the database's time when the steady clock was 0

    def now(self) -> datetime:
        """Return the current instant, aware and in UTC."""
        if self._zero_at is None:
            return datetime.now(UTC)
        return self._zero_at + timedelta(seconds=steady_s())

    def compare(self, at: datetime, *, asked_s: float, answered_s: float) -> None:
        """Take over the database's time `at`, which it read between two instants of our steady clock.

        It may have been read at any moment between them, so a slow answer moves our time only as far as it proves it wrong.
        """
        earliest = at.astimezone(UTC) - timedelta(seconds=answered_s)
        latest = at.astimezone(UTC) - timedelta(seconds=asked_s)
        middle = earliest + (latest - earliest) / 2
        self._zero_at = min(max(self._zero_at or middle, earliest), latest)

    def machine_is_ahead_by(self) -> timedelta:
        """Return how far the machine's own clock is ahead of the hub's time; negative when it is behind."""
        return datetime.now(UTC) - self.now()


HUB_CLOCK = HubClock()


def utc_now() -> datetime:
    """Return the current instant, aware and in UTC."""
    return HUB_CLOCK.now()


def unix_ms() -> int:
    """Return the current instant as milliseconds since 1970."""
    return (HUB_CLOCK.now() - _EPOCH) // timedelta(milliseconds=1)


def iso_from_instant(instant: datetime) -> str:
    """Write an instant as ISO 8601 in UTC with a `Z`, to the second."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
