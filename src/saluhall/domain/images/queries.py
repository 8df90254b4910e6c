"""Read images."""

from collections.abc import Sequence
from uuid import UUID

from saluhall.domain.images import store
from saluhall.domain.images.model import Image
from saluhall.storage import Transaction


async def list_images(
    tx: Transaction, account_id: UUID, product_ids: Sequence[UUID]
) -> dict[UUID, list[Image]]:
    """List products' images in the seller's order, by product."""
    return await store.of_products(tx, account_id, product_ids)
