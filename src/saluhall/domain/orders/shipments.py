"""Parcels that sellers report: the order is sent with them, and the marketplace hears of it."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from saluhall.domain.accounts.model import Principal
from saluhall.domain.orders import operations, shipments_store
from saluhall.domain.orders.model import (
    NotShippedBySeller,
    OrderNotFound,
    OrderStatus,
    StatusChange,
)
from saluhall.storage import Transaction


class Parcel(Struct, frozen=True, kw_only=True):
    """Who carries a parcel of an order, and under which number."""

    order_id: int
    carrier: str
    tracking_number: str


async def report(tx: Transaction, *, by: Principal, parcel: Parcel, now: datetime) -> UUID:
    """Report a parcel and set its order to sent; the same parcel again is the same shipment, whose id is returned.

    Raises OrderNotFound, NotShippedBySeller, OrderCancelled.
    """
    order_id = parcel.order_id
    by_seller = await shipments_store.is_shipped_by_seller(tx, by.account_id, order_id)
    if by_seller is None:
        raise OrderNotFound(order_id)
    if not by_seller:
        raise NotShippedBySeller(order_id)
    change = StatusChange(
        index=0,
        order_id=order_id,
        status=OrderStatus.SENT,
        tracking=parcel.tracking_number,
        courier_code=parcel.carrier,
    )
    for refusal in await operations.change_status(tx, by=by, changes=[change], now=now):
        raise refusal.fact
    return await shipments_store.keep(
        tx,
        by.account_id,
        order_id=order_id,
        carrier=parcel.carrier,
        tracking_number=parcel.tracking_number,
        now=now,
    )
