"""Ring for jobs after commit: at once, and then seldom, so that a thousand changes of one key are a few bells."""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from typing import Self

import procrastinate
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException

from saluhall.storage.pool import Pool

GATHER_S = 0.02
# Whoever was woken a moment ago is still at it, and looks again before it sleeps.
AGAIN_S = 0.1
_PATIENCE_S = 5.0
QUEUE = "bells"
_log = logging.getLogger(__name__)
_Bell = tuple[str, str]


def open_app(url: str, *, connections: int) -> procrastinate.App:
    """Make the library's application on the hub's database, with connections that heal as the hub's own do."""

    def pool(**_: object) -> Pool:
        return Pool(url, connections=connections, patience_s=_PATIENCE_S)

    return procrastinate.App(connector=procrastinate.PsycopgConnector(pool_factory=pool))


class Bells:
    """Collects bells and hands them to the queue, each at most once at a time and not again for a moment."""

    def __init__(self, url: str) -> None:
        self._app = open_app(url, connections=2)
        self._rung: dict[_Bell, None] = {}
        self._sent: dict[_Bell, float] = {}
        self._some = asyncio.Event()
        self._ringer: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self._app.open_async()
        self._ringer = asyncio.create_task(self._ring_forever())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._ringer is not None:
            self._ringer.cancel()
            await asyncio.gather(self._ringer, return_exceptions=True)
        await self._send(list(self._rung))
        await self._app.close_async()

    def ring(self, bells: Iterable[_Bell]) -> None:
        """Wake a job for a key, soon; both are names."""
        self._rung.update(dict.fromkeys(bells))
        self._some.set()

    async def _ring_forever(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            await self._some.wait()
            await asyncio.sleep(GATHER_S)
            self._sent = {bell: at for bell, at in self._sent.items() if clock() - at < AGAIN_S}
            ready = [bell for bell in self._rung if bell not in self._sent]
            self._sent |= dict.fromkeys(ready, clock())
            await self._send(ready)
            if not self._rung:
                self._some.clear()

    async def _send(self, bells: Sequence[_Bell]) -> None:
        for bell in bells:
            del self._rung[bell]
            await self._defer(*bell)

    async def _defer(self, job: str, key: str) -> None:
        try:
            await self._app.configure_task(
                job, queue=QUEUE, queueing_lock=f"{job}:{key}"
            ).defer_async(key=key)
        except AlreadyEnqueued:
            return  # it is going to run anyway
        except ConnectorException as error:
            _log.debug("a bell was lost; the sweeper will ring it again: %s", error)
