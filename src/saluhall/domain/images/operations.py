"""Set, claim, record and delete the images of products."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from saluhall.domain.accounts.model import Principal
from saluhall.domain.events.model import EventType, new_event
from saluhall.domain.images import store
from saluhall.domain.images.model import DueImage, Fetched, Rooms
from saluhall.domain.recording import operations as recording
from saluhall.storage import Transaction


async def want(
    tx: Transaction, *, principal: Principal, urls: Mapping[UUID, Sequence[str]], now: datetime
) -> None:
    """Set the images of products: new ones become due, refused ones are retried, others stay unchanged."""
    if urls:
        await store.want(tx, principal.account_id, urls=urls, now=now)
        tx.wake("fetch_images", [principal.account_id])


async def claim_due(
    tx: Transaction,
    account_id: UUID,
    *,
    worker: UUID,
    limit: int,
    rooms: Rooms,
    lease: timedelta,
    now: datetime,
) -> list[DueImage]:
    """Claim due images of an account, as many as each host has slots for, until the lease ends."""
    return await store.claim(
        tx, account_id, worker=worker, limit=limit, rooms=rooms, lease=lease, now=now
    )


async def record(
    tx: Transaction, account_id: UUID, fetched: Sequence[Fetched], *, now: datetime
) -> None:
    """Record the results of fetching images, and in the item's history the rejected ones with their reasons; lock their products."""
    await store.record(tx, account_id, fetched, now=now)
    refused = [f for f in fetched if f.reason is not None and f.retry_in_s is None]
    events = [
        new_event(
            account_id,
            EventType.IMAGE_REJECTED,
            product_id=f.image.product_id,
            sku=f.image.sku,
            data={"url": f.image.source_url, "reason": f.reason},
            now=now,
        )
        for f in refused
    ]
    await recording.record(tx, events, now=now)


async def forget(tx: Transaction, account_id: UUID, product_id: UUID, *, now: datetime) -> None:  # noqa: ARG001 - every operation has `now`
    """Delete the images of a product that is deleted."""
    await store.forget(tx, account_id, product_id)
