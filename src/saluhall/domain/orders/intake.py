"""Orders come in from a channel: each is stored once and followed, each of its lines takes its units out of stock once."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from saluhall.channel_orders import RemoteOrder, RemoteOrderLine
from saluhall.domain.analytics import operations as analytics
from saluhall.domain.connections.model import Connection
from saluhall.domain.events.model import Event
from saluhall.domain.listings import sales
from saluhall.domain.listings.model import Scheduled
from saluhall.domain.listings.sales import Sale
from saluhall.domain.orders import closing, intake_store
from saluhall.domain.orders.availability import available_units, gone_elsewhere
from saluhall.domain.orders.intake_store import StoredLine
from saluhall.domain.orders.mapping import (
    Marketplace,
    Match,
    key_of_line,
    line_from_remote,
    order_from_remote,
    progress_from_remote,
    status_from_remote,
    units_from_remote,
    with_fees_of_lines,
)
from saluhall.domain.orders.model import Attention, OrderStatus
from saluhall.domain.orders.order_events import events_of_followed, events_of_new, with_lines
from saluhall.domain.products import stock
from saluhall.domain.products.stock import Stocked
from saluhall.domain.recording import operations as recording
from saluhall.storage import Transaction


class NewLine(Struct, frozen=True, kw_only=True):
    """A line that is not stored yet, with its order and what it was found to be of."""

    order_id: int
    order: RemoteOrder
    line: RemoteOrderLine
    is_first: bool
    listing_id: UUID | None = None
    product_id: UUID | None = None

    @property
    def open_units(self) -> int:
        """Return how many units are not cancelled already."""
        gone = units_from_remote(self.order, self.line)["units_cancelled"]
        return max(0, self.line.quantity - int(gone))


class Known(Struct, frozen=True, kw_only=True):
    """The orders that are new or changed, by our id; which of them were there before, and which are cancelled or shipped as a whole now."""

    orders: Mapping[int, RemoteOrder]
    changed: Sequence[int]
    cancelled: Sequence[int]
    shipped: Sequence[int]
    events: Sequence[Event]


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
    known = await _store_orders(tx, connection, orders, market=market, now=now)
    if not known.orders:
        return
    account_id = connection.account_id
    stored = await intake_store.stored_lines(tx, account_id, known.changed)
    lines = await _new_lines(tx, connection, known.orders, stored)
    added = await _store_lines(tx, connection, lines, now=now) if lines else []
    await recording.record(tx, with_lines(known.events, added), now=now)
    await _follow_lines(tx, account_id, known.orders, stored, now=now)
    refunds = [row for order_id, order in known.orders.items() for row in _refunds(order_id, order)]
    if refunds:
        await intake_store.add_refunds(tx, account_id, refunds, now=now)
    await closing.ship_open_units(tx, account_id, known.shipped, now=now)
    await closing.cancel_open_units(tx, account_id, known.cancelled, now=now)
    await analytics.record_orders(tx, account_id, list(known.orders), now=now)
    await closing.finish(tx, account_id, [*known.shipped, *known.cancelled], now=now)


async def _store_orders(
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
    ids, closed = dict(added), defaultdict[object, list[int]](list)
    changed: list[dict[str, Any]] = []
    events: list[Event] = []
    for key, order_id in added.items():
        status = status_from_remote(latest[key])
        closed[status].append(order_id)
        events += events_of_new(connection, order_id, latest[key], status, now=now)
    known = [key for key in latest if key not in added]
    for old in await intake_store.lock(tx, connection.account_id, connection.id, known):
        order = latest[old.external_id]
        if old.external_changed_at is None or old.external_changed_at < order.changed_at:
            progress = progress_from_remote(order, old)
            changed.append({**rows[old.external_id], **progress})
            ids[old.external_id] = old.id
            events += events_of_followed(connection, old, order, progress["status"], now=now)
            if progress["status"] is not old.status:
                closed[progress["status"]].append(old.id)
    if changed:
        await intake_store.follow(tx, connection.account_id, connection.id, changed, now=now)
    return Known(
        orders={ids[key]: order for key, order in latest.items() if key in ids},
        changed=[ids[row["external_id"]] for row in changed],
        cancelled=closed[OrderStatus.CANCELLED],
        shipped=closed[OrderStatus.SHIPPED],
        events=events,
    )


async def _new_lines(
    tx: Transaction,
    connection: Connection,
    orders: Mapping[int, RemoteOrder],
    stored: Sequence[StoredLine],
) -> list[NewLine]:
    """Return the lines that are not stored yet, oldest order first, each with the listing it is of."""
    there = Counter((line.order_id, line.external_id) for line in stored)
    lines = [line for order_id, order in orders.items() for line in _unstored(order_id, order, there)]  # fmt: skip
    if not lines:
        return []
    wanted = [(each.line.listing_id, _uuids(each.line.own_references)) for each in lines]
    found = await intake_store.match(tx, connection.account_id, connection.id, wanted)
    return [
        replace(line, listing_id=found[at][0], product_id=found[at][1]) if at in found else line
        for at, line in enumerate(lines)
    ]


def _unstored(
    order_id: int, order: RemoteOrder, stored: Counter[tuple[int, str]]
) -> Iterator[NewLine]:
    """Yield the lines of an order that are not stored: a channel may add some later."""
    seen = Counter[str]()
    for at, line in enumerate(order.lines):
        key = key_of_line(order, line)
        seen[key] += 1
        if seen[key] > stored[order_id, key]:
            yield NewLine(order_id=order_id, order=order, line=line, is_first=at == 0)


def _uuids(references: Sequence[str]) -> list[UUID]:
    """Return the references that may be ours: we give a listing's id."""
    found = []
    for reference in references:
        try:
            found.append(UUID(reference))
        except ValueError:
            continue
    return found


