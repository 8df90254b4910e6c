"""Questions to the event log."""

from collections.abc import Iterable
from uuid import UUID

from saluhall.domain.accounts.model import Principal
from saluhall.domain.events import store
from saluhall.domain.events.model import Event, EventType, Position
from saluhall.storage import Transaction


async def list_events(tx: Transaction, *, principal: Principal, limit: int) -> list[Event]:
    """List what happened in the account, newest first."""
    return await store.of_account(tx, principal.account_id, limit=limit)


async def list_events_of_sku(
    tx: Transaction,
    *,
    principal: Principal,
    sku: str,
    product_id: UUID | None = None,
    types: Iterable[EventType] = tuple(EventType),
    limit: int = 1000,
) -> list[Event]:
    """List what happened to the products of a SKU, deleted ones too, or to one of them; newest first."""
    return await store.of_sku(
        tx, principal.account_id, sku, product_id=product_id, types=types, limit=limit
    )


async def list_events_after(
    tx: Transaction,
    *,
    principal: Principal,
    types: Iterable[EventType],
    after: Position,
    limit: int,
) -> list[tuple[Event, Position]]:
    """List the events of these types (of IN_FEED) after a position, each with its own; no event is ever inserted before it."""
    return await store.feed(tx, principal.account_id, types=types, after=after, limit=limit)
