"""A piece was sold: say so once, and offer no more pieces than are left.

A sale is seen in two ways, by the state of a listing and by an order. Whichever comes first tells it; stock is moved by orders alone, so
a listing that is known to be sold and has no order yet counts as one piece that is about to go.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from msgspec import Struct

from saluhall.domain.history import operations as history
from saluhall.domain.history.model import Event, EventType
from saluhall.domain.listings import sales_store
from saluhall.domain.listings.model import State
from saluhall.domain.products import operations as product_operations
from saluhall.domain.products import stock as stock_of_products
from saluhall.storage import Transaction

OVERSOLD = "The listing was sold although the item had been sold already; one of the two sales must be cancelled"


class Sale(Struct, frozen=True, kw_only=True):
    """A row of an order, sold through a listing."""

    order_id: int
    listing_id: UUID
    product_id: UUID
    sku: str
    external_id: str
    price: Decimal
    currency: str
    platform: str
    url: str = ""
    is_oversold: bool = False  # the seller had sold the product elsewhere


class SoldBy(Struct, frozen=True, kw_only=True):
    """How far the hub knows that a listing is sold."""

    id: UUID
    product_id: UUID
    state: State
    order_id: int | None
    external_id: str | None

    def is_sold_as(self, external_id: str) -> bool:
        """Tell whether a sale is of what stands by now; else it is of an earlier publication, and another one is under way."""
        under_way = self.state in {State.WAITING, State.SUBMITTED, State.LIVE}
        return not under_way or self.external_id in {None, external_id}

    def is_told_live(self) -> bool:
        """Tell whether the seller heard that it was published."""
        return self.state in {State.LIVE, State.SOLD, State.ENDED}

    @property
    def awaits_order(self) -> bool:
        """Tell whether its sale was told from its state: the first order is that very sale."""
        return self.state is State.SOLD and self.order_id is None


async def lock_listings(
    tx: Transaction,
    owner: UUID,
    product_ids: Sequence[UUID],
    *,
    now: datetime,  # noqa: ARG001 - every operation has `now`
) -> dict[UUID, SoldBy]:
    """Lock all listings of products; lock the products first."""
    rows = await sales_store.lock(tx, owner, product_ids)
    return {row["id"]: SoldBy(**{**row, "state": State(row["state"])}) for row in rows}


async def record_sales(
    tx: Transaction,
    owner: UUID,
    sales: Sequence[Sale],
    *,
    known: Mapping[UUID, SoldBy],
    now: datetime,
) -> None:
    """Record sales that orders tell of; each is told, unless the state of its listing told it already.

    `known` are the locked listings of the products.
    """
    seen = set[UUID]()
    events = []
    for sale in sales:
        listing, is_first = known[sale.listing_id], sale.listing_id not in seen
        seen.add(sale.listing_id)
        if is_first and not listing.is_told_live() and listing.is_sold_as(sale.external_id):
            events.append(_published(owner, sale, now=now))
        if not (is_first and listing.awaits_order):
            events.append(_event(owner, sale, now=now))
    of_these = [s for s in sales if known[s.listing_id].is_sold_as(s.external_id)]
    await sales_store.mark_sold(tx, owner, of_these, now=now)
    await follow_stock(tx, owner, sorted({sale.product_id for sale in sales}), now=now)
    await history.record(tx, events, now=now)


async def piece_went(tx: Transaction, owner: UUID, product_id: UUID, *, now: datetime) -> bool:
    """Note that a listing of a product is seen to be sold; the stock itself goes down with the order.

    False when there was no piece for it: the seller has sold the product elsewhere, and the order that follows is oversold.
    """
    stock = await sales_store.pieces(tx, owner, product_id)
    if stock is not None and stock.is_sold_elsewhere:
        await stock_of_products.take(tx, owner, {product_id: 0}, now=now)
    elif stock is not None and stock.pieces > 0:
        await product_operations.keep_after_all(tx, owner, product_id, now=now)
    else:
        await product_operations.mark_sold(tx, owner, product_id, now=now)
    await follow_stock(tx, owner, [product_id], now=now)
    return stock is None or not stock.is_sold_elsewhere


async def follow_stock(
    tx: Transaction, owner: UUID, product_ids: Sequence[UUID], *, now: datetime
) -> None:
    """Want listings ended that offer more pieces than are left, before anything else is done at their marketplaces.

    What does not stand yet goes first, then what has stood for the shortest time.
    """
    connections = await sales_store.end_excess(tx, owner, product_ids, now=now)
    tx.wake("sync_connection", {connection or owner for connection in connections})


async def offer_again(
    tx: Transaction, owner: UUID, product_ids: Sequence[UUID], *, now: datetime
) -> None:
    """Want products of which there are pieces again listed wherever they have been, on no more listings than there are pieces."""
    connections = await sales_store.want_again(tx, owner, product_ids, now=now)
    tx.wake("sync_connection", {connection or owner for connection in connections})
    await follow_stock(tx, owner, product_ids, now=now)


def _event(owner: UUID, sale: Sale, *, now: datetime) -> Event:
    order = {"order_id": str(sale.order_id)}
    if sale.is_oversold:
        return _event_of(
            owner, EventType.LISTING_FAILED, sale, {"error": OVERSOLD, **order}, now=now
        )
    facts = {"sale_price": str(sale.price), **order}
    return _event_of(owner, EventType.ITEM_SOLD, sale, facts, now=now)


def _published(owner: UUID, sale: Sale, *, now: datetime) -> Event:
    facts = {"url": sale.url} if sale.url else {}
    return _event_of(owner, EventType.LISTING_CREATED, sale, facts, now=now)


def _event_of(
    owner: UUID, event_type: EventType, sale: Sale, facts: Mapping[str, str], *, now: datetime
) -> Event:
    known = {"platform": sale.platform, "currency": sale.currency, "external_id": sale.external_id}
    return history.event_of(
        owner,
        event_type,
        product_id=sale.product_id,
        sku=sale.sku,
        data={**known, **facts},
        now=now,
    )
