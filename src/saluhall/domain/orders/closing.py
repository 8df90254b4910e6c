"""Close the open units of orders: they were shipped, or they are cancelled and return to stock."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from saluhall.domain.listings import deletions
from saluhall.domain.listings.follow import follow
from saluhall.domain.offers import queries as offers
from saluhall.domain.orders import closing_store
from saluhall.domain.orders.closing_store import CancelledUnits
from saluhall.domain.products import stock
from saluhall.storage import Transaction


async def ship_open_units(
    tx: Transaction, account_id: UUID, order_ids: Collection[int], *, now: datetime
) -> None:
    """Record that all units that are neither shipped nor cancelled are in one parcel of their order, under its carrier and tracking.

    A parcel without a tracking number gets the order's; the same parcel is recorded once.
    """
    if order_ids:
        await closing_store.ship(tx, account_id, list(order_ids), now=now)


async def cancel_open_units(
    tx: Transaction, account_id: UUID, order_ids: Collection[int], *, now: datetime
) -> None:
    """Cancel what was not shipped of orders."""
    if order_ids:
        cancelled = await closing_store.cancel_open(tx, account_id, list(order_ids), now=now)
        await _return(tx, account_id, cancelled, now=now)


async def cancel_units(
    tx: Transaction, account_id: UUID, units: Mapping[int, int], *, now: datetime
) -> None:
    """Cancel so many more units of lines."""
    cancelled = await closing_store.cancel(tx, account_id, units, now=now)
    await _return(tx, account_id, cancelled, now=now)


async def reopen(
    tx: Transaction, account_id: UUID, order_ids: Collection[int], *, now: datetime
) -> None:
    """Record that orders were not shipped after all."""
    if order_ids:
        await closing_store.reopen(tx, account_id, list(order_ids), now=now)


async def finish(
    tx: Transaction, account_id: UUID, order_ids: Collection[int], *, now: datetime
) -> None:
    """Remove what the seller had deleted and these orders kept, which are shipped or cancelled now."""
    if order_ids:
        deleted = await closing_store.deleted_products(tx, account_id, list(order_ids))
        await deletions.finish(tx, account_id, deleted, now=now)


async def _return(
    tx: Transaction, account_id: UUID, cancelled: Sequence[CancelledUnits], *, now: datetime
) -> None:
    """Return units to stock, unless the policy of the connection keeps them back; offers follow."""
    connections = {each.connection_id for each in cancelled if each.connection_id is not None}
    keeping = {
        connection_id
        for connection_id in connections
        if not (await offers.policy_of(tx, account_id, connection_id)).quantity.returns_cancelled
    }
    back: dict[UUID, int] = {}
    lines: list[int] = []
    for each in cancelled:
        if each.product_id is not None and each.taken and each.connection_id not in keeping:
            back[each.product_id] = back.get(each.product_id, 0) + each.taken
            lines.append(each.line_id)
    if back:
        await closing_store.release(tx, account_id, lines)
        await stock.restock(tx, account_id, back, now=now)
        await follow(tx, account_id=account_id, product_ids=sorted(back), now=now)
