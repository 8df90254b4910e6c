"""Send wake-ups through the database, so that a worker in any process and on any machine works a key."""

import asyncio
import logging
from collections.abc import Iterable
from typing import Self

import procrastinate
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException

from saluhall.storage.pool import Pool

# A key that was just woken is being worked, and looks again by itself; a thousand changes of it are a few wake-ups.
REPEAT_AFTER_S = 0.1
QUEUE = "wake_ups"
_TIMEOUT_S = 5.0
_log = logging.getLogger(__name__)
WakeUp = tuple[str, str]  # the names of a job and a key


def open_app(url: str, *, connections: int) -> procrastinate.App:
    """Return the library's application on the hub's database, with connections that heal as the hub's own do."""

    def pool(**_: object) -> Pool:
        return Pool(url, connections=connections, timeout_s=_TIMEOUT_S)

    return procrastinate.App(connector=procrastinate.PsycopgConnector(pool_factory=pool))


class WakeUps:
    """Sends each wake-up at once, and the same one no sooner than REPEAT_AFTER_S later."""

    def __init__(self, url: str) -> None:
        self._app = open_app(url, connections=2)
        self._unsent: asyncio.Queue[WakeUp] = asyncio.Queue()
        self._again: dict[
            WakeUp, bool
        ] = {}  # those of the last REPEAT_AFTER_S, and whether they came again
        self._sender: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self._app.open_async()
        self._sender = asyncio.create_task(self._send_forever())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._sender is not None:
            self._sender.cancel()
            await asyncio.gather(self._sender, return_exceptions=True)
        while not self._unsent.empty():
            await self._send(*self._unsent.get_nowait())
        for wake_up in [each for each, is_again in self._again.items() if is_again]:
            await self._send(*wake_up)
        await self._app.close_async()

    def wake(self, wake_ups: Iterable[WakeUp]) -> None:
        """Wake jobs for keys, soon."""
        for wake_up in wake_ups:
            if wake_up in self._again:
                self._again[wake_up] = True
            else:
                self._again[wake_up] = False
                self._unsent.put_nowait(wake_up)
                asyncio.get_running_loop().call_later(REPEAT_AFTER_S, self._end_pause, wake_up)

    def _end_pause(self, wake_up: WakeUp) -> None:
        if self._again.pop(wake_up):
            self.wake([wake_up])

    async def _send_forever(self) -> None:
        while True:
            await self._send(*await self._unsent.get())

    async def _send(self, job: str, key: str) -> None:
        try:
            await self._app.configure_task(
                job, queue=QUEUE, queueing_lock=f"{job}:{key}"
            ).defer_async(key=key)
        except AlreadyEnqueued:
            return  # it is going to run anyway
        except ConnectorException as error:
            _log.debug("a wake-up was lost; the sweep finds what is due: %s", error)
