"""The budget of calls, kept in the database: one for all of an application's calls at a channel, exact over all workers."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from saluhall.channel import Purpose
from saluhall.domain.connections import operations
from saluhall.storage import Database

_Asked = tuple[Purpose, int, asyncio.Future[None]]


class DatabaseBudget:
    """Implements `saluhall.channel.Budget`."""

    def __init__(
        self, db: Database, *, channel: str, limit: int, clock: Callable[[], datetime]
    ) -> None:
        self._db = db
        self._channel = channel
        self._limit = limit
        self._clock = clock
        self._asked: list[_Asked] = []
        self._counter: asyncio.Task[None] | None = None

    async def spend(self, purpose: Purpose, *, needs: int = 1) -> None:
        """Count one call about to be made; those asked for while others are being counted are counted together. Raises OutOfBudget.

        It is refused, too, when not as many can be made as it `needs` to make sense.
        """
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._asked.append((purpose, needs, answer))
        if self._counter is None or self._counter.done():
            self._counter = asyncio.create_task(self._count())
        await answer

    async def _count(self) -> None:
        while self._asked:
            asked, self._asked = self._asked, []
            try:
                refusals = await self._count_all([(purpose, needs) for purpose, needs, _ in asked])
            except Exception as error:  # noqa: BLE001 - whoever asked is told
                refusals = [error] * len(asked)
            for (_, _, answer), refusal in zip(asked, refusals, strict=True):
                if answer.done():
                    continue  # whoever asked was cancelled meanwhile
                if refusal is None:
                    answer.set_result(None)
                else:
                    answer.set_exception(refusal)

    async def _count_all(self, asked: Sequence[tuple[Purpose, int]]) -> Sequence[Exception | None]:
        async with self._db.statement() as tx:
            return await operations.spend(
                tx, self._channel, limit=self._limit, asked=asked, now=self._clock()
            )

    async def blocked(self, retry_in: timedelta | None) -> None:
        """Note a 429."""
        now = self._clock()
        async with self._db.transaction() as tx:
            await operations.block(tx, self._channel, retry_in=retry_in, now=now)
