"""The SQL of offers at a connection that is removed."""

from datetime import datetime
from uuid import UUID

from saluhall.domain.listings.deletions_store import MAY_BECOME_LIVE
from saluhall.storage import Transaction

COUNT_LIVE = f"""
  select count(*) as live from listings l
   where l.account_id = %(account_id)s and l.connection_id = %(connection_id)s and {MAY_BECOME_LIVE}
"""
# What was never published is offered at the channel's next connection, as if this one had never been there.
MOVE = f"""
  with next as (
    select (select c.id from connections c
             where c.account_id = %(account_id)s and c.channel = %(channel)s and c.id <> %(connection_id)s
               and c.removed_at is null
             order by c.created_at limit 1) as id
  ), unpublished as (
    select o.id as offer_id, l.id as listing_id
      from offers o join listings l on l.account_id = o.account_id and l.id = o.listing_id
     where o.account_id = %(account_id)s and o.connection_id = %(connection_id)s and o.wanted = 'live'
       and l.state = 'pending' and not {MAY_BECOME_LIVE}
       and not exists (
         select from offers t, next
          where t.account_id = o.account_id and t.product_id = o.product_id and t.channel = o.channel
            and t.format = o.format and t.connection_id is not distinct from next.id)
  ), forgotten as (
    delete from listings l using unpublished u where l.account_id = %(account_id)s and l.id = u.listing_id
  )
  update offers o
     set connection_id = next.id, listing_id = null, error = null, updated_at = %(now)s
    from next, unpublished u
   where o.account_id = %(account_id)s and o.id = u.offer_id
  returning o.product_id
"""


async def count_live(tx: Transaction, account_id: UUID, connection_id: UUID) -> int:
    """Count the listings that are, or may be, on the channel."""
    params = {"account_id": account_id, "connection_id": connection_id}
    return await tx.one(lambda row: int(row["live"]), COUNT_LIVE, params) or 0


async def move(
    tx: Transaction, account_id: UUID, connection_id: UUID, *, channel: str, now: datetime
) -> list[UUID]:
    """Move what was never published to the next connection of the channel; return the products."""
    params = {
        "account_id": account_id,
        "connection_id": connection_id,
        "channel": channel,
        "now": now,
    }
    return await tx.all(lambda row: row["product_id"], MOVE, params)
