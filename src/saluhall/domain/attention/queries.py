"""Questions about what waits for a person."""

from uuid import UUID

from saluhall.domain.accounts.model import Principal
from saluhall.domain.attention import store
from saluhall.domain.attention.model import AttentionEntry
from saluhall.storage import Transaction


async def list_entries(tx: Transaction, *, principal: Principal) -> list[AttentionEntry]:
    """List an account's entries, the latest first."""
    return await store.list_entries(tx, principal.account_id)


async def count_by_connection(tx: Transaction, *, principal: Principal) -> dict[UUID, int]:
    """Count the entries of each connection that has some."""
    return await store.count_by_connection(tx, principal.account_id)


async def count_all(tx: Transaction) -> int:
    """Count the entries of all accounts that wait for a person."""
    return await store.count_all(tx)
