"""Questions about pictures."""

from collections.abc import Sequence
from uuid import UUID

from saluhall.domain.images import store
from saluhall.domain.images.model import Image
from saluhall.storage import Transaction


async def list_images(
    tx: Transaction, owner: UUID, product_ids: Sequence[UUID]
) -> dict[UUID, list[Image]]:
    """List products' pictures in the seller's order, by product."""
    return await store.of_products(tx, owner, product_ids)


async def count_by_product(
    tx: Transaction, owner: UUID, product_ids: Sequence[UUID]
) -> list[tuple[UUID, str, int, int]]:
    """Count pictures by product: (product id, sku, wanted, ready)."""
    return await store.count(tx, owner, product_ids)
