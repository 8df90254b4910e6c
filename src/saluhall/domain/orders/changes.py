"""What a change does to an order, and whether the marketplace must hear of it. No I/O: facts in, facts out."""

from datetime import datetime

from msgspec.structs import replace

from saluhall.domain.orders.model import (
    ChangePending,
    OrderCancelled,
    OrderStatus,
    Standing,
    StatusChange,
    TrackingWithoutCourier,
)


def changed(order: Standing, change: StatusChange, *, now: datetime) -> Standing:
    """Apply one change. Raises TrackingWithoutCourier, OrderCancelled, ChangePending.

    Nothing is ever removed: what the change does not name stays. An order that becomes sent gets the day it was sent.
    """
    if change.tracking and not _has_courier(order, change):
        raise TrackingWithoutCourier(change.order_id)
    told = replace(
        order,
        tracking=change.tracking or order.tracking,
        courier=order.courier if change.courier is None else change.courier,
        courier_code=change.courier_code or order.courier_code,
        date_payment=change.payment_date or order.date_payment,
        shipping_note=change.shipping_note or order.shipping_note,
    )
    if change.status is order.status:
        return replace(told, status_message="") if _is_stuck(order) else told
    if order.status is OrderStatus.CANCELLED:
        raise OrderCancelled(change.order_id)
    if order.wanted_status is OrderStatus.SENT:
        raise ChangePending(order.code, order.shop)
    is_sent = change.status is OrderStatus.SENT
    return replace(
        told,
        status=change.status,
        status_old=order.status.value,
        status_message="",
        date_shipping=(order.date_shipping or now) if is_sent else order.date_shipping,
    )


def with_push(before: Standing, after: Standing) -> Standing:
    """Note what the marketplace must be told after all changes of a call; a change that it has no word for is done here only.

    That an order was paid may be taken back while it waits to be told: only a shipping on its way holds an order fast. Saying again
    that an order was sent tries again where the marketplace had refused it.
    """
    if after.status is before.status:
        again = _is_stuck(before) and not after.status_message
        return replace(after, wanted_status=after.status) if again else after
    if after.connection_id is None:
        return replace(after, wanted_status=None)
    if _is_news(before.status, after.status):
        return replace(after, wanted_status=after.status)
    # A payment that is taken back before it was told leaves nothing to tell.
    is_known = (
        before.wanted_status is not OrderStatus.ACCEPTED or after.status is not OrderStatus.STANDBY
    )
    message = done_here_only(after.shop, after.status) if is_known else ""
    return replace(after, wanted_status=None, status_message=message)


def done_here_only(market: str, status: OrderStatus) -> str:
    """Say that a marketplace has no word for a status."""
    return f"Done here only: {market} cannot be told that an order is {status}."


def _is_news(old: OrderStatus, new: OrderStatus) -> bool:
    """Tell whether a marketplace may have a word for the step: an order was sent, or it was paid."""
    return new is OrderStatus.SENT or (new is OrderStatus.ACCEPTED and old is OrderStatus.STANDBY)


def _is_stuck(order: Standing) -> bool:
    """Tell whether a marketplace refused to take an order as sent."""
    return (
        order.status is OrderStatus.SENT
        and order.connection_id is not None
        and order.wanted_status is None
        and bool(order.status_message)
    )


def _has_courier(order: Standing, change: StatusChange) -> bool:
    return (
        change.courier is not None
        or order.courier is not None
        or bool(change.courier_code or order.courier_code)
    )
