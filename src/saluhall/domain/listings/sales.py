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
from saluhall.storage import Transaction


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


class SoldBy(Struct, frozen=True, kw_only=True):
    """How far the hub knows that a listing is sold."""

    id: UUID
    product_id: UUID
    state: State
    order_id: int | None

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
    claimed = set[UUID]()
    events = []
    for sale in sales:
        if known[sale.listing_id].awaits_order and sale.listing_id not in claimed:
            claimed.add(sale.listing_id)
        else:
            events.append(_event(owner, sale, now=now))
    await sales_store.mark_sold(tx, owner, sales, now=now)
    await follow_stock(tx, owner, sorted({sale.product_id for sale in sales}), now=now)
    await history.record(tx, events, now=now)


async def piece_went(tx: Transaction, owner: UUID, product_id: UUID, *, now: datetime) -> None:
    """Note that a listing of a product is seen to be sold; the stock itself goes down with the order."""
    pieces = await sales_store.pieces(tx, owner, product_id)
    if pieces is not None and pieces > 0:
        await product_operations.keep_after_all(tx, owner, product_id, now=now)
    else:
        await product_operations.mark_sold(tx, owner, product_id, now=now)
    await follow_stock(tx, owner, [product_id], now=now)


async def follow_stock(
    tx: Transaction, owner: UUID, product_ids: Sequence[UUID], *, now: datetime
) -> None:
    """Want listings ended that offer more pieces than are left, before anything else is done at their marketplaces.

    What does not stand yet goes first, then what has stood for the shortest time.
    """
    connections = await sales_store.end_excess(tx, owner, product_ids, now=now)
    tx.ring("sync_connection", {connection or owner for connection in connections})


async def offer_again(
    tx: Transaction, owner: UUID, product_ids: Sequence[UUID], *, now: datetime
) -> None:
    """Want products of which there are pieces again listed wherever they have been, on no more listings than there are pieces."""
    connections = await sales_store.want_again(tx, owner, product_ids, now=now)
    tx.ring("sync_connection", {connection or owner for connection in connections})
    await follow_stock(tx, owner, product_ids, now=now)


def _event(owner: UUID, sale: Sale, *, now: datetime) -> Event:
    return history.event_of(
        owner,
        EventType.ITEM_SOLD,
        product_id=sale.product_id,
        sku=sale.sku,
        data={
            "platform": sale.platform,
            "currency": sale.currency,
            "external_id": sale.external_id,
            "sale_price": str(sale.price),
            "order_id": str(sale.order_id),
        },
        now=now,
    )
