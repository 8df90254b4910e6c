"""The SQL of subscriptions."""

from datetime import datetime
from uuid import UUID

from saluhall.storage import Transaction
from saluhall.storage.database import Row

# An account that renews in time keeps its first day as a subscriber.
WRITE = """
  update accounts
     set tier = %(tier)s, subscribed_until = %(until)s,
         subscribed_at = case when tier = %(tier)s and subscribed_at is not null
                               and (subscribed_until is null or subscribed_until > %(now)s)
                              then subscribed_at else %(since)s end
   where account_id = %(account_id)s
"""
FIND = """
  select account_id, tier, subscribed_at, subscribed_until from accounts where account_id = %(account_id)s
"""


async def write(
    tx: Transaction,
    account_id: UUID,
    *,
    tier: str,
    until: datetime | None,
    since: datetime | None,
    now: datetime,
) -> None:
    """Store what an account subscribes to."""
    params = {"account_id": account_id, "tier": tier, "until": until, "since": since, "now": now}
    await tx.run(WRITE, params)


async def find(tx: Transaction, account_id: UUID) -> Row | None:
    """Find what an account subscribes to."""
    return await tx.one(dict, FIND, {"account_id": account_id})
