"""Wait for something, but not for ever; do something again and again, whatever happens."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

_log = structlog.get_logger(__name__)


async def is_set_within(event: asyncio.Event, seconds: float) -> bool:
    """Wait until an event is set, for so many seconds at most; return whether it was."""
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False


async def repeat(
    do: Callable[[], Awaitable[object]],
    *,
    every_s: float,
    stopping: asyncio.Event,
    name: str,
    expected: type[Exception],
) -> None:
    """Do something every so many seconds until `stopping` is set; a failure is logged and never ends it.

    An `expected` failure is logged at the level debug: `kit.outages` logs the outage that it belongs to. Any other is logged whole.
    """
    while not stopping.is_set():
        try:
            await do()
        except expected as error:
            _log.debug("failed, and tried again soon", what=name, error=str(error))
        except Exception:  # noqa: BLE001 - logged whole; whatever it is, the next time may succeed
            _log.exception("failed, and tried again soon: this is a bug", what=name)
        await is_set_within(stopping, every_s)
