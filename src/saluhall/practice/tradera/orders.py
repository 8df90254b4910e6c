"""Sales: an order and a transaction each, and the marks that can be set on them."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from saluhall.practice.tradera.errors import Missing
from saluhall.practice.tradera.market import Market
from saluhall.practice.tradera.model import Item, Kind, Order, Payment, Seller, Transaction
from saluhall.practice.tradera.people import Person
from saluhall.practice.tradera.wire import TransactionStatusUpdateData


def record_sale(
    market: Market, item: Item, *, buyer: Person, price: int, quantity: int, now: datetime
) -> Order:
    """Write down that a buyer has bought."""
    item.quantity -= quantity
    rows = item.terms.shipping_options
    order = Order(
        id=next(market.order_ids),
        transaction_id=next(market.transaction_ids),
        purchase_id=str(uuid.UUID(int=market.dice.getrandbits(128), version=4)),
        item=item,
        buyer=buyer,
        unit_price=price,
        quantity=quantity,
        shipping=rows[0] if rows and item.kind is not Kind.AUCTION else None,
        created_at=now,
        changed_at=now,
    )
    transaction = Transaction(id=order.transaction_id, order=order, created_at=now, changed_at=now)
    market.orders[order.id] = order
    market.transactions[transaction.id] = transaction
    item.seller.orders.append(order)
    item.seller.transactions.append(transaction)
    return order


def total_of(order: Order) -> int:
    """Add up what the buyer is to pay."""
    return order.unit_price * order.quantity + (order.shipping.cost if order.shipping else 0)


def orders_between(
    seller: Seller, *, start: datetime | None, end: datetime | None, by_change: bool
) -> list[Order]:
    """List a seller's orders created, or last changed, within a window; both ends count."""
    moments = ((o, o.changed_at if by_change else o.created_at) for o in seller.orders)
    return [order for order, at in moments if is_between(at, start, end)]


def is_between(at: datetime, start: datetime | None, end: datetime | None) -> bool:
    """Return whether a moment is within a window that may be open."""
    return (start is None or start <= at) and (end is None or at <= end)


def own_orders(market: Market, seller: Seller, ids: Sequence[int]) -> list[Order]:
    """Give a seller's own orders among some ids; the others are passed over."""
    found = (market.orders.get(order_id) for order_id in dict.fromkeys(ids))
    return [order for order in found if order and order.item.seller is seller]


def ship(market: Market, *, seller: Seller, order_id: int, now: datetime) -> None:
    """Mark an order as shipped; a second time changes nothing. Raises Missing."""
    order = next(iter(own_orders(market, seller, [order_id])), None)
    if order is None:
        raise Missing(f"Order {order_id} was not found")
    body = TransactionStatusUpdateData(transactionId=order.transaction_id, markedAsShipped=True)
    mark(market, seller=seller, body=body, now=now)


def mark(
    market: Market, *, seller: Seller, body: TransactionStatusUpdateData, now: datetime
) -> Transaction:
    """Set the given marks on a transaction. Raises Missing."""
    transaction = market.transactions.get(body.transactionId)
    if transaction is None or transaction.order.item.seller is not seller:
        raise Missing(f"Transaction with id {body.transactionId} was not found")
    before = _marks(transaction)
    if body.markAsPaidConfirmed is not None:
        transaction.is_paid_confirmed = body.markAsPaidConfirmed
    if body.markedAsShipped is not None:
        transaction.is_shipped = body.markedAsShipped
        transaction.order.is_shipped = transaction.order.item.is_shipped = body.markedAsShipped
    if body.markShippingBooked is not None:
        transaction.is_shipping_booked = body.markShippingBooked
    if _marks(transaction) != before:
        transaction.changed_at = transaction.order.changed_at = now
    return transaction


def _marks(transaction: Transaction) -> tuple[bool, bool, bool]:
    return (
        transaction.is_paid_confirmed,
        transaction.is_shipped,
        transaction.is_shipping_booked,
    )


def pay(order: Order, *, now: datetime) -> None:
    """Have the buyer pay through the marketplace; a second time changes nothing."""
    if not order.payments:
        order.payments.append(
            Payment(amount=total_of(order), paid_at=now, reference=f"TP{order.id}")
        )
        order.changed_at = now
