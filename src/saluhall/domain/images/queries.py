"""Questions about pictures."""

from collections.abc import Sequence
from uuid import UUID

from saluhall.domain.images import store
from saluhall.domain.images.model import Image
from saluhall.storage import Transaction


async def list_images(tx: Transaction, owner: UUID, product_id: UUID) -> list[Image]:
    """List a product's pictures in the seller's order."""
    return await store.of_product(tx, owner, product_id)


async def count_by_product(
    tx: Transaction, owner: UUID, product_ids: Sequence[UUID]
) -> list[tuple[UUID, str, int, int]]:
    """Count pictures by product: (product id, sku, wanted, ready)."""
    return await store.count(tx, owner, product_ids)
