"""Change how far orders are, what is noted of them, and to which products they belong."""

from collections.abc import Sequence
from datetime import datetime

from saluhall.capabilities import OrderNotice
from saluhall.domain.accounts.model import Principal
from saluhall.domain.analytics import operations as analytics
from saluhall.domain.connections.capabilities import capabilities_of
from saluhall.domain.orders import closing, store, updates_store
from saluhall.domain.orders.lifecycle import changed, unsupported_kind, with_update
from saluhall.domain.orders.model import (
    DONE,
    ChangePending,
    OrderCancelled,
    OrderNotFound,
    OrderShipped,
    OrderState,
    OrderStatus,
    Refusal,
    StatusChange,
    TrackingWithoutCarrier,
    UpdateKind,
)
from saluhall.domain.orders.order_events import events_of_change
from saluhall.domain.recording import operations as recording
from saluhall.storage import Transaction


async def change_status(
    tx: Transaction, *, principal: Principal, changes: Sequence[StatusChange], now: datetime
) -> list[Refusal]:
    """Change orders, several times the same one in the order given; return which changes were refused, and why.

    A new status is seen at once; where the channel must be notified of it, it is due there. What a shipped order has left is in its
    parcel, what a cancelled one has left returns to stock.
    """
    account_id = principal.account_id
    before = {
        order.id: order for order in await store.lock(tx, account_id, {c.order_id for c in changes})
    }
    after = dict(before)
    refused: list[Refusal] = []
    for change in changes:
        order = after.get(change.order_id)
        try:
            if order is None:
                raise OrderNotFound(change.order_id)  # noqa: TRY301 - returned like every other refusal
            after[order.id] = changed(order, change, now=now)
        except (OrderNotFound, TrackingWithoutCarrier, OrderCancelled, ChangePending) as fact:
            refused.append(Refusal(index=change.index, order_id=change.order_id, fact=fact))
    planned = [
        with_update(
            before[order_id],
            order,
            notices=notices_of(order.channel),
            takes_tracking=takes(order.channel, OrderNotice.TRACKING),
        )
        for order_id, order in after.items()
    ]
    await _write(tx, principal, before, [o for o in planned if o != before[o.id]], now=now)
    return refused


async def pay(
    tx: Transaction, *, principal: Principal, order_id: int, now: datetime
) -> OrderStatus:
    """Note that an order was paid, which leaves a shipped one shipped; return its status. Raises OrderNotFound, OrderCancelled."""
    locked = await store.lock(tx, principal.account_id, [order_id])
    if not locked:
        raise OrderNotFound(order_id)
    [order] = locked
    is_shipped = order.status is OrderStatus.SHIPPED
    change = StatusChange(
        index=0,
        order_id=order_id,
        status=OrderStatus.SHIPPED if is_shipped else OrderStatus.PAID,
        paid_at=order.paid_at or now,
    )
    for refusal in await change_status(tx, principal=principal, changes=[change], now=now):
        raise refusal.fact
    return change.status


async def cancel(
    tx: Transaction, *, principal: Principal, order_id: int, reason: str | None, now: datetime
) -> None:
    """Cancel what is not shipped of an order. Raises OrderNotFound, OrderShipped."""
    for order in await store.lock(tx, principal.account_id, [order_id]):
        if order.status is OrderStatus.SHIPPED:
            raise OrderShipped(order_id)
    change = StatusChange(index=0, order_id=order_id, status=OrderStatus.CANCELLED, reason=reason)
    for refusal in await change_status(tx, principal=principal, changes=[change], now=now):
        raise refusal.fact


def notices_of(channel: str) -> frozenset[UpdateKind]:
    """Return what a channel can be notified of about an order; one that is not installed is asked when it is back."""
    capabilities = capabilities_of(channel)
    if capabilities is None:
        return frozenset(UpdateKind)
    return frozenset(kind for kind in UpdateKind if OrderNotice(kind.value) in capabilities.order_notices)  # fmt: skip


def takes(channel: str, notice: OrderNotice) -> bool:
    """Return whether a channel is known to take this about an order."""
    capabilities = capabilities_of(channel)
    return capabilities is not None and notice in capabilities.order_notices


def knows_lines(order: OrderState) -> bool:
    """Return whether an order's channel can be notified of a parcel with some of its lines."""
    return order.connection_id is not None and takes(order.channel, OrderNotice.LINES)


async def _write(
    tx: Transaction,
    principal: Principal,
    before: dict[int, OrderState],
    news: Sequence[OrderState],
    *,
    now: datetime,
) -> None:
    if not news:
        return
    account_id = principal.account_id
    await store.write(tx, account_id, news, now=now)
    shipped = [o.id for o in news if o.status is OrderStatus.SHIPPED]
    await closing.ship_open_units(tx, account_id, shipped, now=now)
    reopened = [o.id for o in news if o.status not in DONE and before[o.id].status is OrderStatus.SHIPPED]  # fmt: skip
    await closing.reopen(tx, account_id, reopened, now=now)
    cancelled = [o.id for o in news if o.status is OrderStatus.CANCELLED]
    await closing.cancel_open_units(tx, account_id, cancelled, now=now)
    unsupported = {o.id: kind for o in news if (kind := unsupported_kind(before[o.id], o))}
    due = [o for o in news if o.due is not before[o.id].due or o.id in unsupported]
    if due:
        await updates_store.replace(tx, account_id, due, unsupported=unsupported, now=now)
    changed_status = [o.id for o in news if o.status is not before[o.id].status]
    await analytics.record_orders(tx, account_id, changed_status, now=now)
    await closing.finish(tx, account_id, [o.id for o in news if o.status in DONE], now=now)
    events = [e for o in news for e in events_of_change(account_id, before[o.id], o, now=now)]
    await recording.record(tx, events, now=now)
    wakes = {str(o.connection_id) for o in news if o.due is not None}
    tx.wake("push_orders", sorted(wakes))
