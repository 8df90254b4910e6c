"""Questions about all products of an account."""

from uuid import UUID

from saluhall.domain.products import store
from saluhall.domain.products.model import ProductKey
from saluhall.storage import Transaction


async def list_keys(
    tx: Transaction, account_id: UUID, *, after: ProductKey | None, limit: int
) -> list[ProductKey]:
    """List an account's items by catalog and SKU; `after` is the last one of the page before."""
    return await store.list_keys(tx, account_id, after=after, limit=limit)
