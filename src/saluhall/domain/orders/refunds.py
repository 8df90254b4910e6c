"""Money that goes back to a buyer: what a seller refunds here, and the channel is notified of."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from saluhall.domain.accounts.model import Principal
from saluhall.domain.analytics import operations as analytics
from saluhall.domain.orders import operations, refunds_store, store
from saluhall.domain.orders.lifecycle import refunded_here_only
from saluhall.domain.orders.model import OrderNotFound, RefundRefused, UpdateKind, UpdateState
from saluhall.domain.orders.order_events import event_of_refund
from saluhall.domain.recording import operations as recording
from saluhall.kit.ids import new_id
from saluhall.storage import Transaction

_CENT = Decimal("0.01")


async def refund(
    tx: Transaction,
    *,
    principal: Principal,
    order_id: int,
    amount: Decimal,
    reason: str,
    now: datetime,
) -> UUID:
    """Refund an amount of an order, in its currency, and notify its channel; return the refund's id.

    Raises OrderNotFound, RefundRefused.
    """
    account_id = principal.account_id
    locked = await store.lock(tx, account_id, [order_id])
    if not locked:
        raise OrderNotFound(order_id)
    [order] = locked
    if amount <= 0 or amount % _CENT:
        raise RefundRefused(f"a refund is more than 0 and has at most 2 decimals, not {amount}")
    left, currency = await refunds_store.left_of(tx, account_id, order_id)
    if amount > left:
        raise RefundRefused(
            f"the order {order_id} has {left} {currency} that are not refunded, not {amount}"
        )
    refund_id = new_id()
    is_due = UpdateKind.REFUNDED in operations.notices_of(order.channel)
    await refunds_store.add(
        tx,
        account_id,
        order_id,
        refund_id=refund_id,
        amount=amount,
        reason=reason,
        state=UpdateState.DUE if is_due else UpdateState.NOT_SUPPORTED,
        answer="" if is_due else refunded_here_only(order.shop),
        now=now,
    )
    await analytics.record_orders(tx, account_id, [order_id], now=now)
    event = event_of_refund(account_id, order, amount=amount, currency=currency, now=now)
    await recording.record(tx, [event], now=now)
    if is_due and order.connection_id is not None:
        tx.wake("push_orders", [str(order.connection_id)])
    return refund_id
