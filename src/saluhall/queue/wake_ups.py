"""Wake jobs after commit: immediately at first, then at intervals, so that a thousand changes of one key are a few wake-ups."""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from typing import Self

import procrastinate
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException

from saluhall.storage.pool import Pool

COLLECT_S = 0.02
# A job that was woken a moment ago still runs, and looks for due rows again before it ends.
REPEAT_AFTER_S = 0.1
_TIMEOUT_S = 5.0
QUEUE = "wake_ups"
_log = logging.getLogger(__name__)
_WakeUp = tuple[str, str]


def open_app(url: str, *, connections: int) -> procrastinate.App:
    """Return the library's application on the hub's database, with connections that heal as the hub's own do."""

    def pool(**_: object) -> Pool:
        return Pool(url, connections=connections, timeout_s=_TIMEOUT_S)

    return procrastinate.App(connector=procrastinate.PsycopgConnector(pool_factory=pool))


class WakeUps:
    """Collects wake-ups and sends them to the queue; the same one is sent again after `REPEAT_AFTER_S` at the earliest."""

    def __init__(self, url: str) -> None:
        self._app = open_app(url, connections=2)
        self._pending: dict[_WakeUp, None] = {}
        self._sent: dict[_WakeUp, float] = {}
        self._some = asyncio.Event()
        self._sender: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self._app.open_async()
        self._sender = asyncio.create_task(self._send_forever())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._sender is not None:
            self._sender.cancel()
            await asyncio.gather(self._sender, return_exceptions=True)
        await self._send(list(self._pending))
        await self._app.close_async()

    def wake(self, wake_ups: Iterable[_WakeUp]) -> None:
        """Send wake-ups soon; each is a job and a key."""
        self._pending.update(dict.fromkeys(wake_ups))
        self._some.set()

    async def _send_forever(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            await self._some.wait()
            await asyncio.sleep(COLLECT_S)
            self._sent = {
                wake_up: at for wake_up, at in self._sent.items() if clock() - at < REPEAT_AFTER_S
            }
            ready = [wake_up for wake_up in self._pending if wake_up not in self._sent]
            self._sent |= dict.fromkeys(ready, clock())
            await self._send(ready)
            if not self._pending:
                self._some.clear()

    async def _send(self, wake_ups: Sequence[_WakeUp]) -> None:
        for wake_up in wake_ups:
            del self._pending[wake_up]
            await self._defer(*wake_up)

    async def _defer(self, job: str, key: str) -> None:
        try:
            await self._app.configure_task(
                job, queue=QUEUE, queueing_lock=f"{job}:{key}"
            ).defer_async(key=key)
        except AlreadyEnqueued:
            return  # the job is queued for this key already
        except ConnectorException as error:
            _log.debug("a wake-up was lost; the sweeper sends it again: %s", error)
