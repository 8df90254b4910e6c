"""Throw away lines of the webhook log that are too old, some at a time, and what nothing tells of any more without them."""

from datetime import timedelta

from saluhall.domain.webhooks import deliveries, listening, replays
from saluhall.jobs.run import Run, job_of

_EVERY = timedelta(hours=1)
_LEASE = timedelta(minutes=10)
_BATCH = 5000
# The log goes first: as long as a line stands in it, its delivery can be sent once more.
_STEPS = (deliveries.prune, deliveries.forget_finished, replays.forget_done)


async def drain(run: Run, key: str) -> None:
    """Prune what `key` names, which is the log, and say when to look again."""
    async with run.db.transaction() as tx:
        claim = await deliveries.claim_pruning(
            tx, key, worker=run.worker, lease=_LEASE, now=run.clock()
        )
    if claim is None:
        return
    keep = timedelta(days=run.telling.log_days)
    now = run.clock()
    for step in _STEPS:
        pruned = _BATCH
        while pruned == _BATCH and not run.stopping.is_set():
            async with run.db.transaction() as tx:
                pruned = await step(tx, keep=keep, limit=_BATCH, now=now)
    async with run.db.transaction() as tx:
        await listening.remove_expired(tx, now=run.clock())
    async with run.db.transaction() as tx:
        await deliveries.end_pruning(tx, key, claim, next_at=run.clock() + _EVERY)


PRUNE_LOG = job_of("prune_log", drain, table="prunings", key="kind", key_type="text")
