"""Show every second that this worker lives, until its very end; take the database's time; return what silent workers held."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import structlog

from saluhall.jobs.due import DUE_ROWS
from saluhall.kit.clock import steady_s, utc_now
from saluhall.kit.metrics import CLOCK_AHEAD
from saluhall.kit.outages import DATABASE
from saluhall.kit.wrong_clock import WrongClock
from saluhall.storage import Database, claims
from saluhall.storage.claims import Life
from saluhall.storage.database import DatabaseUnavailable

_TIMEOUT_S = 3.0
_RELEASES = [rows.release for rows in DUE_ROWS.values()]
_log = structlog.get_logger(__name__)


class Heartbeat:
    """The beats of one worker, over a connection of their own: they wait for no work."""

    def __init__(self, db: Database, worker: UUID, life: Life) -> None:
        self._db = db
        self._worker = worker
        self._life = life
        self._wrong_clock = WrongClock(CLOCK_AHEAD.labels("worker"))

    async def beat(self) -> None:
        """Beat once; bury silent workers, if we have watched for long enough to know. Raises DatabaseUnavailable."""
        sent_at = steady_s()
        async with self._db.statement() as tx:
            beat = await claims.send_heartbeat(tx, self._worker)
        self._life.beat(sent_at=sent_at, is_new=beat.is_new, at=beat.at)
        self._wrong_clock.look()
        if self._life.may_judge:
            await self._bury()

    async def _bury(self) -> None:
        async with self._db.transaction() as tx:
            dead = await claims.delete_dead(tx, self._worker)
            if dead:
                await claims.release(tx, _RELEASES, dead, now=utc_now())
        if dead:
            names = [str(each.id) for each in dead]
            _log.warning("released the work of dead workers", workers=names)

    async def beat_forever(self) -> None:
        """Beat every second, whatever happens."""
        while True:
            try:
                async with asyncio.timeout(_TIMEOUT_S):
                    await self.beat()
            except TimeoutError:
                DATABASE.failed(f"it answers no heartbeat within {_TIMEOUT_S:g} s")
            except DatabaseUnavailable as error:
                _log.debug("a heartbeat did not arrive", error=str(error))
            except Exception:  # noqa: BLE001 - the next beat is tried all the same
                _log.exception("a heartbeat failed: this is a bug")
            await asyncio.sleep(claims.BEAT_EVERY_S)

    async def leave(self) -> None:
        """Release what this worker still holds: it ends."""
        async with self._db.transaction() as tx:
            await claims.sign_off(tx, _RELEASES, self._worker, now=utc_now())


@asynccontextmanager
async def beating(url: str, worker: UUID, life: Life) -> AsyncIterator[None]:
    """Show that a worker lives for as long as this is open, which is until nothing of it runs; then release what it holds."""
    async with Database(url, connections=1, timeout_s=_TIMEOUT_S) as db:
        heart = Heartbeat(db, worker, life)
        await heart.beat()
        beats = asyncio.create_task(heart.beat_forever())
        try:
            yield
        finally:
            beats.cancel()
            await asyncio.gather(beats, return_exceptions=True)
            try:
                await heart.leave()
            except DatabaseUnavailable as error:
                _log.warning("the work of this worker is left for others", error=str(error))
