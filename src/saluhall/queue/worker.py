"""Run jobs for the wake-ups in the queue."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from procrastinate import App
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Status
from procrastinate.schema import SchemaManager

from saluhall.kit import outages
from saluhall.kit.timeouts import is_set_within
from saluhall.queue.wake_ups import QUEUE, open_app
from saluhall.storage.failures import DatabaseUnavailable, explained
from saluhall.storage.pool import is_pooled

_log = logging.getLogger(__name__)
Drain = Callable[[str], Awaitable[None]]
_DEAD_AFTER_S = 60
_RESTART_PAUSE_S = 1.0
_STEADY_S = 5.0  # that it runs is sure after so long
# The library forgets a notification that arrives while it fetches, and then waits for its next poll: so poll often (decision 0004).
_POLL_EVERY_S = 0.25


def schema() -> str:
    """Give the SQL that makes the queue's own tables."""
    return SchemaManager.get_schema()


async def run_jobs(
    url: str,
    jobs: Mapping[str, Drain],
    *,
    concurrency: int,
    stopping: asyncio.Event,
    grace_s: float,
) -> None:
    """Run jobs until `stopping` is set; then let what runs finish, for at most `grace_s` seconds.

    The library gives up when it cannot reach the database for a while; then it is started again.
    """
    app = open_app(url, connections=max(2, min(concurrency, 8)))
    drains: set[asyncio.Future[None]] = set()
    for name, drain in jobs.items():
        app.task(name=name, queue=QUEUE)(_task(drain, drains))
    while not stopping.is_set():
        working = asyncio.create_task(_run_once(app, url, concurrency))
        if not await _is_over_within(working, stopping, _STEADY_S):
            outages.QUEUE.succeeded()
        await _first_of(working, stopping)
        working.cancel()
        [failure] = await asyncio.gather(working, return_exceptions=True)
        if not stopping.is_set():
            _note(failure)
            await is_set_within(stopping, _RESTART_PAUSE_S)
    await _finished(drains, within_s=grace_s)


def _note(failure: object) -> None:
    """Note why the library stopped: usually an outage of the database, which `kit.outages` logs."""
    if isinstance(failure, ConnectorException | DatabaseUnavailable):
        _log.debug("the queue lost the database and is started again: %s", failure)
    else:
        outages.QUEUE.failed(str(failure))


async def _is_over_within(working: asyncio.Task[None], stopping: asyncio.Event, s: float) -> bool:
    """Tell whether the library stopped, or the worker is told to, within so many seconds."""
    try:
        async with asyncio.timeout(s):
            await _first_of(working, stopping)
    except TimeoutError:
        return False
    return True


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


async def _finished(drains: set[asyncio.Future[None]], *, within_s: float) -> None:
    """Let drains finish for so long; cancel the rest."""
    if drains:
        await asyncio.wait(drains, timeout=within_s)
    for drain in drains:
        drain.cancel()
    await asyncio.gather(*drains, return_exceptions=True)


async def _first_of(working: asyncio.Task[None], stopping: asyncio.Event) -> None:
    stop = asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait({working, stop}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stop.cancel()


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


def _task(drain: Drain, drains: set[asyncio.Future[None]]) -> Callable[..., Awaitable[None]]:
    """Make the library's task of a drain, which goes on when the library cancels the task because it lost the database."""

    async def run(key: str) -> None:
        draining = asyncio.ensure_future(drain(key))
        drains.add(draining)
        draining.add_done_callback(drains.discard)
        await asyncio.shield(draining)

    return run