async def _store_lines(
    tx: Transaction, connection: Connection, lines: Sequence[NewLine], *, now: datetime
) -> list[dict[str, Any]]:
    """Store new lines, and take their units from stock; return their rows."""
    account_id = connection.account_id
    product_ids = sorted({line.product_id for line in lines if line.product_id})
    products = await stock.lock(tx, account_id, product_ids, now=now)
    known = await sales.lock_listings(tx, account_id, product_ids, now=now)
    units = _Units(products, known)
    written = [units.sell(line) for line in lines]
    await intake_store.add_lines(tx, account_id, written, now=now)
    await intake_store.sum_up(tx, account_id, _sums(lines, written, units.attention))
    await stock.take(tx, account_id, units.left, now=now)
    sold = [
        _sale(connection, line, products[line.product_id], units.sold_elsewhere)
        for line in lines
        if line.product_id in products and line.listing_id in known and line.open_units
    ]
    await sales.record_sales(tx, account_id, sold, known=known, now=now)
    return written


class _Units:
    """The units that are left while the lines of a batch take theirs, first come, first served."""

    def __init__(self, products: Mapping[UUID, Stocked], known: Mapping[UUID, Scheduled]) -> None:
        self._products = products
        gone = gone_elsewhere(products, known)
        self.sold_elsewhere = {p.id for p in products.values() if p.id in gone and p.quantity > 0}
        self._available = available_units(products, gone)
        self.left: dict[UUID, int] = {}
        self.attention: defaultdict[int, set[Attention]] = defaultdict(set)

    def sell(self, line: NewLine) -> dict[str, Any]:
        """Return a line's columns, and take its units if they are there."""
        product = self._products.get(line.product_id) if line.product_id else None
        match = None
        if product is not None and line.listing_id is not None:
            match = Match(listing_id=line.listing_id, product_id=product.id, facts=product.facts)
        taken = 0 if match is None else self._take(line, match.product_id)
        if match is None:
            self.attention[line.order_id].add(Attention.UNMATCHED)
        elif taken < line.open_units:
            self.attention[line.order_id].add(Attention.OVERSOLD)
        columns = line_from_remote(line.order, line.line, match, is_first=line.is_first)
        return {**columns, "order_id": line.order_id, "units_taken": taken}

    def _take(self, line: NewLine, product_id: UUID) -> int:
        """Take what is there; return how many units that were."""
        there = self._available[product_id]
        taken = min(there, line.open_units)
        if line.open_units:
            self._available[product_id] = self.left[product_id] = there - taken
        return taken


def _sums(
    lines: Sequence[NewLine],
    written: Sequence[Mapping[str, Any]],
    attention: Mapping[int, set[Attention]],
) -> list[dict[str, Any]]:
    """Add up what new lines bring to their orders."""
    sums: dict[int, dict[str, Any]] = {}
    for line, columns in zip(lines, written, strict=True):
        nothing = {
            "id": line.order_id, "weight_kg": Decimal(0), "tax": Decimal(0), "order_tax": line.order.tax,
            "attention": sorted(attention.get(line.order_id, ())),
        }  # fmt: skip
        of_order = sums.setdefault(line.order_id, nothing)
        of_order["weight_kg"] += columns["weight_kg"] * line.line.quantity
        of_order["tax"] += columns["tax"]
    return list(sums.values())


def _sale(
    connection: Connection, line: NewLine, product: Stocked, sold_elsewhere: Collection[UUID]
) -> Sale:
    assert line.listing_id is not None  # noqa: S101 - the caller has looked
    return Sale(
        order_id=line.order_id,
        listing_id=line.listing_id,
        product_id=product.id,
        sku=product.sku,
        external_id=line.line.listing_id,
        quantity=line.open_units,
        price=line.line.unit_price,
        currency=line.order.currency,
        channel=connection.channel,
        url=line.line.url,
        is_oversold=product.id in sold_elsewhere,
    )


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
