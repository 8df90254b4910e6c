"""What keeps a connection's work waiting: noted on the connection when it begins, changes and ends."""

from datetime import timedelta

from saluhall.channel import OutOfBudget
from saluhall.domain.connections import operations
from saluhall.domain.connections.model import Connection, Wait, WaitsFor
from saluhall.jobs.run import Run
from saluhall.kit.outages import CALLS

_SAME = timedelta(seconds=5)
_UNKNOWN = timedelta(minutes=1)


class Waits:
    """What one job finds out about a connection; `note` writes it down, if it is news."""

    def __init__(self, run: Run, connection: Connection) -> None:
        self._run = run
        self._connection = connection
        self._known = connection.wait
        self._found: Wait | None = None
        self._works = False

    def out_of_calls(self, error: OutOfBudget) -> str:
        """Find that no call may be made; return the sentence about it."""
        CALLS.failed(str(error), name=self._connection.channel)
        reason = f"The calls to {self._label} are used up: {error}."
        self._find(WaitsFor.CALLS, reason, error.retry_in or _UNKNOWN)
        return reason

    def unreachable(self, reason: str, retry_in: timedelta) -> None:
        """Find that the marketplace does not do what it is asked for."""
        self._find(WaitsFor.MARKETPLACE, reason, retry_in)

    def works(self) -> None:
        """Find that a call succeeded; a failure in the same pass counts more."""
        self._works = True

    def has_calls(self) -> None:
        """Find that the budget allows everything."""
        CALLS.succeeded(name=self._connection.channel)

    async def note(self) -> None:
        """Write down what was found since the last time. Raises DatabaseUnavailable."""
        found, works = self._found, self._works
        self._found, self._works = None, False
        if not (found or works) or _is_same(self._known, found):
            return
        async with self._run.db.statement() as tx:
            await operations.note_wait(tx, self._connection, found, now=self._run.clock())
        self._known = found

    @property
    def _label(self) -> str:
        return self._run.channels[self._connection.channel].label

    def _find(self, waits_for: WaitsFor, reason: str, retry_in: timedelta) -> None:
        next_try_at = self._run.clock() + retry_in
        self._found = Wait(waits_for=waits_for, reason=reason, next_try_at=next_try_at)


def _is_same(known: Wait | None, found: Wait | None) -> bool:
    if known is None or found is None:
        return known is found
    is_alike = (known.waits_for, known.reason) == (found.waits_for, found.reason)
    return is_alike and abs(known.next_try_at - found.next_try_at) <= _SAME
