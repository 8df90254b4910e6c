"""Streamed reads: connections of their own, a few for each account, and an end for readers that hardly read."""

import asyncio
import time
from collections.abc import Callable
from typing import Final
from uuid import UUID

from saluhall.dialect import Overloaded, TooManyExports
from saluhall.kit.fair_slots import FairSlots
from saluhall.storage import Database

CONNECTIONS: Final = 8
PER_ACCOUNT: Final = 2
_WAIT_S = 5.0
_MIN_BYTES_PER_S = 16 * 1024
_GRACE_S = 20.0


class Exports:
    """The streamed reads of one API process."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self._slots = FairSlots(CONNECTIONS, per_account=PER_ACCOUNT)

    async def take(self, account_id: UUID) -> Callable[[], None]:
        """Take one of the account's slots; return the function that releases it. Raises TooManyExports, Overloaded."""
        if self._slots.is_full_for(account_id):
            raise TooManyExports(PER_ACCOUNT)
        try:
            async with asyncio.timeout(_WAIT_S):
                await self._slots.take(account_id)
        except TimeoutError as error:
            raise Overloaded from error
        return _Slot(self._slots, account_id).release


class _Slot:
    """A slot that is held; it is released once, at the latest when it is garbage collected: a response may never be sent."""

    def __init__(self, slots: FairSlots, account_id: UUID) -> None:
        self._slots = slots
        self._account_id = account_id
        self._since = time.monotonic()
        self._is_held = True

    def release(self) -> None:
        """Release the slot."""
        if self._is_held:
            self._is_held = False
            self._slots.release(self._account_id, time.monotonic() - self._since)

    def __del__(self) -> None:
        self.release()


class Pace:
    """How much longer a reader may take: each block that it reads gains time, waiting for it costs time."""

    def __init__(self) -> None:
        self.left_s = _GRACE_S

    def note(self, size: int, waited_s: float) -> None:
        """Note that a block of so many bytes was read."""
        self.left_s = min(_GRACE_S, self.left_s - waited_s + size / _MIN_BYTES_PER_S)
