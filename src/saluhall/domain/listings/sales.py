"""Units were sold: note each sale once, and let the product's offers show at most what is left.

A sale is seen in two ways, by the state of a listing and by an order. Whichever comes first is noted; stock is moved by orders alone.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from saluhall.channel import RemoteListing
from saluhall.domain.events.model import Event, EventType, new_event
from saluhall.domain.listings import lifecycle, sales_store, store
from saluhall.domain.listings.events import Sold
from saluhall.domain.listings.follow import follow
from saluhall.domain.listings.model import DueListing, Listing, Scheduled, State
from saluhall.domain.listings.record import event_of
from saluhall.domain.products import operations as product_operations
from saluhall.domain.products import stock as stock_of_products
from saluhall.domain.recording import operations as recording
from saluhall.storage import Transaction

OVERSOLD = "The listing was sold although the item had been sold already; one of the two sales must be cancelled"
_NOT_OVER = frozenset({State.PENDING, State.SUBMITTED, State.LIVE})


class Sale(Struct, frozen=True, kw_only=True):
    """A line of an order, sold through a listing."""

    order_id: int
    listing_id: UUID
    product_id: UUID
    sku: str
    external_id: str
    quantity: int
    price: Decimal
    currency: str
    channel: str
    url: str = ""
    is_oversold: bool = False  # the seller had sold the product elsewhere


async def lock_listings(
    tx: Transaction,
    account_id: UUID,
    product_ids: Sequence[UUID],
    *,
    now: datetime,  # noqa: ARG001 - every operation has `now`
) -> dict[UUID, Scheduled]:
    """Lock all listings of products; lock the products first."""
    found = await store.lock_of_products(tx, account_id, product_ids)
    return {each.listing.id: each for each in found}


async def record_sales(
    tx: Transaction,
    account_id: UUID,
    sales: Sequence[Sale],
    *,
    known: Mapping[UUID, Scheduled],
    now: datetime,
) -> None:
    """Record sales of orders; each is noted, unless the state of its listing showed it already.

    `known` are the locked listings of the products.
    """
    listings = {key: each.listing for key, each in known.items()}
    events: list[Event] = []
    for sale in sales:
        before = listings[sale.listing_id]
        if _is_of_this_publication(before, sale):
            if before.state in _NOT_OVER and before.state is not State.LIVE:
                events.append(_published(account_id, sale, now=now))
            listings[sale.listing_id] = _after(before, sale)
        if before.units_awaiting_order < sale.quantity:
            events.append(_event(account_id, sale, now=now))
    rows = [
        _row(known[key], after) for key, after in listings.items() if after != known[key].listing
    ]
    await store.write(tx, account_id, rows, now=now)
    product_ids = sorted({sale.product_id for sale in sales})
    await follow(tx, account_id=account_id, product_ids=product_ids, now=now)
    await recording.record(tx, events, now=now)


def _row(before: Scheduled, after: Listing) -> dict[str, Any]:
    is_over = after.state is State.ENDED
    return store.row_from_listing(
        after, priority=before.priority, due_at=None if is_over else before.due_at
    )


def _is_of_this_publication(listing: Listing, sale: Sale) -> bool:
    """Return whether a sale is of what is live by now; else it is of an earlier submission, and another one is under way."""
    return listing.state not in _NOT_OVER or listing.external_id in {None, sale.external_id}


def _after(listing: Listing, sale: Sale) -> Listing:
    sold = lifecycle.apply(listing, Sold(units=sale.quantity))
    sold = replace(
        sold,
        external_id=sold.external_id or sale.external_id,
        url=sold.url or sale.url or None,
        notified_error=None,
        error=None,
    )
    return replace(sold, claim=None) if sold.state is State.ENDED else sold


async def seen_sold(
    tx: Transaction, due: DueListing, there: RemoteListing, *, now: datetime
) -> None:
    """Note a sale that was seen on the channel. It is a failure when the seller has sold the product elsewhere."""
    if await _unit_sold(tx, due.listing.account_id, due.product.id, now=now):
        data = {"sale_price": str(there.sale_price or 0)}
        event = event_of(due, EventType.LISTING_SOLD, data, now=now)
    else:
        event = event_of(due, EventType.LISTING_OVERSOLD, {"error": OVERSOLD}, now=now)
    await recording.record(tx, [event], now=now)


async def _unit_sold(tx: Transaction, account_id: UUID, product_id: UUID, *, now: datetime) -> bool:
    """Mark a product of which a listing is seen to be sold; the stock itself is lowered by the order.

    False when there was no unit for it: the seller has sold the product elsewhere, and the order that follows is oversold.
    """
    units = await sales_store.units(tx, account_id, product_id)
    if units is not None and units.is_sold_elsewhere:
        await stock_of_products.take(tx, account_id, {product_id: 0}, now=now)
    elif units is not None and units.left > 0:
        await product_operations.keep_after_all(tx, account_id, product_id, now=now)
    else:
        await product_operations.mark_sold(tx, account_id, product_id, now=now)
    await follow(tx, account_id=account_id, product_ids=[product_id], now=now)
    return units is None or not units.is_sold_elsewhere


def _event(account_id: UUID, sale: Sale, *, now: datetime) -> Event:
    order = {"order_id": str(sale.order_id)}
    if sale.is_oversold:
        facts = {"error": OVERSOLD, **order}
        return _event_of(account_id, EventType.LISTING_OVERSOLD, sale, facts, now=now)
    facts = {"sale_price": str(sale.price), **order}
    return _event_of(account_id, EventType.LISTING_SOLD, sale, facts, now=now)


def _published(account_id: UUID, sale: Sale, *, now: datetime) -> Event:
    facts = {"url": sale.url} if sale.url else {}
    return _event_of(account_id, EventType.LISTING_PUBLISHED, sale, facts, now=now)


def _event_of(
    account_id: UUID, event_type: EventType, sale: Sale, facts: Mapping[str, str], *, now: datetime
) -> Event:
    known = {
        "channel": sale.channel,
        "listing_id": str(sale.listing_id),
        "currency": sale.currency,
        "external_id": sale.external_id,
    }
    return new_event(
        account_id,
        event_type,
        product_id=sale.product_id,
        sku=sale.sku,
        data={**known, **facts},
        now=now,
    )
