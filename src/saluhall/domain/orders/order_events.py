"""What the event log says of orders, in one shape, whatever caused it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from msgspec.structs import replace

from saluhall.channel_orders import RemoteOrder
from saluhall.domain.connections.model import Connection
from saluhall.domain.events.model import Event, EventType, new_event
from saluhall.domain.orders.mapping import StoredOrder
from saluhall.domain.orders.model import OrderState, OrderStatus

OF_STATUS: Final[Mapping[OrderStatus, EventType]] = {
    OrderStatus.PAID: EventType.ORDER_PAID,
    OrderStatus.SHIPPED: EventType.ORDER_SHIPPED,
    OrderStatus.CANCELLED: EventType.ORDER_CANCELLED,
}
"""What a new status is called; that an order is pending again is no event."""


def events_of_new(
    connection: Connection, order_id: int, order: RemoteOrder, status: OrderStatus, *, now: datetime
) -> list[Event]:
    """Return the events of an order that came in: that it was created, and how far it is already."""
    facts = _facts_of_remote(connection, order)
    types = [EventType.ORDER_CREATED]
    if order.paid_at is not None and status is not OrderStatus.PAID:
        types.append(EventType.ORDER_PAID)
    if status in OF_STATUS:
        types.append(OF_STATUS[status])
    if order.refunds:
        types.append(EventType.ORDER_REFUNDED)
    return [_event(connection.account_id, kind, order_id, facts, now=now) for kind in types]


def with_lines(events: Sequence[Event], lines: Sequence[Mapping[str, Any]]) -> list[Event]:
    """Return the events of orders, with its lines in each that says an order was created: `lines` are rows, with matched SKUs."""
    of_order: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in lines:
        of_order[str(line["order_id"])].append({"sku": line["sku"], "quantity": line["quantity"]})
    return [
        replace(event, data={**event.data, "lines": of_order[event.data["order_id"]]})
        if event.type is EventType.ORDER_CREATED
        else event
        for event in events
    ]


def events_of_followed(
    connection: Connection,
    before: StoredOrder,
    order: RemoteOrder,
    status: OrderStatus,
    *,
    now: datetime,
) -> list[Event]:
    """Return the events of what a channel changed of an order."""
    facts = _facts_of_remote(connection, order)
    account_id = connection.account_id
    events = []
    if status is not before.status and status in OF_STATUS:
        events.append(_event(account_id, OF_STATUS[status], before.id, facts, now=now))
    refunded = sum(refund.amount for refund in order.refunds)
    if refunded > before.refunded:
        data = {**facts, "amount": str(refunded - before.refunded)}
        events.append(_event(account_id, EventType.ORDER_REFUNDED, before.id, data, now=now))
    return events


def events_of_change(
    account_id: UUID, before: OrderState, after: OrderState, *, now: datetime
) -> list[Event]:
    """Return the events of what the seller changed of an order."""
    if after.status is before.status or after.status not in OF_STATUS:
        return []
    facts = {"number": after.number, "channel": after.channel or None}
    if after.connection_id is not None:
        facts["connection_id"] = str(after.connection_id)
    if after.status is OrderStatus.SHIPPED:
        facts |= {"carrier": after.carrier or None, "tracking": after.tracking or None}
    return [_event(account_id, OF_STATUS[after.status], after.id, facts, now=now)]


def event_of_refund(
    account_id: UUID, order: OrderState, *, amount: Decimal, currency: str, now: datetime
) -> Event:
    """Return the event of a refund that the seller made."""
    facts = {
        "number": order.number,
        "channel": order.channel or None,
        "connection_id": str(order.connection_id) if order.connection_id else None,
        "currency": currency,
        "amount": str(amount),
    }
    return _event(account_id, EventType.ORDER_REFUNDED, order.id, facts, now=now)


def _facts_of_remote(connection: Connection, order: RemoteOrder) -> dict[str, Any]:
    return {
        "number": order.number or order.external_id,
        "channel": connection.channel,
        "connection_id": str(connection.id),
        "currency": order.currency,
        "total": str(order.total),
    }


def _event(
    account_id: UUID,
    event_type: EventType,
    order_id: int,
    facts: Mapping[str, Any],
    *,
    now: datetime,
) -> Event:
    known = {name: value for name, value in facts.items() if value is not None}
    return new_event(
        account_id,
        event_type,
        product_id=None,
        sku="",
        data={"order_id": str(order_id), **known},
        now=now,
    )
