"""Questions about pictures."""

from collections.abc import Sequence
from uuid import UUID

from saluhall.domain.images import store
from saluhall.domain.images.model import ImageCounts, ReadyImage
from saluhall.storage import Transaction


async def list_ready(tx: Transaction, owner: UUID, product_id: UUID) -> list[ReadyImage]:
    """List a product's hosted pictures in the seller's order."""
    return await store.ready(tx, owner, product_id)


async def count_by_product(
    tx: Transaction, owner: UUID, product_ids: Sequence[UUID]
) -> list[tuple[UUID, str, int, int]]:
    """Count pictures by product: (product id, sku, wanted, ready)."""
    return await store.count(tx, owner, product_ids)


async def count_by_state(tx: Transaction, owner: UUID, product_id: UUID) -> ImageCounts:
    """Count a product's pictures that are due, and those refused with the reason of one."""
    return await store.count_by_state(tx, owner, product_id)
