"""Receive the wake-ups that other processes send."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable

from procrastinate import App
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Status
from procrastinate.schema import SchemaManager

from saluhall.kit import outages
from saluhall.kit.timeouts import is_set_within
from saluhall.queue.wake_ups import QUEUE, WakeUp, open_app
from saluhall.storage.failures import DatabaseUnavailable, explained
from saluhall.storage.pool import is_pooled

_log = logging.getLogger(__name__)
_DEAD_AFTER_S = 60
_RESTART_PAUSE_S = 1.0
_STEADY_S = 5.0  # that it runs is sure after so long
# The library forgets a notification that arrives while it fetches, and then waits for its next poll: so poll often (decision 0004).
_POLL_EVERY_S = 0.25


def schema() -> str:
    """Give the SQL that makes the queue's own tables."""
    return SchemaManager.get_schema()


async def receive_wake_ups(
    url: str,
    jobs: Iterable[str],
    wake: Callable[[Iterable[WakeUp]], None],
    *,
    concurrency: int,
    stopping: asyncio.Event,
) -> None:
    """Call `wake` for the wake-ups of these jobs until `stopping` is set.

    The library gives up when it cannot reach the database for a while; then it is started again.
    """
    app = open_app(url, connections=max(2, min(concurrency, 8)))
    for name in jobs:
        app.task(name=name, queue=QUEUE)(_task(name, wake))
    stop = asyncio.create_task(stopping.wait())
    while not stopping.is_set():
        working = asyncio.create_task(_run_once(app, url, concurrency))
        either = {working, stop}
        ended, _ = await asyncio.wait(
            either, timeout=_STEADY_S, return_when=asyncio.FIRST_COMPLETED
        )
        if not ended:
            outages.QUEUE.succeeded()
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        working.cancel()
        [failure] = await asyncio.gather(working, return_exceptions=True)
        if not stopping.is_set():
            _note(failure)
            await is_set_within(stopping, _RESTART_PAUSE_S)
    stop.cancel()


def _note(failure: object) -> None:
    """Note why the library stopped: usually an outage of the database, which `kit.outages` logs."""
    if isinstance(failure, ConnectorException | DatabaseUnavailable):
        _log.debug("the queue lost the database and is started again: %s", failure)
    else:
        outages.QUEUE.failed(str(failure))


async def _run_once(app: App, url: str, concurrency: int) -> None:
    """Run jobs until the library gives up. Raises whatever it gives up with.

    A pooler hands no notifications through: then polling is all there is.
    """
    listens = not await is_pooled(url)
    with explained():
        async with app.open_async():
            await app.run_worker_async(
                queues=[QUEUE],
                concurrency=concurrency,
                install_signal_handlers=False,
                delete_jobs="always",
                fetch_job_polling_interval=_POLL_EVERY_S,
                shutdown_graceful_timeout=0,
                listen_notify=listens,
            )


async def forget_stalled(url: str) -> int:
    """Drop the queue's rows of killed workers; what they were doing is due in its own table. Raises DatabaseUnavailable."""
    try:
        with explained():
            async with open_app(url, connections=1).open_async() as app:
                stalled = list(
                    await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=_DEAD_AFTER_S)
                )
                for job in stalled:
                    await app.job_manager.finish_job(job, status=Status.FAILED, delete_job=True)
    except ConnectorException as error:
        raise DatabaseUnavailable(str(error)) from error
    return len(stalled)


def _task(name: str, wake: Callable[[Iterable[WakeUp]], None]) -> Callable[..., Awaitable[None]]:
    """Return the library's task of a job, which only wakes the job: a key that is worked takes none of the library's slots."""

    async def run(key: str) -> None:
        wake([(name, key)])

    return run
