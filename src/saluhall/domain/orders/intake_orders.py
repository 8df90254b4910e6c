"""Orders of a batch are stored when they are new, and follow the channel where it has changed them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from saluhall.channel_orders import RemoteOrder
from saluhall.domain.connections.model import Connection
from saluhall.domain.events.model import Event
from saluhall.domain.orders import intake_store
from saluhall.domain.orders.mapping import (
    Marketplace,
    StoredOrder,
    order_from_remote,
    progress_from_remote,
    status_from_remote,
    with_fees_of_lines,
)
from saluhall.domain.orders.model import DONE, OrderStatus
from saluhall.domain.orders.order_events import events_of_followed, events_of_new
from saluhall.storage import Transaction


class Known(Struct, kw_only=True):
    """The orders of a batch that are new or changed, by our id.

    `changed` were there before; `closed` are those that a status ends now.
    """

    orders: dict[int, RemoteOrder]
    changed: list[int] = []
    closed: dict[OrderStatus, list[int]] = {}
    events: list[Event] = []

    def close(self, order_id: int, status: OrderStatus) -> None:
        """Note an order that is cancelled or shipped as a whole now."""
        if status in DONE:
            self.closed.setdefault(status, []).append(order_id)

    def sort(self, external_ids: Sequence[str]) -> None:
        """Put the orders into this order: who bought first is served first."""
        place = {external_id: at for at, external_id in enumerate(external_ids)}
        self.orders = dict(sorted(self.orders.items(), key=lambda each: place[each[1].external_id]))

    @property
    def shipped(self) -> list[int]:
        """Return the orders that are shipped now."""
        return self.closed.get(OrderStatus.SHIPPED, [])

    @property
    def cancelled(self) -> list[int]:
        """Return the orders that are cancelled now."""
        return self.closed.get(OrderStatus.CANCELLED, [])


async def store_orders(
    tx: Transaction,
    connection: Connection,
    orders: Sequence[RemoteOrder],
    *,
    market: Marketplace,
    now: datetime,
) -> Known:
    """Store orders that are new or changed."""
    latest: dict[str, RemoteOrder] = {}
    for order in sorted(orders, key=lambda o: (o.placed_at, o.external_id, o.changed_at)):
        latest[order.external_id] = with_fees_of_lines(order)
    rows = {
        key: order_from_remote(order, market=market, connection=connection)
        for key, order in latest.items()
    }
    added = await intake_store.add_orders(
        tx,
        connection.account_id,
        connection.id,
        [{**row, **progress_from_remote(latest[key], None)} for key, row in rows.items()],
        now=now,
    )
    known = Known(orders={added[key]: order for key, order in latest.items() if key in added})
    for order_id, order in known.orders.items():
        status = status_from_remote(order)
        known.close(order_id, status)
        known.events += events_of_new(connection, order_id, order, status, now=now)
    before = [key for key in latest if key not in added]
    stored = await intake_store.lock(tx, connection.account_id, connection.id, before)
    changed = [
        {
            **rows[old.external_id],
            **_followed(connection, known, old, latest[old.external_id], now=now),
        }
        for old in stored
        if old.external_changed_at is None
        or old.external_changed_at < latest[old.external_id].changed_at
    ]
    if changed:
        await intake_store.follow(tx, connection.account_id, connection.id, changed, now=now)
    known.sort(list(latest))
    return known


def _followed(
    connection: Connection, known: Known, old: StoredOrder, order: RemoteOrder, *, now: datetime
) -> dict[str, Any]:
    """Note an order that the channel has changed; return the columns that say how far it is."""
    progress = progress_from_remote(order, old)
    known.orders[old.id] = order
    known.changed.append(old.id)
    known.events += events_of_followed(connection, old, order, progress["status"], now=now)
    if progress["status"] is not old.status:
        known.close(old.id, progress["status"])
    return progress
