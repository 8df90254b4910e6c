"""Order lines of which nothing is known until a person says of which product they are."""

from datetime import datetime
from uuid import UUID

from saluhall.domain.accounts.model import Principal
from saluhall.domain.analytics import operations as analytics
from saluhall.domain.listings import sales
from saluhall.domain.listings.follow import follow
from saluhall.domain.orders import matching_store, store
from saluhall.domain.orders.availability import available_units, gone_elsewhere
from saluhall.domain.orders.mapping import product_columns
from saluhall.domain.orders.matching_store import UnmatchedLine
from saluhall.domain.orders.model import Attention, LineNotFound, MatchRefused, OrderNotFound
from saluhall.domain.products import operations as products
from saluhall.domain.products import stock
from saluhall.domain.products.model import Kind
from saluhall.storage import Transaction


async def match(
    tx: Transaction,
    *,
    principal: Principal,
    order_id: int,
    line_id: int,
    sku: str,
    catalog: int,
    now: datetime,
) -> None:
    """Record that an order line is of a product, and take its units from stock; the product's offers follow.

    The same match again changes nothing. An order is marked as oversold when too few units are left for the line. Raises
    OrderNotFound, LineNotFound, MatchRefused, ProductNotFound.
    """
    account_id = principal.account_id
    if not await store.lock(tx, account_id, [order_id]):
        raise OrderNotFound(order_id)
    line = await matching_store.find(tx, account_id, order_id, line_id)
    if line is None:
        raise LineNotFound(f"the order {order_id} has no line {line_id}")
    if line.product_id is not None:
        if (line.sku, line.catalog) != (sku, catalog):
            raise MatchRefused(
                f"the line {line_id} is matched to {line.sku} in the catalog {line.catalog} already"
            )
        return
    product = await products.lock_numbered(
        tx, principal=principal, catalog=catalog, sku=sku, now=now
    )
    if product.kind is not Kind.ITEM:
        raise MatchRefused(f"{sku} is a container; match the item in it that was sold")
    await _match(tx, account_id, order_id, line, product.id, now=now)


async def _match(
    tx: Transaction,
    account_id: UUID,
    order_id: int,
    line: UnmatchedLine,
    product_id: UUID,
    *,
    now: datetime,
) -> None:
    locked = await stock.lock(tx, account_id, [product_id], now=now)
    known = await sales.lock_listings(tx, account_id, [product_id], now=now)
    there = available_units(locked, gone_elsewhere(locked, known))[product_id]
    taken = min(there, line.open_units)
    attention = set(line.attention)
    if not line.others_unmatched:
        attention.discard(Attention.UNMATCHED)
    if taken < line.open_units:
        attention.add(Attention.OVERSOLD)
    columns = product_columns(product_id, locked[product_id].facts)
    await matching_store.write(
        tx,
        account_id,
        order_id,
        line.id,
        columns={**columns, "units_taken": taken, "title": locked[product_id].facts["title"]},
        attention=sorted(attention),
        now=now,
    )
    await analytics.record_orders(tx, account_id, [order_id], now=now)
    if line.open_units:
        await stock.take(tx, account_id, {product_id: there - taken}, now=now)
    await follow(tx, account_id=account_id, product_ids=[product_id], now=now)
