"""Orders come in from a channel: each is stored once and followed, each of its lines takes its units out of stock once."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from saluhall.channel_orders import RemoteOrder, RemoteOrderLine
from saluhall.domain.analytics import operations as analytics
from saluhall.domain.connections.model import Connection
from saluhall.domain.orders import closing, intake_store
from saluhall.domain.orders.intake_lines import new_lines, store_lines
from saluhall.domain.orders.intake_orders import store_orders
from saluhall.domain.orders.intake_store import StoredLine
from saluhall.domain.orders.mapping import Marketplace, key_of_line, units_from_remote
from saluhall.domain.orders.order_events import with_lines
from saluhall.domain.recording import operations as recording
from saluhall.storage import Transaction


async def receive(
    tx: Transaction,
    connection: Connection,
    orders: Sequence[RemoteOrder],
    *,
    market: Marketplace,
    now: datetime,
) -> None:
    """Store orders as the channel gives them now, all or none; those that it has not changed are left alone.

    What was paid, shipped or cancelled over there is so here; a status that the seller has set is never set back. Units that are not
    there are not sold: such an order is stored too and marked, as is one of something unknown. Cancelled units return to stock.
    """
    known = await store_orders(tx, connection, orders, market=market, now=now)
    if not known.orders:
        return
    account_id = connection.account_id
    stored = await intake_store.stored_lines(tx, account_id, known.changed)
    lines = await new_lines(tx, connection, known.orders, stored)
    added = await store_lines(tx, connection, lines, now=now) if lines else []
    await recording.record(tx, with_lines(known.events, added), now=now)
    await _follow_lines(tx, account_id, known.orders, stored, now=now)
    refunds = [row for order_id, order in known.orders.items() for row in _refunds(order_id, order)]
    if refunds:
        await intake_store.add_refunds(tx, account_id, refunds, now=now)
    await closing.ship_open_units(tx, account_id, known.shipped, now=now)
    await closing.cancel_open_units(tx, account_id, known.cancelled, now=now)
    await analytics.record_orders(tx, account_id, list(known.orders), now=now)
    await closing.finish(tx, account_id, [*known.shipped, *known.cancelled], now=now)


async def _follow_lines(
    tx: Transaction,
    account_id: UUID,
    orders: Mapping[int, RemoteOrder],
    stored: Sequence[StoredLine],
    *,
    now: datetime,
) -> None:
    """Follow what the channel shipped, cancelled and refunded of lines that were stored before, and what it keeps of them."""
    moved: list[dict[str, Any]] = []
    cancelled: dict[int, int] = {}
    for old, units in _followed(orders, stored):
        shipped = max(old.units_shipped, units["units_shipped"])
        news = (shipped, units["units_refunded"], units["refunded"], units["fee"])
        if news != (old.units_shipped, old.units_refunded, old.refunded, old.fee):
            moved.append({**units, "id": old.id, "units_shipped": shipped})
        gone = min(units["units_cancelled"], old.quantity - shipped) - old.units_cancelled
        if gone > 0:
            cancelled[old.id] = gone
    if moved:
        await intake_store.set_units(tx, account_id, moved, now=now)
    if cancelled:
        await closing.cancel_units(tx, account_id, cancelled, now=now)


def _followed(
    orders: Mapping[int, RemoteOrder], stored: Sequence[StoredLine]
) -> Iterator[tuple[StoredLine, dict[str, Any]]]:
    """Yield each stored line that the channel still has, with what became of its units there, and its fee."""
    there: defaultdict[tuple[int, str], list[RemoteOrderLine]] = defaultdict(list)
    for order_id, order in orders.items():
        for line in order.lines:
            there[order_id, key_of_line(order, line)].append(line)
    for old in stored:
        same = there[old.order_id, old.external_id]
        if same:
            line = same.pop(0)
            yield old, {**units_from_remote(orders[old.order_id], line), "fee": line.fee}


def _refunds(order_id: int, order: RemoteOrder) -> Iterator[dict[str, Any]]:
    for refund in order.refunds:
        yield {
            "order_id": order_id,
            "external_id": refund.external_id,
            "amount": refund.amount,
            "currency": order.currency,
            "reason": refund.reason,
            "refunded_at": refund.refunded_at,
        }
