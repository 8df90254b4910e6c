"""The marketplace's clock: real time, plus what somebody has turned it forward."""

from datetime import UTC, datetime, timedelta

from saluhall.practice.tradera.errors import Refused

FURTHEST = timedelta(days=365 * 1000)


def aware(moment: datetime) -> datetime:
    """Read a moment without a zone as UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def text_of(moment: datetime) -> str:
    """Write a moment as the marketplace does."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


class Clock:
    """Runs with real time and can be turned forward, never back."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        """Return the marketplace's time."""
        return datetime.now(UTC) + self._ahead

    def advance(self, *, seconds: float) -> datetime:
        """Turn the clock forward and return the new time. Raises Refused past a thousand years."""
        if seconds > (FURTHEST - self._ahead).total_seconds():
            raise Refused("The clock does not go that far")
        self._ahead += timedelta(seconds=seconds)
        return self.now()
