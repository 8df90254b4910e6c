"""The SQL of suspending the listings of a connection."""

from datetime import datetime
from uuid import UUID

from saluhall.storage import Transaction
from saluhall.storage.database import Row

SUSPEND = """
  update listings l
     set due_at = null, claimed_by = null, suspended = true, error = %(reason)s, notified_error = %(reason)s,
         updated_at = %(now)s
    from products p, listings was, offers o
   where l.account_id = %(account_id)s and l.connection_id = %(connection_id)s and l.due_at is not null
     and p.account_id = l.account_id and p.id = l.product_id
     and was.account_id = l.account_id and was.id = l.id
     and o.account_id = l.account_id and o.id = l.offer_id
  returning l.product_id, p.sku, l.external_id, o.channel, o.currency,
            was.notified_error is distinct from %(reason)s as is_news
"""
RESUME = """
  update listings
     set suspended = false, due_at = null, attempts = 0, notified_error = null, updated_at = %(now)s
   where account_id = %(account_id)s and connection_id = %(connection_id)s and suspended
  returning product_id
"""
CHANNEL = (
    "select channel from connections where account_id = %(account_id)s and id = %(connection_id)s"
)


async def suspend(
    tx: Transaction, account_id: UUID, connection_id: UUID, *, reason: str, now: datetime
) -> list[Row]:
    """Suspend a connection's due listings; a row says what it is of, and whether the seller knows the reason already."""
    params = {
        "account_id": account_id,
        "connection_id": connection_id,
        "reason": reason,
        "now": now,
    }
    return await tx.all(dict, SUSPEND, params)


async def resume(
    tx: Transaction, account_id: UUID, connection_id: UUID, *, now: datetime
) -> list[UUID]:
    """Resume a connection's suspended listings; return their products."""
    params = {"account_id": account_id, "connection_id": connection_id, "now": now}
    return await tx.all(lambda row: row["product_id"], RESUME, params)


async def channel_of(tx: Transaction, account_id: UUID, connection_id: UUID) -> str | None:
    """Return the channel of a connection."""
    params = {"account_id": account_id, "connection_id": connection_id}
    return await tx.one(lambda row: row["channel"], CHANNEL, params)
