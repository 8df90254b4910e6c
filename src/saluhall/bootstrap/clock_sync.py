"""Keep a process that claims nothing on the database's time (decision 0025)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from saluhall.kit.metrics import CLOCK_AHEAD, begin_outages
from saluhall.kit.outages import KINDS, settle_outages
from saluhall.kit.wrong_clock import WrongClock
from saluhall.storage import Database
from saluhall.storage.claims import take_time
from saluhall.storage.database import DatabaseUnavailable

_EVERY_S = 5.0
_LOOKS_AT_START = 3  # the quickest answer of them counts
_log = structlog.get_logger(__name__)


@asynccontextmanager
async def keeping_time(db: Database) -> AsyncIterator[None]:
    """Take the database's time at the start and every few seconds while this is open. Raises DatabaseUnavailable at the start."""
    begin_outages(KINDS)
    wrong_clock = WrongClock(CLOCK_AHEAD.labels("api"))
    for _ in range(_LOOKS_AT_START):
        await _look(db, wrong_clock)
    looking = asyncio.create_task(_look_forever(db, wrong_clock))
    try:
        yield
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)


async def _look(db: Database, wrong_clock: WrongClock) -> None:
    async with db.statement() as tx:
        await take_time(tx)
    wrong_clock.look()


async def _look_forever(db: Database, wrong_clock: WrongClock) -> None:
    while True:
        await asyncio.sleep(_EVERY_S)
        try:
            await _look(db, wrong_clock)
        except DatabaseUnavailable as error:
            _log.debug("the database did not return its time", error=str(error))
        settle_outages()
