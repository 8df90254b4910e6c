"""Questions about offers and policies."""

from uuid import UUID

from saluhall.domain.accounts.model import Principal
from saluhall.domain.connections.model import ConnectionNotFound
from saluhall.domain.offers import store
from saluhall.domain.offers.model import ListedOffer, Policy
from saluhall.domain.offers.store import POLICY, policy_from_row
from saluhall.storage import Transaction

__all__ = ["POLICY", "get_policy", "list_offers", "policy_from_row", "policy_of"]


async def get_policy(tx: Transaction, *, principal: Principal, connection_id: UUID) -> Policy:
    """Return a connection's policy. Raises ConnectionNotFound."""
    place = await store.find_place(tx, principal.account_id, connection_id)
    if place is None:
        raise ConnectionNotFound(f"the account has no connection with the id {connection_id}")
    return place.policy


async def policy_of(tx: Transaction, account_id: UUID, connection_id: UUID) -> Policy:
    """Return a connection's policy; the defaults when the connection was removed."""
    place = await store.find_place(tx, account_id, connection_id)
    return place.policy if place else Policy()


async def products_at(
    tx: Transaction, account_id: UUID, connection_id: UUID, *, after: UUID | None, limit: int
) -> list[UUID]:
    """List the products with an offer at a connection, by id; `after` is the last one of the page before."""
    return await store.products_at(tx, account_id, connection_id, after=after, limit=limit)


async def list_offers(
    tx: Transaction, *, principal: Principal, sku: str | None = None
) -> list[ListedOffer]:
    """List an account's offers, oldest first; of one SKU when it is given."""
    return await store.list_offers(tx, principal.account_id, sku=sku)
