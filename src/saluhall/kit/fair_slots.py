"""A few slots shared by many accounts: the account that used the least time lately goes first."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import asynccontextmanager

_HALF_LIFE_S = 30.0
_FORGOTTEN_S = 0.001
_REMEMBERED = 256


class FairSlots:
    """So many slots, of which one account holds `per_account` at most; by default all but the last, so that its slow work stops nobody.

    Of those that wait, the account that holds the fewest goes first, then the one that used the least time; time counts half after
    `_HALF_LIFE_S`.
    """

    def __init__(
        self,
        slots: int,
        *,
        per_account: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._slots = slots
        self._per_account = per_account or max(1, slots - 1)
        self._clock = clock
        self._held: dict[Hashable, int] = {}
        self._used: dict[Hashable, tuple[float, float]] = {}
        self._waiting: list[tuple[Hashable, asyncio.Future[None]]] = []

    @asynccontextmanager
    async def slot(self, account: Hashable) -> AsyncIterator[None]:
        """Hold a slot for an account; what is done inside counts as its time."""
        await self.take(account)
        started = self._clock()
        try:
            yield
        finally:
            self.release(account, self._clock() - started)

    def is_full_for(self, account: Hashable) -> bool:
        """Return whether an account holds as many slots as one account may."""
        return self._held.get(account, 0) >= self._per_account

    def used_s(self, account: Hashable) -> float:
        """Return the seconds that an account used, older ones counting less."""
        used, at = self._used.get(account, (0.0, 0.0))
        return float(used * 0.5 ** ((self._clock() - at) / _HALF_LIFE_S))

    async def take(self, account: Hashable) -> None:
        """Wait for a slot, which must be released."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((account, turn))
        self._serve()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.release(account, 0.0)
            raise

    def release(self, account: Hashable, seconds: float) -> None:
        """Release a slot that was held for so many seconds."""
        self._held[account] -= 1
        if not self._held[account]:
            del self._held[account]
        self._used[account] = (self.used_s(account) + seconds, self._clock())
        self._serve()
        if len(self._used) > _REMEMBERED:
            self._used = {a: self._used[a] for a in self._used if self.used_s(a) > _FORGOTTEN_S}

    def _serve(self) -> None:
        while sum(self._held.values()) < self._slots:
            self._waiting = [waiting for waiting in self._waiting if not waiting[1].done()]
            allowed = [w for w in self._waiting if not self.is_full_for(w[0])]
            if not allowed:
                return
            chosen = min(allowed, key=lambda waiting: self._rank(waiting[0]))
            self._waiting.remove(chosen)
            account, turn = chosen
            self._held[account] = self._held.get(account, 0) + 1
            turn.set_result(None)

    def _rank(self, account: Hashable) -> tuple[int, float]:
        return self._held.get(account, 0), self.used_s(account)
