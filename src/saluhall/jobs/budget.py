"""The budget of calls, kept in the database: one for all of an application's calls at a channel, exact over all workers."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from saluhall.channel import OutOfBudget, Purpose
from saluhall.domain.connections import operations
from saluhall.kit.batching import Batcher
from saluhall.kit.outages import CALLS
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
        self._counted: Batcher[tuple[Purpose, int], None] = Batcher(self._count)

    async def spend(self, purpose: Purpose, *, needs: int = 1) -> None:
        """Count one call about to be made; those asked for while others are being counted are counted together. Raises OutOfBudget.

        It is refused, too, when not as many can be made as it `needs` to make sense.
        """
        try:
            await self._counted.submit((purpose, needs))
        except OutOfBudget as error:
            CALLS.failed(str(error), name=self._channel)
            raise
        if purpose is Purpose.POLL:  # which must leave the most to others: when it may, all may
            CALLS.succeeded(name=self._channel)

    async def _count(self, asked: Sequence[tuple[Purpose, int]]) -> Sequence[Exception | None]:
        async with self._db.statement() as tx:
            return await operations.spend(
                tx, self._channel, limit=self._limit, asked=asked, now=self._clock()
            )

    async def blocked(self, retry_in: timedelta | None) -> None:
        """Note a 429."""
        CALLS.failed("the marketplace takes no calls now", name=self._channel)
        now = self._clock()
        async with self._db.transaction() as tx:
            await operations.block(tx, self._channel, retry_in=retry_in, now=now)
