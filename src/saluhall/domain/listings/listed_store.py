"""The SQL of a product with its newest listing on a channel."""

from uuid import UUID

from saluhall.domain.images.model import ShownImage
from saluhall.domain.listings.model import EndedReason, ListedProduct, State
from saluhall.domain.products.model import COLUMNS, product_from_row
from saluhall.storage import Transaction
from saluhall.storage.database import Row

# An offer that waits for a connection is as good as pending.
FIND = f"""
  select {COLUMNS},
         l.state, l.ended_reason, l.is_wanted, l.due_at is not null as pending, l.external_id, l.url, l.error,
         l.waits_reason, l.next_try_at,
         (select jsonb_agg(jsonb_build_object('source_url', i.source_url, 'state', i.state,
                                              'stored_key', i.stored_key, 'reason', i.reason)
                           order by array_position(p.image_urls, i.source_url))
            from images i where i.account_id = p.account_id and i.product_id = p.id) as images
    from products p
    join catalogs c on c.account_id = p.account_id and c.id = p.catalog_id
    left join lateral (
      select coalesce(l.state, case when is_wanted then 'pending' else 'ended' end) as state,
             l.ended_reason, l.due_at, l.external_id, l.url,
             coalesce(l.error, o.error) as error,
             is_wanted,
             case when l.waits_reason is not null then l.waits_reason when stuck then n.waits_reason end as waits_reason,
             case when l.waits_reason is not null then l.due_at when stuck then n.next_try_at end as next_try_at
        from offers o
        left join listings l on l.account_id = o.account_id and l.id = o.listing_id
        left join connections n on n.account_id = o.account_id and n.id = o.connection_id,
             lateral (select l.due_at <= now() and l.claimed_by is null as stuck,
                             o.wanted = 'live' and o.quantity > 0 and p.status in ('draft', 'active') as is_wanted) s
       where o.account_id = p.account_id and o.product_id = p.id and (o.channel = %(channel)s or %(channel)s::text is null)
       order by l.id desc nulls last, o.id desc limit 1) l on true
   where p.account_id = %(account_id)s and c.code = %(catalog)s and p.sku = %(sku)s and not p.delete_wanted
"""


async def find(
    tx: Transaction, account_id: UUID, *, catalog: str, sku: str, channel: str | None
) -> ListedProduct | None:
    """Find a product with its newest listing on a channel."""
    params = {"account_id": account_id, "catalog": catalog, "sku": sku, "channel": channel}
    return await tx.one(listed_from_row, FIND, params)


def listed_from_row(row: Row) -> ListedProduct:
    """Read a product and its newest listing; the id of what is not live yet is not shown."""
    reason, state = row["ended_reason"], row["state"]
    return ListedProduct(
        product=product_from_row(row),
        state=None if state is None else State(state),
        ended_reason=None if reason is None else EndedReason(reason),
        is_wanted=bool(row["is_wanted"]),
        pending=bool(row["pending"]),
        external_id=row["external_id"] if state not in {"pending", "submitted"} else None,
        external_url=row["url"],
        error=row["error"],
        waits_reason=row["waits_reason"] if row["pending"] else None,
        next_try_at=row["next_try_at"] if row["pending"] else None,
        images=tuple(ShownImage(**image) for image in row["images"] or ()),
    )
