"""What a change makes of an order, and whether its channel must be notified. Pure."""

from datetime import datetime

from msgspec.structs import replace

from saluhall.domain.orders.model import (
    ChangePending,
    OrderCancelled,
    OrderState,
    OrderStatus,
    StatusChange,
    TrackingWithoutCarrier,
    UpdateKind,
)


def changed(order: OrderState, change: StatusChange, *, now: datetime) -> OrderState:
    """Apply one change. Raises TrackingWithoutCarrier, OrderCancelled, ChangePending.

    Nothing is ever removed: what the change does not name stays. An order that becomes shipped gets the day it was shipped.
    """
    if change.tracking and not _has_carrier(order, change):
        raise TrackingWithoutCarrier(change.order_id)
    noted = replace(
        order,
        tracking=change.tracking or order.tracking,
        carrier=change.carrier or order.carrier,
        carrier_number=order.carrier_number if change.carrier_number is None else change.carrier_number,
        paid_at=change.paid_at or order.paid_at,
        shipping_note=change.shipping_note or order.shipping_note,
    )  # fmt: skip
    if change.status is order.status:
        return replace(noted, status_message="") if _is_stuck(order) else noted
    if order.status is OrderStatus.CANCELLED:
        raise OrderCancelled(change.order_id)
    if order.due is UpdateKind.SHIPPED:
        raise ChangePending(order.number, order.shop)
    is_shipped = change.status is OrderStatus.SHIPPED
    is_cancelled = change.status is OrderStatus.CANCELLED
    return replace(
        noted,
        status=change.status,
        previous_status=order.status,
        status_message="",
        shipped_at=(order.shipped_at or now) if is_shipped else order.shipped_at,
        cancelled_at=now if is_cancelled else order.cancelled_at,
        cancel_reason=(change.reason or "") if is_cancelled else order.cancel_reason,
    )


def with_update(
    before: OrderState,
    after: OrderState,
    *,
    notices: frozenset[UpdateKind],
    takes_tracking: bool = False,
) -> OrderState:
    """Return the order with what its channel must be notified of after all changes of a request.

    `notices` are those that the channel has words for; anything else is done here only, and the message says so. That an order was
    paid may be withdrawn while the channel does not know it: only a parcel on its way keeps an order as it is. Setting the same status
    again notifies a channel again that had rejected it, and so does another parcel where a channel `takes_tracking`.
    """
    if after.status is before.status:
        if takes_tracking and _has_new_parcel(before, after):
            return replace(after, due=UpdateKind.SHIPPED)
        is_retried = _is_stuck(before) and not after.status_message
        return _notified_again(before, after, notices=notices) if is_retried else after
    if after.connection_id is None:
        return replace(after, due=None)
    kind = _kind(before.status, after.status)
    if kind is not None and kind in notices:
        return replace(after, due=kind)
    # A payment that is withdrawn before the channel was notified leaves nothing to say.
    is_known = before.due is not UpdateKind.PAID or after.status is not OrderStatus.PENDING
    message = done_here_only(after.shop, after.status) if is_known else ""
    return replace(after, due=None, status_message=message)


def _has_new_parcel(before: OrderState, after: OrderState) -> bool:
    is_open = after.connection_id is not None and before.due is None
    is_new = (after.carrier, after.tracking) != (before.carrier, before.tracking)
    return is_open and is_new and after.status is OrderStatus.SHIPPED


def _notified_again(
    before: OrderState, after: OrderState, *, notices: frozenset[UpdateKind]
) -> OrderState:
    kind = UpdateKind(after.status.value)
    if kind in notices:
        return replace(after, due=kind)
    return replace(after, status_message=before.status_message)


def unsupported_kind(before: OrderState, after: OrderState) -> UpdateKind | None:
    """Return what the channel has no word for of the change that `with_update` planned, None when there is nothing such."""
    is_news = after.status not in {before.status, OrderStatus.PENDING}
    is_here_only = after.due is None and bool(after.status_message)
    if after.connection_id is None or not (is_news and is_here_only):
        return None
    return UpdateKind(after.status.value)


def done_here_only(shop: str, status: OrderStatus) -> str:
    """Say that a channel has no word for a status."""
    return f"Done here only: {shop} cannot be notified that an order is {status}."


def refunded_here_only(shop: str) -> str:
    """Say that a channel has no word for a refund."""
    return f"Done here only: {shop} cannot be notified that an order is refunded."


def _kind(old: OrderStatus, new: OrderStatus) -> UpdateKind | None:
    """Return what a step is called where a channel may have a word for it."""
    match new:
        case OrderStatus.SHIPPED:
            return UpdateKind.SHIPPED
        case OrderStatus.CANCELLED:
            return UpdateKind.CANCELLED
        case OrderStatus.PAID:
            return UpdateKind.PAID if old is OrderStatus.PENDING else None
        case OrderStatus.PENDING:
            return None


def _is_stuck(order: OrderState) -> bool:
    """Return whether a channel rejected the status that an order has."""
    return (
        order.status is not OrderStatus.PENDING
        and order.connection_id is not None
        and order.due is None
        and bool(order.status_message)
    )


def _has_carrier(order: OrderState, change: StatusChange) -> bool:
    return (
        change.carrier_number is not None
        or order.carrier_number is not None
        or bool(change.carrier or order.carrier)
    )
