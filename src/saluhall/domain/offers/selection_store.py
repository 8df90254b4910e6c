"""The SQL that offers products by the policy of a connection."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from saluhall.capabilities import Format
from saluhall.domain.offers.model import Place
from saluhall.domain.offers.store import POLICY, policy_from_row
from saluhall.storage import Transaction

SELECTING = f"""
  select c.id as connection_id, c.channel, {POLICY}
    from policies y join connections c on c.account_id = y.account_id and c.id = y.connection_id
   where y.account_id = %(account_id)s and y.products <> 'none' and c.removed_at is null
   order by c.id
"""
# Only offers that a policy made and ended are wanted again: what the seller ended, or what expired, stays as it is.
SELECT = """
  with p as materialized (
    select p.id, p.currency,
           not p.delete_wanted and %(products)s <> 'none' and (%(products)s = 'all' or (
             (%(catalogs)s::integer[] = '{}' or c.number = any(%(catalogs)s))
             and (%(categories)s::text[] = '{}' or %(categories)s::text[] && array[p.category, p.category1,
                    concat_ws(' > ', nullif(p.category1, ''), nullif(p.category2, ''), nullif(p.category3, ''))])
             and (%(tags)s::text[] = '{}' or %(tags)s::text[] && p.tags)
             and (%(min_price)s::numeric is null or p.price >= %(min_price)s)
             and (%(max_price)s::numeric is null or p.price <= %(max_price)s)
             and (not %(has_images)s or p.image_urls <> '{}'))) as is_selected
      from products p join catalogs c on c.account_id = p.account_id and c.id = p.catalog_id
     where p.account_id = %(account_id)s and p.id = any(%(product_ids)s) and p.kind = 'item'
     order by p.id for update of p
  ), made as (
    insert into offers as o (account_id, id, product_id, channel, connection_id, format, wanted, is_by_policy, currency,
                             created_at, updated_at)
    select %(account_id)s, new_ulid(), p.id, %(channel)s, %(connection_id)s, %(format)s, 'live', true, p.currency, %(now)s, %(now)s
      from p where p.is_selected
    on conflict (account_id, product_id, channel, connection_id, format) do update
       set wanted = 'live', error = null, revision = o.revision + 1, updated_at = %(now)s
     where o.is_by_policy and o.wanted = 'ended'
    returning product_id
  ), ended as (
    update offers o set wanted = 'ended', updated_at = %(now)s
      from p
     where o.account_id = %(account_id)s and o.product_id = p.id and o.connection_id = %(connection_id)s
       and o.is_by_policy and o.wanted = 'live' and (not p.is_selected or o.format <> %(format)s)
    returning o.product_id
  )
  select product_id from made union select product_id from ended
"""

NEWEST = "select pg_snapshot_xmax(pg_current_snapshot())::text as newest"
ARE_OVER = """
  select pg_snapshot_xmin(pg_current_snapshot()) >= %(newest)s::xid8
         or %(newest)s::xid8 > pg_snapshot_xmax(pg_current_snapshot()) as are_over
"""


async def newest(tx: Transaction) -> str:
    """Return the newest transaction."""
    return await tx.one(lambda row: str(row["newest"]), NEWEST) or "0"


async def are_over(tx: Transaction, newest: str) -> bool:
    """Return whether all transactions up to one are over."""
    return bool(await tx.one(lambda row: row["are_over"], ARE_OVER, {"newest": newest}))


async def list_selecting(tx: Transaction, account_id: UUID) -> list[Place]:
    """List the connections that offer products of their own accord, with their policies."""
    return await tx.all(
        lambda row: Place(
            channel=row["channel"],
            connection_id=row["connection_id"],
            policy=policy_from_row(row),
        ),
        SELECTING,
        {"account_id": account_id},
    )


async def select(
    tx: Transaction,
    account_id: UUID,
    product_ids: Sequence[UUID],
    *,
    place: Place,
    format: Format,  # noqa: A002 - the word of the field
    now: datetime,
) -> list[UUID]:
    """Offer products that a policy selects, end its offers of the others; return the products of which an offer changed."""
    chosen = place.policy.filter
    params = {
        "account_id": account_id,
        "product_ids": list(product_ids),
        "connection_id": place.connection_id,
        "channel": place.channel,
        "format": format,
        "products": place.policy.products,
        "catalogs": list(chosen.catalogs),
        "categories": list(chosen.categories),
        "tags": list(chosen.tags),
        "min_price": chosen.min_price,
        "max_price": chosen.max_price,
        "has_images": chosen.has_images,
        "now": now,
    }
    return await tx.all(lambda row: row["product_id"], SELECT, params)
