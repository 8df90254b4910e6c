"""Questions to the event log."""

from uuid import UUID

from saluhall.domain.accounts.model import Principal
from saluhall.domain.history import store
from saluhall.domain.history.model import Event, Position
from saluhall.storage import Transaction


async def list_events_of_product(
    tx: Transaction, *, principal: Principal, product_id: UUID, limit: int = 1000
) -> list[Event]:
    """List what happened to a product, newest first."""
    return await store.of_product(tx, principal.account_id, product_id, limit=limit)


async def list_events_after(
    tx: Transaction, *, principal: Principal, after: Position, limit: int
) -> list[tuple[Event, Position]]:
    """List the deliverable events after a position, each with its own position; no event is ever inserted before it."""
    return await store.feed(tx, principal.account_id, after=after, limit=limit)
