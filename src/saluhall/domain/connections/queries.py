"""Questions about connections and budgets."""

from datetime import datetime
from uuid import UUID

from saluhall.domain.accounts.model import Principal
from saluhall.domain.connections import budget_store, store
from saluhall.domain.connections.model import BudgetState, Connection, ConnectionHealth, Health
from saluhall.storage import Transaction


async def list_connections(tx: Transaction, *, principal: Principal) -> list[Connection]:
    """List an account's connections, oldest first."""
    return await store.of_account(tx, principal.account_id)


async def list_health(tx: Transaction) -> list[ConnectionHealth]:
    """List all connections of all accounts, those that do not work first."""
    return await store.health(tx)


async def find_connection(
    tx: Transaction, account_id: UUID, connection_id: UUID
) -> Connection | None:
    """Find a connection of an account."""
    return await store.find(tx, account_id, connection_id)


async def account_of_connection(tx: Transaction, connection_id: UUID) -> UUID | None:
    """Return the account of a connection."""
    return await store.account_of(tx, connection_id)


async def budget_of_channel(tx: Transaction, channel: str, *, now: datetime) -> BudgetState:
    """Read what was used of a channel's calls in the last 24 hours."""
    return await budget_store.budget(tx, channel, now=now)


async def find_limit_of_channel(tx: Transaction, channel: str) -> int | None:
    """Return how many calls in 24 hours the workers may make at a channel; None before the first worker started."""
    return await budget_store.limit(tx, channel)


async def count_by_health(tx: Transaction, *, now: datetime) -> list[Health]:
    """Count all connections by channel, state and what they wait for, for who measures."""
    return await store.count_by_health(tx, now=now)


async def count_polling(tx: Transaction, channel: str) -> int:
    """Count the connections that are polled at a channel."""
    return await store.count_polling(tx, channel)
