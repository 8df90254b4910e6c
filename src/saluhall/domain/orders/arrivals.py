"""Orders come in from a marketplace: each is stored once, each of its rows takes its pieces out of stock once."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from msgspec import Struct

from saluhall.channel import RemoteOrder, RemoteOrderRow
from saluhall.domain.connections.model import Connection
from saluhall.domain.listings import sales
from saluhall.domain.listings.model import Scheduled
from saluhall.domain.listings.sales import Sale
from saluhall.domain.orders import arrivals_store
from saluhall.domain.orders.arriving import (
    Attention,
    Marketplace,
    Match,
    head_from_order,
    row_from_order,
)
from saluhall.domain.products import stock
from saluhall.domain.products.stock import Stocked
from saluhall.storage import Transaction


class NewRow(Struct, frozen=True, kw_only=True):
    """A row that is not stored yet, with its order and what it was found to be of."""

    order_id: int
    order: RemoteOrder
    row: RemoteOrderRow
    is_first: bool
    listing_id: UUID | None = None
    product_id: UUID | None = None


async def receive(
    tx: Transaction,
    connection: Connection,
    orders: Sequence[RemoteOrder],
    *,
    market: Marketplace,
    now: datetime,
) -> None:
    """Store orders as the marketplace tells them now, all or none; those that it has not changed are left alone.

    A payment makes a waiting order accepted; a status that the seller has set is never set back. Pieces that are not there are not
    sold: such an order is stored too and marked, as is one of something unknown.
    """
    by_id = await _store_heads(tx, connection, orders, market=market, now=now)
    rows = await _new_rows(tx, connection, by_id)
    if rows:
        await _store_rows(tx, connection, rows, now=now)


async def _store_heads(
    tx: Transaction,
    connection: Connection,
    orders: Sequence[RemoteOrder],
    *,
    market: Marketplace,
    now: datetime,
) -> dict[int, RemoteOrder]:
    """Store heads that are new or changed; return those orders by our id."""
    latest: dict[str, RemoteOrder] = {}
    for order in sorted(orders, key=lambda o: (o.created_at, o.remote_id, o.modified_at)):
        latest[order.remote_id] = order
    heads = {
        remote_id: head_from_order(order, market=market, shop=connection.number)
        for remote_id, order in latest.items()
    }
    ids = await arrivals_store.put_heads(
        tx, connection.account_id, connection.id, list(heads.values()), now=now
    )
    return {order_id: latest[remote_id] for remote_id, order_id in ids.items()}


async def _new_rows(
    tx: Transaction, connection: Connection, by_id: Mapping[int, RemoteOrder]
) -> list[NewRow]:
    """List the rows that are not stored yet, oldest order first, each with the listing it is of."""
    stored = Counter(await arrivals_store.stored_rows(tx, connection.account_id, list(by_id)))
    rows = [row for order_id, order in by_id.items() for row in _unstored(order_id, order, stored)]
    wanted = [(row.row.external_id, _uuids(row.row.own_references)) for row in rows]
    found = await arrivals_store.match(tx, connection.account_id, connection.id, wanted)
    return [
        NewRow(
            order_id=row.order_id,
            order=row.order,
            row=row.row,
            is_first=row.is_first,
            listing_id=found[at][0] if at in found else None,
            product_id=found[at][1] if at in found else None,
        )
        for at, row in enumerate(rows)
    ]


def _unstored(
    order_id: int, order: RemoteOrder, stored: Counter[tuple[int, str]]
) -> Iterator[NewRow]:
    """Give the rows of an order that are not stored: a marketplace may add some later."""
    seen = Counter[str]()
    for at, row in enumerate(order.rows):
        seen[row.external_id] += 1
        if seen[row.external_id] > stored[order_id, row.external_id]:
            yield NewRow(order_id=order_id, order=order, row=row, is_first=at == 0)


def _uuids(references: Sequence[str]) -> list[UUID]:
    """Pick the references that may be ours: we give a listing's id."""
    found = []
    for reference in references:
        try:
            found.append(UUID(reference))
        except ValueError:
            continue
    return found


