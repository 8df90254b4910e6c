"""Lines of orders are matched to what was listed; each takes its units out of stock once."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from saluhall.channel_orders import RemoteOrder, RemoteOrderLine
from saluhall.domain.connections.model import Connection
from saluhall.domain.listings import sales
from saluhall.domain.listings.model import Scheduled
from saluhall.domain.listings.sales import Sale
from saluhall.domain.orders import intake_store
from saluhall.domain.orders.availability import available_units, gone_elsewhere
from saluhall.domain.orders.intake_store import StoredLine
from saluhall.domain.orders.mapping import Match, key_of_line, line_from_remote, units_from_remote
from saluhall.domain.orders.model import Attention
from saluhall.domain.products import stock
from saluhall.domain.products.stock import Stocked
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


async def new_lines(
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


async def store_lines(
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
