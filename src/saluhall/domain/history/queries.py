"""Questions to the event log."""

from uuid import UUID

from saluhall.domain.accounts.model import Principal
from saluhall.domain.history import store
from saluhall.domain.history.model import Event
from saluhall.storage import Transaction


async def list_events_of_product(
    tx: Transaction, *, by: Principal, product_id: UUID, limit: int = 1000
) -> list[Event]:
    """List what happened to a product, newest first."""
    return await store.of_product(tx, by.account_id, product_id, limit=limit)
