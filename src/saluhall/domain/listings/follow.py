"""Let offers and listings follow their products: every change of a product, its stock, an offer or a policy calls this."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from saluhall.domain.connections.capabilities import installed_channels
from saluhall.domain.events.model import Event
from saluhall.domain.listings import follow_store, store
from saluhall.domain.listings.model import DueListing, State
from saluhall.domain.listings.plan import Planned, plan, products_of
from saluhall.domain.listings.record import due_row, failure_of
from saluhall.domain.offers import operations as offers
from saluhall.domain.recording import operations as recording
from saluhall.storage import Transaction


async def follow(
    tx: Transaction,
    *,
    account_id: UUID,
    product_ids: Sequence[UUID],
    changed: Collection[UUID] = frozenset(),
    now: datetime,
) -> dict[UUID, str]:
    """Allocate units, price offers, and find what is due on which channel; return why products cannot be shown, by product.

    `changed` are the products of which the seller named something that a channel shows or checks: what was rejected is tried again.
    """
    if not product_ids:
        return {}
    offered = await follow_store.lock_offered(tx, account_id, product_ids)
    planned: list[Planned] = []
    cards = installed_channels()
    for product_id, group in products_of(offered).items():
        planned += plan(group, cards=cards, is_changed=product_id in changed, now=now)
    await _store(tx, account_id, planned, now=now)
    return {p.before.product.id: p.refusal for p in planned if p.refusal}


async def _store(
    tx: Transaction, account_id: UUID, planned: Sequence[Planned], *, now: datetime
) -> None:
    new = [_added(p) for p in planned if p.is_new]
    await store.add(tx, account_id, new, now=now)
    moved = [
        due_row(p.listing, p.step, now=p.due_at or now)
        for p in planned
        if p.listing is not None
        and (not p.is_new or p.listing.state is not State.PENDING or p.listing.suspended)
    ]
    await store.write(tx, account_id, moved, now=now)
    await offers.retarget(
        tx,
        account_id=account_id,
        offers=[p.offer for p in planned if p.offer != p.before.offer],
        now=now,
    )
    await recording.record(tx, [_failure(p, now=now) for p in planned if p.failure], now=now)
    tx.wake(
        "sync_connection",
        {p.offer.connection_id for p in planned if p.listing is not None and p.step is not None},
    )


def _added(planned: Planned) -> dict[str, Any]:
    assert planned.listing is not None  # noqa: S101 - a new one
    names = ("id", "offer_id", "product_id", "connection_id", "format", "suspended")
    row = due_row(planned.listing, planned.step, now=planned.due_at or planned.offer.created_at)
    return {
        **{name: getattr(planned.listing, name) for name in names},
        "state": State.PENDING,
        "due_at": planned.due_at,
        "priority": row["priority"],
    }


def _failure(planned: Planned, *, now: datetime) -> Event:
    listing = planned.listing
    if listing is None:
        return offers.failure_of(
            planned.offer, planned.before.product.sku, planned.failure or "", now=now
        )
    due = DueListing(listing=listing, offer=planned.offer, product=planned.before.product)
    return failure_of(due, planned.failure or "", now=now)