async def _store_rows(
    tx: Transaction, connection: Connection, rows: Sequence[NewRow], *, now: datetime
) -> None:
    owner = connection.account_id
    product_ids = sorted({row.product_id for row in rows if row.product_id})
    products = await stock.lock(tx, owner, product_ids, now=now)
    known = await sales.lock_listings(tx, owner, product_ids, now=now)
    shelf = _Shelf(products, known)
    written = [shelf.sell(row) for row in rows]
    await arrivals_store.add_rows(tx, owner, written, now=now)
    await arrivals_store.sum_up(tx, owner, _sums(rows, written, shelf.attention))
    await stock.take(tx, owner, shelf.left, now=now)
    sold = [
        _sale(connection, row, products[row.product_id], shelf.sold_elsewhere)
        for row in rows
        if row.product_id in products and row.listing_id in known
    ]
    await sales.record_sales(tx, owner, sold, known=known, now=now)


class _Shelf:
    """The pieces that are left while the rows of a batch take theirs, first come, first served."""

    def __init__(self, products: Mapping[UUID, Stocked], known: Mapping[UUID, Scheduled]) -> None:
        self._products = products
        awaited = {
            each.listing.product_id for each in known.values() if each.listing.units_awaiting_order
        }
        # Sold and waiting for no order: the seller has sold it elsewhere.
        gone = {p.id for p in products.values() if p.is_sold and p.id not in awaited}
        self.sold_elsewhere = {p.id for p in products.values() if p.id in gone and p.quantity > 0}
        self._available = {p.id: 0 if p.id in gone else p.quantity for p in products.values()}
        self.left: dict[UUID, int] = {}
        self.attention: defaultdict[int, set[Attention]] = defaultdict(set)

    def sell(self, row: NewRow) -> dict[str, Any]:
        """Write a row's fields, and take its pieces if they are there."""
        product = self._products.get(row.product_id) if row.product_id else None
        match = None
        if product is not None and row.listing_id is not None:
            match = Match(listing_id=row.listing_id, product_id=product.id, facts=product.facts)
        fields = row_from_order(row.order, row.row, match, is_first=row.is_first)
        unloaded = match is not None and self._take(row, match.product_id)
        if match is None:
            self.attention[row.order_id].add(Attention.UNMATCHED)
        elif not unloaded:
            self.attention[row.order_id].add(Attention.OVERSOLD)
        return {**fields, "order_id": row.order_id, "stock_unloaded": int(unloaded)}

    def _take(self, row: NewRow, product_id: UUID) -> bool:
        there = self._available[product_id]
        self._available[product_id] = self.left[product_id] = max(0, there - row.row.quantity)
        return there >= row.row.quantity


def _sums(
    rows: Sequence[NewRow],
    written: Sequence[Mapping[str, Any]],
    attention: Mapping[int, set[Attention]],
) -> list[dict[str, Any]]:
    """Add up what new rows bring to their heads."""
    sums: dict[int, dict[str, Any]] = {}
    for row, fields in zip(rows, written, strict=True):
        marks = ", ".join(sorted(attention.get(row.order_id, ()))) or None
        nothing = {"id": row.order_id, "weight": Decimal(0), "tax": Decimal(0), "attention": marks}
        head = sums.setdefault(row.order_id, nothing)
        head["weight"] += fields["weight"] * row.row.quantity
        head["tax"] += fields["product_tax"]
    return list(sums.values())


def _sale(
    connection: Connection, row: NewRow, product: Stocked, sold_elsewhere: Collection[UUID]
) -> Sale:
    assert row.listing_id is not None  # noqa: S101 - the caller has looked
    return Sale(
        order_id=row.order_id,
        listing_id=row.listing_id,
        product_id=product.id,
        sku=product.sku,
        external_id=row.row.external_id,
        quantity=row.row.quantity,
        price=row.row.unit_price,
        currency=row.order.currency,
        channel=connection.channel,
        url=row.row.url,
        is_oversold=product.id in sold_elsewhere,
    )
