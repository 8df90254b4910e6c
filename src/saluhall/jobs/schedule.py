"""Which jobs there are, and the sweeper that rings for whatever is due, so that a lost bell loses nothing."""

from functools import partial

import structlog

from saluhall.jobs.deliver_webhooks import DELIVER_WEBHOOKS
from saluhall.jobs.drainers import Ring
from saluhall.jobs.enhance_texts import ENHANCE_TEXTS
from saluhall.jobs.fetch_images import FETCH_IMAGES
from saluhall.jobs.poll_connection import POLL_CONNECTION
from saluhall.jobs.prune_log import PRUNE_LOG
from saluhall.jobs.push_orders import PUSH_ORDERS
from saluhall.jobs.replay_webhooks import REPLAY_WEBHOOKS
from saluhall.jobs.run import Job, Run
from saluhall.jobs.sync_connection import SYNC_CONNECTION
from saluhall.kit.liveness import show_life
from saluhall.kit.outages import settle_outages
from saluhall.kit.timeouts import repeat
from saluhall.storage.database import DatabaseUnavailable

JOBS: tuple[Job, ...] = (
    FETCH_IMAGES,
    ENHANCE_TEXTS,
    SYNC_CONNECTION,
    POLL_CONNECTION,
    PUSH_ORDERS,
    DELIVER_WEBHOOKS,
    REPLAY_WEBHOOKS,
    PRUNE_LOG,
)
SWEEP_EVERY_S = 1.0
_log = structlog.get_logger(__name__)


async def sweep_forever(run: Run, ring: Ring) -> None:
    """Every second: ring for what is due."""
    await repeat(
        partial(_sweep_alive, run, ring),
        every_s=SWEEP_EVERY_S,
        stopping=run.stopping,
        name="sweep",
        expected=DatabaseUnavailable,
    )


async def _sweep_alive(run: Run, ring: Ring) -> None:
    """Sweep once, and show to the supervisor that this worker lives: also when its database is away, for then no restart helps."""
    try:
        await sweep(run, ring)
    except DatabaseUnavailable:
        show_life()
        raise
    show_life()
    settle_outages()


async def sweep(run: Run, ring: Ring) -> None:
    """Sweep once."""
    now = run.clock()
    for job in JOBS:
        async with run.db.statement() as tx:
            keys = await tx.all(lambda row: str(row["key"]), job.due_keys, {"now": now})
        ring((job.name, key) for key in keys)
