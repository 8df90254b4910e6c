"""What the marketplace remembers of the calls it got, and how many it allows."""

from collections import Counter, deque
from datetime import datetime, timedelta

from saluhall.practice.tradera.clock import text_of
from saluhall.practice.tradera.errors import QuotaSpent

KEPT = 100_000
DAY = timedelta(hours=24)


class CallLog:
    """The last calls, oldest first."""

    def __init__(self) -> None:
        self._entries: deque[dict[str, object]] = deque(maxlen=KEPT)

    def note(
        self, *, at: datetime, method: str, path: str, query: str, user: str | None
    ) -> dict[str, object]:
        """Enter a call the moment it comes; its status is filled in when it is known."""
        entry: dict[str, object] = {
            "time": text_of(at),
            "method": method,
            "path": path,
            "query": query,
            "user": user,
            "status": None,
            "dropped": False,
        }
        self._entries.append(entry)
        return entry

    def entries(self) -> list[dict[str, object]]:
        """List the calls."""
        return list(self._entries)


class Quota:
    """How many calls an application has in 24 hours of marketplace time; None = no limit."""

    def __init__(self, *, whole: int | None = None, each: int | None = None) -> None:
        self.whole, self.each = whole, each
        self._since: datetime | None = None
        self._spent: Counter[tuple[int, str]] = Counter()

    def spend(self, *, app_id: int, method: str, now: datetime) -> None:
        """Count one call of one API method. Raises QuotaSpent."""
        if self._since is None or now - self._since >= DAY:
            self._since = now
            self._spent.clear()
        for key, limit in (((app_id, ""), self.whole), ((app_id, method), self.each)):
            if limit is not None and self._spent[key] >= limit:
                raise QuotaSpent(f"The limit of {limit} calls per 24 hours is reached")
        self._spent[app_id, ""] += 1
        self._spent[app_id, method] += 1
