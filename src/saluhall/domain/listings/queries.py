"""Questions about listings."""

from datetime import datetime
from uuid import UUID

from saluhall.domain.accounts.model import Principal
from saluhall.domain.listings import store
from saluhall.domain.listings.model import Shelved
from saluhall.domain.products.model import ProductNotFound
from saluhall.storage import Transaction


async def product_on_shelf(tx: Transaction, *, by: Principal, catalog: str, sku: str) -> Shelved:
    """Show a product with its newest listing. Raises ProductNotFound."""
    shelved = await store.on_shelf(tx, by.account_id, catalog=catalog, sku=sku)
    if shelved is None:
        raise ProductNotFound(sku)
    return shelved


async def list_watched(
    tx: Transaction, owner: UUID, connection_id: UUID
) -> list[tuple[str, datetime | None]]:
    """List what stands or may stand at a connection: (external id, when it ends)."""
    return await store.watched(tx, owner, connection_id)


async def next_due_at(tx: Transaction, owner: UUID, connection_id: UUID) -> datetime | None:
    """Tell when the next listing of a connection is due, None when nothing is."""
    return await store.next_due(tx, owner, connection_id)
