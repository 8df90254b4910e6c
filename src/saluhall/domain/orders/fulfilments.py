"""Parcels that sellers send: with the last open unit the order is shipped, and its channel is notified of each parcel."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from saluhall.domain.accounts.model import Principal
from saluhall.domain.orders import fulfilments_store, operations, store
from saluhall.domain.orders.model import (
    LineNotFound,
    NotShippedBySeller,
    OrderCancelled,
    OrderNotFound,
    OrderStatus,
    StatusChange,
    TooManyUnits,
    TrackingWithoutCarrier,
)
from saluhall.storage import Transaction


class Parcel(Struct, frozen=True, kw_only=True):
    """Who carries a parcel of an order, under which number, and how many units of which lines are in it; no lines are all."""

    order_id: int
    carrier: str
    tracking: str
    lines: Mapping[int, int] = {}


async def report(
    tx: Transaction, *, principal: Principal, parcel: Parcel, strategy: str, now: datetime
) -> UUID:
    """Report a parcel of an order with a product of this shipping strategy; return the fulfilment's id.

    The same parcel again is the same fulfilment. Raises OrderNotFound, NotShippedBySeller, OrderCancelled.
    """
    is_so = await fulfilments_store.is_shipped_so(
        tx, principal.account_id, parcel.order_id, strategy=strategy
    )
    if is_so is None:
        raise OrderNotFound(parcel.order_id)
    if not is_so:
        raise NotShippedBySeller(parcel.order_id)
    return await ship(tx, principal=principal, parcel=parcel, now=now)


async def ship(tx: Transaction, *, principal: Principal, parcel: Parcel, now: datetime) -> UUID:
    """Ship units of an order in a parcel; return the fulfilment's id.

    Raises OrderNotFound, OrderCancelled, LineNotFound, TooManyUnits, TrackingWithoutCarrier, ChangePending.
    """
    account_id = principal.account_id
    if parcel.lines:
        await _pack(tx, account_id, parcel, now=now)
    is_over = not await fulfilments_store.open_units(tx, account_id, parcel.order_id)
    if is_over or not parcel.lines:
        change = StatusChange(
            index=0,
            order_id=parcel.order_id,
            status=OrderStatus.SHIPPED,
            tracking=parcel.tracking,
            carrier=parcel.carrier,
        )
        for refusal in await operations.change_status(
            tx, principal=principal, changes=[change], now=now
        ):
            raise refusal.fact
    found = await fulfilments_store.find(
        tx, account_id, parcel.order_id, carrier=parcel.carrier, tracking=parcel.tracking
    )
    if found is None:
        raise OrderNotFound(parcel.order_id)
    return found


async def _pack(tx: Transaction, account_id: UUID, parcel: Parcel, *, now: datetime) -> None:
    """Put units of lines into a parcel. Its channel is notified when it knows lines, else when the order is shipped as a whole."""
    locked = await store.lock(tx, account_id, [parcel.order_id])
    if not locked:
        raise OrderNotFound(parcel.order_id)
    [order] = locked
    if order.status is OrderStatus.CANCELLED:
        raise OrderCancelled(parcel.order_id)
    if parcel.tracking and not (parcel.carrier or order.carrier):
        raise TrackingWithoutCarrier(parcel.order_id)
    open_units = await fulfilments_store.open_units(tx, account_id, parcel.order_id, is_all=True)
    for line_id, units in parcel.lines.items():
        if line_id not in open_units:
            raise LineNotFound(f"the order {parcel.order_id} has no line {line_id}")
        if not 0 < units <= open_units[line_id]:
            raise TooManyUnits(line_id, left=open_units[line_id], units=units)
    await fulfilments_store.pack(
        tx,
        account_id,
        order_id=parcel.order_id,
        carrier=parcel.carrier or order.carrier,
        tracking=parcel.tracking,
        lines=parcel.lines,
        is_notified=operations.knows_lines(order),
        connection_id=order.connection_id,
        now=now,
    )
    if order.connection_id is not None:
        tx.wake("push_orders", [str(order.connection_id)])
