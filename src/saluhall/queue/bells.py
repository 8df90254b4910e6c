"""Ring for jobs after commit: gathered for a moment, so that a thousand changes of one key are one bell."""

import asyncio
import logging
from collections.abc import Iterable
from typing import Self

import procrastinate
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException

from saluhall.storage.database import RECONNECT_S

GATHER_S = 0.02
_PATIENCE_S = 5.0
QUEUE = "bells"
_log = logging.getLogger(__name__)


def open_app(url: str, *, connections: int) -> procrastinate.App:
    """Make the library's application on the hub's database."""
    connector = procrastinate.PsycopgConnector(
        conninfo=url,
        min_size=1,
        max_size=connections,
        timeout=_PATIENCE_S,
        reconnect_timeout=RECONNECT_S,
    )
    return procrastinate.App(connector=connector)


class Bells:
    """Collects bells and hands them to the queue, each key at most once at a time."""

    def __init__(self, url: str) -> None:
        self._app = open_app(url, connections=2)
        self._rung: dict[tuple[str, str], None] = {}
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
        await self._flush()
        await self._app.close_async()

    def ring(self, bells: Iterable[tuple[str, str]]) -> None:
        """Wake a job for a key, soon; both are names."""
        self._rung.update(dict.fromkeys(bells))
        self._some.set()

    async def _ring_forever(self) -> None:
        while True:
            await self._some.wait()
            await asyncio.sleep(GATHER_S)
            self._some.clear()
            await self._flush()

    async def _flush(self) -> None:
        rung, self._rung = self._rung, {}
        for job, key in rung:
            try:
                await self._app.configure_task(
                    job, queue=QUEUE, queueing_lock=f"{job}:{key}"
                ).defer_async(key=key)
            except AlreadyEnqueued:
                continue  # it is going to run anyway
            except ConnectorException as error:
                _log.warning("a bell was lost; the sweeper will ring it again: %s", error)
