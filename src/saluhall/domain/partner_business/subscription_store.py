"""The SQL of subscriptions."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from saluhall.storage import Transaction
from saluhall.storage.database import Row

# An account that renews in time keeps its first day as a subscriber.
WRITE = """
  insert into account_subscriptions as s (account_id, tier, subscribed_at, ends_at)
  values (%(account_id)s, %(tier)s, %(now)s, %(until)s)
  on conflict (account_id) do update
     set tier = excluded.tier, ends_at = excluded.ends_at,
         subscribed_at = case when s.tier = excluded.tier and (s.ends_at is null or s.ends_at > excluded.subscribed_at)
                              then s.subscribed_at else excluded.subscribed_at end
"""
END = "delete from account_subscriptions where account_id = %(account_id)s"
FIND = """
  select tier, subscribed_at, ends_at from account_subscriptions where account_id = %(account_id)s
"""
LIST_TIERS = "select account_id, tier from account_subscriptions"


async def write(
    tx: Transaction, account_id: UUID, *, tier: str, until: datetime | None, now: datetime
) -> None:
    """Store what an account subscribes to."""
    await tx.run(WRITE, {"account_id": account_id, "tier": tier, "until": until, "now": now})


async def end(tx: Transaction, account_id: UUID) -> None:
    """Delete an account's subscription."""
    await tx.run(END, {"account_id": account_id})


async def find(tx: Transaction, account_id: UUID) -> Row | None:
    """Find what an account subscribes to."""
    return await tx.one(dict, FIND, {"account_id": account_id})


async def list_tiers(tx: Transaction) -> Mapping[UUID, str]:
    """Read the tiers of all accounts that subscribe."""
    return {row["account_id"]: row["tier"] for row in await tx.all(dict, LIST_TIERS)}
