"""The budget of calls, kept in the database: one for all of an application's calls at a channel, exact over all workers."""

from collections.abc import Callable
from datetime import datetime, timedelta

from saluhall.channel import Purpose
from saluhall.domain.connections import operations, queries
from saluhall.storage import Database


class DatabaseBudget:
    """Implements `saluhall.channel.Budget`."""

    def __init__(
        self, db: Database, *, channel: str, limit: int, clock: Callable[[], datetime]
    ) -> None:
        self._db = db
        self._channel = channel
        self._limit = limit
        self._clock = clock

    async def spend(self, purpose: Purpose) -> None:
        """Count one call about to be made. Raises OutOfBudget."""
        now = self._clock()
        async with self._db.transaction() as tx:
            await operations.spend(tx, self._channel, limit=self._limit, purpose=purpose, now=now)

    async def require(self, purpose: Purpose, calls: int) -> None:
        """See that this many calls can be made. Raises OutOfBudget."""
        now = self._clock()
        async with self._db.statement() as tx:
            state = await queries.budget_of_channel(tx, self._channel, now=now)
        operations.check(state, limit=self._limit, purpose=purpose, calls=calls, now=now)

    async def blocked(self, retry_in: timedelta | None) -> None:
        """Note a 429."""
        now = self._clock()
        async with self._db.transaction() as tx:
            await operations.block(tx, self._channel, retry_in=retry_in, now=now)
