"""The SQL of listings whose connection is removed."""

from datetime import datetime
from uuid import UUID

from saluhall.storage import Transaction

_MAY_BE_LIVE = """
  (l.state in ('live', 'submitted')
   or l.state = 'waiting' and (l.claimed_by is not null or coalesce((l.progress ->> 'may_be_live')::boolean, false)))
"""
COUNT_LIVE = f"""
  select count(*) as live from listings l
   where l.account_id = %(owner)s and l.connection_id = %(connection)s and {_MAY_BE_LIVE}
"""
# What was never published is listed at the account's next connection, as if this one had never been there.
MOVE = f"""
  with next as (
    select (select c.id from connections c
             where c.account_id = %(owner)s and c.id <> %(connection)s and c.removed_at is null
             order by c.created_at limit 1) as id
  )
  update listings l
     set connection_id = next.id, parked = false, error = null, told = null, attempts = 0, claimed_by = null,
         due_at = case when p.status <> 'draft' then %(now)s end, updated_at = %(now)s
    from next, products p
   where l.account_id = %(owner)s and l.connection_id = %(connection)s and l.desired = 'live'
     and l.state = 'waiting' and not {_MAY_BE_LIVE}
     and p.account_id = l.account_id and p.id = l.product_id
     and not exists (select from listings o
                      where o.account_id = l.account_id and o.product_id = l.product_id
                        and o.connection_id is not distinct from next.id)
  returning coalesce(next.id, l.account_id) as key
"""


async def count_live(tx: Transaction, owner: UUID, connection_id: UUID) -> int:
    """Count the listings that are, or may be, on the marketplace."""
    params = {"owner": owner, "connection": connection_id}
    return await tx.one(lambda row: int(row["live"]), COUNT_LIVE, params) or 0


async def move(tx: Transaction, owner: UUID, connection_id: UUID, *, now: datetime) -> list[UUID]:
    """Move what was never published to the next connection; return for each listing whom to wake."""
    params = {"owner": owner, "connection": connection_id, "now": now}
    return await tx.all(lambda row: row["key"], MOVE, params)
