"""Questions about listings."""

from datetime import datetime
from uuid import UUID

from saluhall.domain.accounts.model import Principal
from saluhall.domain.listings import listed_store, store
from saluhall.domain.listings.model import ListedProduct
from saluhall.domain.products.model import ProductNotFound
from saluhall.storage import Transaction


async def get_listed_product(
    tx: Transaction, *, principal: Principal, catalog: str, sku: str, channel: str | None = None
) -> ListedProduct:
    """Return a product with its newest listing, on one channel when it is given. Raises ProductNotFound."""
    found = await listed_store.find(
        tx, principal.account_id, catalog=catalog, sku=sku, channel=channel
    )
    if found is None:
        raise ProductNotFound(sku)
    return found


async def list_known_ids(
    tx: Transaction, account_id: UUID, connection_id: UUID
) -> list[tuple[str, datetime | None]]:
    """List what is or may be live at a connection: (external id, when it ends)."""
    return await store.known_ids(tx, account_id, connection_id)


async def next_due_at(tx: Transaction, account_id: UUID, connection_id: UUID) -> datetime | None:
    """Return when the next listing of a connection is due, None when nothing is."""
    return await store.next_due(tx, account_id, connection_id)
