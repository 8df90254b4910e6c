"""Deleting products: at once where nothing is live and no order is in progress, else as soon as that is so."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from saluhall.domain.accounts.model import Principal
from saluhall.domain.listings import deletions_store
from saluhall.domain.listings.follow import follow
from saluhall.domain.products import operations as product_operations
from saluhall.storage import Transaction


async def delete_product(
    tx: Transaction, *, principal: Principal, catalog: str, sku: str, now: datetime
) -> UUID:
    """Delete a product; its SKU is free for a new one at once. Return the id of what was deleted. Raises ProductNotFound.

    What is live on a channel is ended first. A product with an order in progress is archived until that is done.
    """
    account_id = principal.account_id
    product = await product_operations.lock(
        tx, principal=principal, catalog=catalog, sku=sku, now=now
    )
    found = await deletions_store.obstacles(tx, account_id, product.id)
    if found.may_be_live or found.is_in_progress:
        if found.is_in_progress:
            await product_operations.archive(tx, principal=principal, product=product, now=now)
        else:
            await product_operations.hide(tx, principal=principal, product=product, now=now)
        await follow(
            tx, account_id=account_id, product_ids=[product.id], changed={product.id}, now=now
        )
    else:
        await _remove(tx, account_id, product.id, product.sku, now=now)
    return product.id


async def finish(
    tx: Transaction, account_id: UUID, product_ids: Sequence[UUID], *, now: datetime
) -> None:
    """Remove those of these products that were deleted, of which nothing is live and no order is in progress any more."""
    if product_ids:
        for product_id, sku in await deletions_store.finished(tx, account_id, product_ids):
            await _remove(tx, account_id, product_id, sku, now=now)


async def _remove(
    tx: Transaction, account_id: UUID, product_id: UUID, sku: str, *, now: datetime
) -> None:
    await deletions_store.delete(tx, account_id, product_id)
    await product_operations.remove(tx, account_id, product_id=product_id, sku=sku, now=now)
