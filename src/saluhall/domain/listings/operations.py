"""What a seller does with products, and what follows for their listings."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from saluhall.domain.accounts.model import Principal
from saluhall.domain.images.model import Fetched
from saluhall.domain.listings import sales, store
from saluhall.domain.products import bulk
from saluhall.domain.products import operations as product_operations
from saluhall.domain.products.bulk import Problems
from saluhall.domain.products.model import Batch, Product, PutOutcome, PutProduct, Status
from saluhall.storage import Transaction

# A change of these is worth another try of a listing that was refused.
_FOLLOWED = frozenset({"price", "title", "description", "image_urls", "domain", "currency"})


async def put_products(
    tx: Transaction,
    *,
    by: Principal,
    catalog: str,
    products: Sequence[PutProduct],
    now: datetime,
) -> list[PutOutcome]:
    """Create or update products and let their listings follow; one outcome per product, in the order given.

    A product that was deleted does not come back: its sku belongs to a new product, with a listing of its own.

    A new product with `auto_publish` is listed once its pictures are settled; an update never lists anew, but a live listing
    follows the price, and a refused one is tried again with the new data.
    """
    stored = await product_operations.put(tx, by=by, catalog=catalog, products=products, now=now)
    to_list = [row.id for row in stored.created if row.id and row.auto_publish]
    if to_list:
        _ring(tx, by.account_id, await store.want_live(tx, by.account_id, to_list, now=now))
    changed = [row.id for row in stored.known if row.id and not _FOLLOWED.isdisjoint(row.named)]
    if changed:
        follows = await store.follow(tx, by.account_id, changed, now=now)
        _ring(tx, by.account_id, follows)
    drafts = [r.id for r in stored.known if r.id and r.status == Status.DRAFT]
    if drafts:  # what they waited for may not be wanted any more
        await settle(tx, by.account_id, drafts, now=now)
    return stored.outcomes


async def change_products(
    tx: Transaction, *, by: Principal, changes: Batch, now: datetime
) -> Problems:
    """Change what each row names of its product, and let listings follow; tell why a row was refused, None for a good one.

    A live listing follows the price, a refused one is tried again with new data, and more than is left is not offered. What had
    gone is offered again wherever it was as soon as there are pieces.
    """
    problems, changed = await bulk.change(tx, by=by, batch=changes, now=now)
    if changed.followed:
        _ring(tx, by.account_id, await store.follow(tx, by.account_id, changed.followed, now=now))
    if changed.fewer:
        await sales.follow_stock(tx, by.account_id, changed.fewer, now=now)
    if changed.restocked:
        await sales.offer_again(tx, by.account_id, changed.restocked, now=now)
    return problems


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
