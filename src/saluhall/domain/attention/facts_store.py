"""The SQL of what needs a person: one statement for each kind, the latest first. Each names its columns for the words in `kinds`."""

from collections.abc import Mapping
from typing import Any, Final

from saluhall.storage import Transaction
from saluhall.storage.database import Row

_SHOP: Final = "initcap(c.channel) || ' ' || c.user_id"
LINE_UNMATCHED: Final = f"""
  select l.created_at as since, o.id as order_id, o.number, l.id as line_id, l.title, l.listing_external_id as listing,
         l.quantity - l.units_cancelled as units, coalesce({_SHOP}, o.channel) as shop
    from orders o
    join order_lines l on l.account_id = o.account_id and l.order_id = o.id
    left join connections c on c.account_id = o.account_id and c.id = o.connection_id
   where o.account_id = %(account_id)s and o.attention <> '{{}}' and o.status in ('pending', 'paid')
     and o.attention @> '{{unmatched}}' and l.product_id is null and l.quantity > l.units_shipped + l.units_cancelled
   order by o.placed_at desc, o.id desc, l.id limit %(limit)s
"""
OVERSOLD: Final = f"""
  select l.created_at as since, o.id as order_id, o.number, l.id as line_id, l.sku, l.quantity - l.units_cancelled as units,
         l.units_taken, coalesce({_SHOP}, o.channel) as shop
    from orders o
    join order_lines l on l.account_id = o.account_id and l.order_id = o.id
    left join connections c on c.account_id = o.account_id and c.id = o.connection_id
   where o.account_id = %(account_id)s and o.attention <> '{{}}' and o.status in ('pending', 'paid')
     and o.attention @> '{{oversold}}' and l.product_id is not null and l.units_taken < l.quantity - l.units_cancelled
     and l.quantity > l.units_shipped + l.units_cancelled
   order by o.placed_at desc, o.id desc, l.id limit %(limit)s
"""
# A rejected notification counts while what it is about still holds, and until there is a newer one of the same kind; a refund also
# until the channel has made one.
UPDATE_REJECTED: Final = f"""
  select u.settled_at as since, o.id as order_id, o.number, u.kind as what, u.answer, {_SHOP} as shop
    from order_updates u
    join orders o on o.account_id = u.account_id and o.id = u.order_id
    join connections c on c.account_id = u.account_id and c.id = u.connection_id
   where u.account_id = %(account_id)s and u.state = 'rejected' and c.removed_at is null
     and not exists (select from order_updates n
                      where n.account_id = u.account_id and n.order_id = u.order_id and n.kind = u.kind and n.id > u.id)
     and case u.kind
           when 'shipped' then o.status <> 'cancelled'
           when 'refunded' then not exists (
             select from refunds r
              where r.account_id = u.account_id and r.order_id = u.order_id and r.external_id is not null
                and r.created_at >= u.created_at)
           else o.status = u.kind end
   order by u.id desc limit %(limit)s
"""
PAYMENT_MISSING: Final = f"""
  select o.placed_at + %(payment_after)s::interval as since, o.id as order_id, o.number, o.placed_at, o.total, o.currency,
         o.shipping_name as buyer, coalesce({_SHOP}, o.channel) as shop
    from orders o
    left join connections c on c.account_id = o.account_id and c.id = o.connection_id
   where o.account_id = %(account_id)s and o.status = 'pending' and o.placed_at <= %(now)s::timestamptz - %(payment_after)s::interval
   order by o.placed_at desc, o.id desc limit %(limit)s
"""
# `offset 0`: offers and products are looked up one by one; else PostgreSQL may read all that the account has.
OFFER_REJECTED: Final = f"""
  select l.updated_at as since, o.id as offer_id, p.sku, l.error as reason, {_SHOP} as shop
    from listings l
    join connections c on c.account_id = l.account_id and c.id = l.connection_id
   cross join lateral (
     select id, wanted, listing_id from offers where account_id = %(account_id)s and id = l.offer_id offset 0) o
   cross join lateral (
     select sku, status, delete_wanted from products where account_id = %(account_id)s and id = l.product_id offset 0) p
   where l.account_id = %(account_id)s and l.state = 'rejected' and c.removed_at is null
     and o.wanted = 'live' and o.listing_id = l.id and p.status in ('draft', 'active') and not p.delete_wanted
   order by l.id desc limit %(limit)s
"""
CONNECTION_SUSPENDED: Final = f"""
  select coalesce(c.polled_at, c.created_at) as since, c.id as connection_id, c.reason, {_SHOP} as shop
    from connections c
   where c.account_id = %(account_id)s and c.state = 'disconnected' and c.removed_at is null
   order by since desc, c.id limit %(limit)s
"""
ENDPOINT_DISABLED: Final = """
  select updated_at as since, id as endpoint_id, url,
         case when failing_since is null then 'by a person' else 'after ' || fail_count || ' failed deliveries' end as how
    from endpoints
   where account_id = %(account_id)s and not active and url is not null and expires_at is null
   order by updated_at desc, id limit %(limit)s
"""
IMAGE_FAILED: Final = """
  select i.updated_at as since, p.id as product_id, p.sku, i.source_url as url, md5(i.source_url) as digest, i.reason
    from images i
   cross join lateral (
     select id, sku, status, delete_wanted, image_urls from products
      where account_id = %(account_id)s and id = i.product_id offset 0) p
   where i.account_id = %(account_id)s and i.state = 'refused' and p.status in ('draft', 'active') and not p.delete_wanted
     and i.source_url = any(p.image_urls)
   order by i.updated_at desc, i.product_id limit %(limit)s
"""
ENTRY_UNREADABLE: Final = f"""
  select e.first_at as since, e.id as entry_id, e.kind as what, coalesce(nullif(e.remote_id, ''), 'unknown') as remote_id,
         e.reason, {_SHOP} as shop
    from attention_entries e
    join connections c on c.account_id = e.account_id and c.id = e.connection_id
   where e.account_id = %(account_id)s
   order by e.last_at desc, e.id desc limit %(limit)s
"""


async def read(tx: Transaction, statement: str, params: Mapping[str, Any]) -> list[Row]:
    """Read the facts of one kind."""
    return await tx.all(dict, statement, params)
