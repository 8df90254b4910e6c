"""What a seller does with products, and what follows for their listings."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from saluhall.domain.accounts.model import Principal
from saluhall.domain.images.model import Fetched
from saluhall.domain.listings import sales, store
from saluhall.domain.products import operations as product_operations
from saluhall.domain.products import upsert
from saluhall.domain.products.fields import ProductPatch
from saluhall.domain.products.model import Product, Status, Stored
from saluhall.storage import Transaction


async def put_products(
    tx: Transaction,
    *,
    by: Principal,
    catalog: str,
    products: Sequence[ProductPatch],
    now: datetime,
) -> list[Stored]:
    """Create or update products and let their listings follow; one result per product, in the order given.

    A product that was deleted does not come back: its SKU belongs to a new product, with a listing of its own.

    A new product with `auto_publish` is listed once its images are settled; an update never lists it, but a live listing
    follows the price, and a rejected one is tried again with the new data.
    """
    stored = await upsert.put(tx, principal=by, catalog=catalog, patches=products, now=now)
    to_list = [s.product_id for s in stored if s.created and s.auto_publish and s.product_id]
    if to_list:
        _ring(tx, by.account_id, await store.want_live(tx, by.account_id, to_list, now=now))  # fmt: skip
    known = [each for each in stored if each.product_id and not each.created]
    await _follow(tx, by, known, now=now)
    drafts = [each.product_id for each in known if each.product_id and each.status is Status.DRAFT]
    if drafts:  # what they waited for may not be wanted any more
        await settle(tx, by.account_id, drafts, now=now)
    return stored


async def change_products(
    tx: Transaction,
    *,
    by: Principal,
    catalogs: Sequence[int],
    changes: Sequence[ProductPatch],
    now: datetime,
) -> list[Stored]:
    """Change what each patch names of its product, and let listings follow; one result per patch, in the order given.

    A live listing follows the price, a rejected one is tried again with new data, and more than is left is not offered. What was
    sold out is offered again wherever it was as soon as there are units.
    """
    stored = await upsert.change(tx, principal=by, catalogs=catalogs, patches=changes, now=now)
    await _follow(tx, by, stored, now=now)
    return stored


async def _follow(
    tx: Transaction, by: Principal, known: Sequence[Stored], *, now: datetime
) -> None:
    changed = [s.product_id for s in known if s.product_id and s.is_shown_named]
    if changed:
        follows = await store.follow(tx, by.account_id, changed, now=now)
        _ring(tx, by.account_id, follows)
    fewer = [s.product_id for s in known if s.product_id and s.quantity < (s.quantity_before or 0)]
    if fewer:
        await sales.follow_stock(tx, by.account_id, fewer, now=now)
    gone = {Status.SOLD, Status.NOT_LISTED}
    restocked = [
        each.product_id
        for each in known
        if each.product_id and each.status is Status.ACTIVE and each.status_before in gone
    ]
    if restocked:
        await sales.offer_again(tx, by.account_id, restocked, now=now)


async def change_price(
    tx: Transaction, *, by: Principal, catalog: str, sku: str, price: Decimal, now: datetime
) -> UUID:
    """Change a product's price; a live listing follows. Return the product's id. Raises ProductNotFound."""
    product = await product_operations.lock(tx, by=by, catalog=catalog, sku=sku, now=now)
    await product_operations.change_price(tx, by=by, product=product, price=price, now=now)
    _ring(tx, by.account_id, await store.follow(tx, by.account_id, [product.id], now=now))
    return product.id


async def set_status(
    tx: Transaction, *, by: Principal, catalog: str, sku: str, status: Status, now: datetime
) -> UUID:
    """De-list a product (not_listed) or mark it sold elsewhere; either way its listing is to end. Raises ProductNotFound."""
    product = await product_operations.lock(tx, by=by, catalog=catalog, sku=sku, now=now)
    await product_operations.set_status(tx, by=by, product=product, status=status, now=now)
    await _want_ended(tx, by=by, product=product, now=now)
    return product.id


async def pictures_fetched(
    tx: Transaction, owner: UUID, fetched: Sequence[Fetched], *, now: datetime
) -> None:
    """Record what became of pictures; products that wait for nothing more become active, and their listings due."""
    product_ids = await product_operations.pictures_fetched(tx, owner, fetched, now=now)
    await settle(tx, owner, product_ids, now=now)


async def settle(
    tx: Transaction, owner: UUID, product_ids: Sequence[UUID], *, now: datetime
) -> None:
    """Activate products whose pictures and texts are done, and wake their listings."""
    await product_operations.settle(tx, owner, product_ids, now=now)
    _ring(tx, owner, await store.wake(tx, owner, product_ids, now=now))


async def _want_ended(tx: Transaction, *, by: Principal, product: Product, now: datetime) -> None:
    _ring(tx, by.account_id, await store.want_ended(tx, by.account_id, product.id, now=now))


def _ring(tx: Transaction, owner: UUID, connections: Sequence[UUID | None]) -> None:
    """Ring for each connection; listings without one are the account's own queue."""
    tx.wake("sync_connection", {c or owner for c in connections})
