"""The SQL of setting listings aside with their connection."""

from datetime import datetime
from uuid import UUID

from saluhall.storage import Transaction
from saluhall.storage.database import Row

PARK = """
  update listings l
     set due_at = null, claimed_by = null, parked = true, error = %(reason)s, told = %(reason)s,
         updated_at = %(now)s
    from products p, listings was
   where l.account_id = %(owner)s and l.connection_id = %(connection)s and l.due_at is not null
     and p.account_id = l.account_id and p.id = l.product_id
     and was.account_id = l.account_id and was.id = l.id
  returning l.product_id, p.sku, l.external_id, p.currency,
            was.told is distinct from %(reason)s as is_news
"""
UNPARK = """
  update listings
     set parked = false, due_at = %(now)s, attempts = 0, told = null, updated_at = %(now)s
   where account_id = %(owner)s and connection_id = %(connection)s and parked
"""
ADOPT = """
  update listings l
     set connection_id = %(connection)s, told = null, updated_at = %(now)s,
         due_at = case when p.status <> 'draft' then %(now)s end
    from products p
   where l.account_id = %(owner)s and l.connection_id is null and l.desired = 'live'
     and p.account_id = l.account_id and p.id = l.product_id
"""


async def park(
    tx: Transaction, owner: UUID, connection_id: UUID, *, reason: str, now: datetime
) -> list[Row]:
    """Set a connection's due listings aside; rows tell whose, and whether the seller was told this already."""
    params = {"owner": owner, "connection": connection_id, "reason": reason, "now": now}
    return await tx.all(dict, PARK, params)


async def unpark(tx: Transaction, owner: UUID, connection_id: UUID, *, now: datetime) -> None:
    """Make a connection's parked listings due again, and take over those that had no connection."""
    params = {"owner": owner, "connection": connection_id, "now": now}
    await tx.run(UNPARK, params)
    await tx.run(ADOPT, params)
