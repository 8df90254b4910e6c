"""Write down what came of a claim as soon as the database takes it: the claim sees to it that nothing is written twice."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from saluhall.jobs.run import Run
from saluhall.kit.timeouts import is_set_within
from saluhall.storage.database import DatabaseUnavailable

T = TypeVar("T")
_TRY_EVERY_S = 0.25
_log = structlog.get_logger(__name__)


async def until_taken(run: Run, write: Callable[[], Awaitable[T]]) -> T:
    """Write until it succeeds. Raises DatabaseUnavailable only when the worker is told to stop: whoever ends gives everything back."""
    while True:
        try:
            return await write()
        except DatabaseUnavailable as error:
            _log.debug("the database is away; a result waits for it", error=str(error))
            if await is_set_within(run.stopping, _TRY_EVERY_S):
                raise
