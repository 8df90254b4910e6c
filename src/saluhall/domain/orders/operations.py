"""Change how far orders are, and take whole orders in."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from saluhall.domain.accounts.model import Principal
from saluhall.domain.listings import deletions
from saluhall.domain.orders import store
from saluhall.domain.orders.changes import changed, with_push
from saluhall.domain.orders.model import (
    DONE,
    ChangePending,
    OrderCancelled,
    OrderNotFound,
    Refusal,
    StatusChange,
    TrackingWithoutCourier,
)
from saluhall.storage import Transaction


async def change_status(
    tx: Transaction, *, by: Principal, changes: Sequence[StatusChange], now: datetime
) -> list[Refusal]:
    """Change orders, several times the same one in the order given; tell which changes were refused, and why.

    A new status is seen at once; where the marketplace must hear of it, it is due there.
    """
    before = {
        order.id: order
        for order in await store.lock(tx, by.account_id, {c.order_id for c in changes})
    }
    after = dict(before)
    refused: list[Refusal] = []
    for change in changes:
        order = after.get(change.order_id)
        try:
            if order is None:
                raise OrderNotFound(change.order_id)  # noqa: TRY301 - told like every other refusal
            after[order.id] = changed(order, change, now=now)
        except (OrderNotFound, TrackingWithoutCourier, OrderCancelled, ChangePending) as fact:
            refused.append(Refusal(index=change.index, order_id=change.order_id, fact=fact))
    pushed = [with_push(before[order_id], order) for order_id, order in after.items()]
    news = [order for order in pushed if order != before[order.id]]
    if news:
        await store.write(tx, by.account_id, news, now=now)
        done = [order.id for order in news if order.status in DONE]
        if done:  # what was deleted meanwhile need not be kept any longer
            deleted = await store.deleted_products(tx, by.account_id, done)
            await deletions.finish(tx, by.account_id, deleted, now=now)
    due = {order.connection_id for order in news if order.wanted_status is not None}
    tx.wake("push_orders", sorted(str(connection_id) for connection_id in due))
    return refused


async def take_in(
    tx: Transaction,
    *,
    by: Principal,
    heads: Sequence[Mapping[str, Any]],
    rows: Sequence[Mapping[str, Any]],
    connection_id: UUID | None = None,
    now: datetime,  # noqa: ARG001 - whole orders bring their own instants
) -> None:
    """Take whole orders in that were kept elsewhere: every field as given, ids too. Raises Conflict.

    What was sold stays what it was: no stock is taken down and no marketplace is told.
    """
    await store.put_whole(tx, by.account_id, heads=heads, rows=rows, connection_id=connection_id)
