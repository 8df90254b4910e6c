"""Once an hour: delete old attempts in the webhook log, and what is without any reference then; notify of logins that expire soon."""

from collections.abc import Sequence
from datetime import timedelta

from saluhall.domain.connections import expiry
from saluhall.domain.webhooks import deliveries, listening, replays
from saluhall.jobs.run import Job, Opened, opens
from saluhall.kit.claim import Claim

_EVERY = timedelta(hours=1)
_LEASE = timedelta(minutes=10)
_BATCH = 5000
# The log goes first: as long as an attempt is in it, its delivery can be sent once more.
_STEPS = (deliveries.prune, deliveries.forget_finished, replays.forget_done)


async def _claim(pruning: Opened, _: int) -> Sequence[Claim]:
    run = pruning.run
    async with run.db.transaction() as tx:
        claim = await deliveries.claim_pruning(
            tx, pruning.key, worker=run.worker, lease=_LEASE, now=run.clock()
        )
    return () if claim is None else [claim]


async def _work(pruning: Opened, claim: Claim) -> None:
    """Delete what is too old, and note when to look again."""
    run = pruning.run
    keep, now = timedelta(days=run.webhooks.log_days), run.clock()
    for step in _STEPS:
        pruned = _BATCH
        while pruned == _BATCH and not run.stopping.is_set():
            async with run.db.transaction() as tx:
                pruned = await step(tx, keep=keep, limit=_BATCH, now=now)
    labels = {name: card.label for name, card in run.channels.items()}
    noticed = _BATCH
    while noticed == _BATCH and not run.stopping.is_set():
        async with run.db.transaction() as tx:
            noticed = await expiry.notify_of_expiry(
                tx, labels=labels, limit=_BATCH, now=run.clock()
            )
    async with run.db.transaction() as tx:
        await listening.remove_expired(tx, now=run.clock())
    async with run.db.transaction() as tx:
        await deliveries.end_pruning(tx, pruning.key, claim, next_at=run.clock() + _EVERY)


PRUNE_LOG = Job(name="prune_log", open=opens(), claim=_claim, work=_work)
