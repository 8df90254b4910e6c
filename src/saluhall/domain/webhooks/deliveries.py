"""What is done with deliveries: sent, held back, repeated, and forgotten from the log after a while."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from saluhall.domain.accounts.model import Principal
from saluhall.domain.webhooks import deliveries_store as store
from saluhall.domain.webhooks.model import Attempt, AttemptNotFound, DueDelivery, Endpoint
from saluhall.kit.claim import Claim
from saluhall.storage import Transaction


async def claim_due(
    tx: Transaction,
    endpoint: Endpoint,
    *,
    worker: UUID,
    limit: int,
    lease: timedelta,
    now: datetime,
) -> list[DueDelivery]:
    """Take due deliveries of an endpoint; they are ours until the lease runs out."""
    return await store.claim(tx, endpoint, worker=worker, limit=limit, lease=lease, now=now)


async def record_attempts(
    tx: Transaction, endpoint: Endpoint, attempts: Sequence[Attempt], *, now: datetime
) -> None:
    """Log attempts and set what follows; the endpoint is switched off after too many failures in a row."""
    await store.record(tx, endpoint, attempts, now=now)


async def hold_back(tx: Transaction, endpoint: Endpoint) -> None:
    """Hold what is due at an endpoint that is switched off or has no address; it is recoverable."""
    await store.hold(tx, endpoint)


async def forget(tx: Transaction, endpoint_id: UUID) -> None:
    """Forget what is due at an endpoint that is gone."""
    await store.forget(tx, endpoint_id)


async def redeliver(
    tx: Transaction, *, principal: Principal, attempt_id: UUID, now: datetime
) -> tuple[UUID, UUID]:
    """Send what an attempt sent once more, by the same schedule; return its endpoint and its event. Raises AttemptNotFound."""
    found = await store.repeat(tx, principal.account_id, attempt_id, now=now)
    if found is None:
        raise AttemptNotFound(attempt_id)
    tx.wake("deliver_webhooks", [found[0]])
    return found


async def claim_pruning(
    tx: Transaction, kind: str, *, worker: UUID, lease: timedelta, now: datetime
) -> Claim | None:
    """Take a pruning that is due; None when another has it."""
    return await store.claim_pruning(tx, kind, worker=worker, lease=lease, now=now)


async def prune(tx: Transaction, *, keep: timedelta, limit: int, now: datetime) -> int:
    """Delete a batch of expired attempts from the log; return how many."""
    return await store.prune(tx, before=now - keep, limit=limit)


async def forget_finished(tx: Transaction, *, keep: timedelta, limit: int, now: datetime) -> int:
    """Delete a batch of finished deliveries without any attempt left in the log; return how many."""
    return await store.forget_finished(tx, before=now - keep, limit=limit)


async def end_pruning(tx: Transaction, kind: str, claim: Claim, *, next_at: datetime) -> None:
    """Say when a pruning is due again, if the claim still holds."""
    await store.end_pruning(tx, kind, claim, next_at=next_at)
