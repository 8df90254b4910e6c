"""What channels must be notified of about orders: what is due, and what became of it."""

from datetime import datetime, timedelta
from uuid import UUID

from saluhall.channel_orders import Acknowledgement, NotSupported
from saluhall.domain.connections.model import Connection
from saluhall.domain.orders import updates_store
from saluhall.domain.orders.lifecycle import done_here_only, refunded_here_only
from saluhall.domain.orders.model import DueUpdate, OrderStatus, UpdateKind, UpdateState
from saluhall.kit.retry import RetryPolicy
from saluhall.storage import Transaction

UPDATE_RETRIES = RetryPolicy(base=timedelta(seconds=2), max=timedelta(hours=1))


async def claim_due(
    tx: Transaction,
    account_id: UUID,
    connection_id: UUID,
    *,
    worker: UUID,
    limit: int,
    lease: timedelta,
    now: datetime,
) -> list[DueUpdate]:
    """Claim due notifications of a connected channel; ours until the lease runs out."""
    return await updates_store.claim(
        tx, account_id, connection_id, worker=worker, limit=limit, lease=lease, now=now
    )


async def settled(
    tx: Transaction, update: DueUpdate, answer: Acknowledgement, *, label: str, now: datetime
) -> None:
    """Record that the channel knows it, or that it is done here only because the channel has no word for it."""
    is_local = isinstance(answer, NotSupported)
    message = _done_here_only(label, update.kind) if is_local else ""
    state = UpdateState.NOT_SUPPORTED if is_local else UpdateState.ACKNOWLEDGED
    await updates_store.settle(tx, update, state=state, message=message, now=now)


def _done_here_only(label: str, kind: UpdateKind) -> str:
    if kind is UpdateKind.REFUNDED:
        return refunded_here_only(label)
    return done_here_only(label, OrderStatus(kind.value))


async def rejected(tx: Transaction, update: DueUpdate, *, reason: str, now: datetime) -> None:
    """Record that the channel rejected it for good: the order stays as the seller set it, and says why it went no further."""
    await updates_store.settle(tx, update, state=UpdateState.REJECTED, message=reason, now=now)


async def postpone(
    tx: Transaction,
    update: DueUpdate,
    *,
    reason: str,
    pause: timedelta | None,
    now: datetime,
) -> None:
    """Try again after a pause that grows, for a passing failure."""
    attempts = update.attempts + 1
    pause = pause or UPDATE_RETRIES.delay(attempts)
    await updates_store.reschedule(
        tx, update, message=reason, attempts=attempts, due_at=now + pause, now=now
    )


async def wait(
    tx: Transaction, update: DueUpdate, *, reason: str, pause: timedelta, now: datetime
) -> None:
    """Try again after a pause without counting an attempt: the budget allows no call now."""
    await updates_store.reschedule(
        tx, update, message=reason, attempts=update.attempts, due_at=now + pause, now=now
    )


async def suspend(tx: Transaction, connection: Connection, *, reason: str, now: datetime) -> None:
    """Say at all orders that wait for this channel why they do; they stay due, and resume when it is connected again."""
    await updates_store.suspend(tx, connection.account_id, connection.id, reason=reason, now=now)


async def cancel(tx: Transaction, connection: Connection, *, reason: str, now: datetime) -> int:
    """Withdraw the notifications of a removed connection, return how many: each order keeps its status and says why."""
    return await updates_store.cancel(
        tx, connection.account_id, connection.id, reason=reason, now=now
    )
