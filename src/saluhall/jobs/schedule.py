"""Which jobs there are, and the sweep that finds whatever is due, so that a lost wake-up loses nothing."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from saluhall.jobs.deliver_webhooks import DELIVER_WEBHOOKS
from saluhall.jobs.enhance_texts import ENHANCE_TEXTS
from saluhall.jobs.fetch_images import FETCH_IMAGES
from saluhall.jobs.poll_connection import POLL_CONNECTION
from saluhall.jobs.prune_log import PRUNE_LOG
from saluhall.jobs.push_orders import PUSH_ORDERS
from saluhall.jobs.record_changes import RECORD_CHANGES
from saluhall.jobs.replay_webhooks import REPLAY_WEBHOOKS
from saluhall.jobs.run import Job, Run
from saluhall.jobs.sync_connection import SYNC_CONNECTION
from saluhall.kit.liveness import show_life
from saluhall.kit.outages import settle_outages
from saluhall.kit.timeouts import repeat
from saluhall.storage.database import DatabaseUnavailable

JOBS: tuple[Job[Any, Any, Any], ...] = (
    FETCH_IMAGES,
    ENHANCE_TEXTS,
    SYNC_CONNECTION,
    POLL_CONNECTION,
    PUSH_ORDERS,
    RECORD_CHANGES,
    DELIVER_WEBHOOKS,
    REPLAY_WEBHOOKS,
    PRUNE_LOG,
)
SWEEP_EVERY_S = 1.0
Wake = Callable[[Iterable[tuple[str, str]]], None]


async def sweep_forever(run: Run, wake: Wake) -> None:
    """Wake every second what is due."""
    await repeat(
        partial(_sweep_alive, run, wake),
        every_s=SWEEP_EVERY_S,
        stopping=run.stopping,
        name="sweep",
        expected=DatabaseUnavailable,
    )


async def _sweep_alive(run: Run, wake: Wake) -> None:
    """Sweep once, and show the supervisor that this worker lives, also when its database is away: no restart helps then."""
    try:
        await sweep(run, wake)
    except DatabaseUnavailable:
        show_life()
        raise
    show_life()
    settle_outages()


async def sweep(run: Run, wake: Wake) -> None:
    """Sweep once."""
    now = run.clock()
    for job in JOBS:
        async with run.db.statement() as tx:
            keys = await tx.all(lambda row: str(row["key"]), job.rows.due_keys, {"now": now})
        wake((job.name, key) for key in keys)
