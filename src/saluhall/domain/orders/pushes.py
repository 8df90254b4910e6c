"""Statuses go out to the marketplace: what is due, and what came of telling it."""

from datetime import datetime, timedelta
from uuid import UUID

from saluhall.channel import Acknowledgement, NotSupported
from saluhall.domain.connections.model import Connection
from saluhall.domain.orders import pushes_store
from saluhall.domain.orders.changes import done_here_only
from saluhall.domain.orders.model import DuePush
from saluhall.kit.retry import RetryPolicy
from saluhall.storage import Transaction

PUSH_RETRIES = RetryPolicy(base=timedelta(seconds=2), max=timedelta(hours=1))


async def claim_due(
    tx: Transaction,
    owner: UUID,
    connection_id: UUID,
    *,
    worker: UUID,
    limit: int,
    lease: timedelta,
    now: datetime,
) -> list[DuePush]:
    """Take orders whose status a connected marketplace must be told; ours until the lease runs out."""
    return await pushes_store.claim(
        tx, owner, connection_id, worker=worker, limit=limit, lease=lease, now=now
    )


async def told(
    tx: Transaction, push: DuePush, answer: Acknowledgement, *, label: str, now: datetime
) -> None:
    """Record that the marketplace knows the status, or that it is done here only because it has no word for it."""
    is_local = isinstance(answer, NotSupported)
    await pushes_store.settle(
        tx,
        push,
        message=done_here_only(label, push.wanted_status) if is_local else "",
        upload=None if is_local else {"order_id": push.remote_id, "status": push.wanted_status},
        now=now,
    )


async def refused(tx: Transaction, push: DuePush, *, reason: str, now: datetime) -> None:
    """Record that the marketplace refused the status for good: it stays as the seller set it, and says why it went no further."""
    await pushes_store.settle(tx, push, message=reason, upload=None, now=now)


async def postpone(
    tx: Transaction,
    push: DuePush,
    *,
    reason: str,
    pause: timedelta | None,
    now: datetime,
) -> None:
    """Try again after a pause that grows, for the moment was wrong."""
    attempts = push.attempts + 1
    pause = pause or PUSH_RETRIES.delay(attempts)
    await pushes_store.put_off(
        tx, push, message=reason, attempts=attempts, due_at=now + pause, now=now
    )


async def wait(
    tx: Transaction, push: DuePush, *, reason: str, pause: timedelta, now: datetime
) -> None:
    """Put off for no fault of anybody: the budget allows no call now."""
    await pushes_store.put_off(
        tx, push, message=reason, attempts=push.attempts, due_at=now + pause, now=now
    )


async def park(tx: Transaction, connection: Connection, *, reason: str, now: datetime) -> None:
    """Say at all orders that wait for this marketplace why they do; they stay due, and go on when it is connected again."""
    await pushes_store.park(tx, connection.account_id, connection.id, reason=reason, now=now)


async def cancel(tx: Transaction, connection: Connection, *, reason: str, now: datetime) -> int:
    """Cancel the updates of a removed connection's orders, return how many: each order keeps its status and says why."""
    return await pushes_store.cancel(
        tx, connection.account_id, connection.id, reason=reason, now=now
    )
