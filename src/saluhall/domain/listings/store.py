"""The SQL of listings."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from saluhall.channel import Progress
from saluhall.domain.images.model import ShownImage
from saluhall.domain.listings.model import PRIORITY, Desired, Listing, Shelved, State
from saluhall.domain.products.model import COLUMNS, product_from_row
from saluhall.storage import Transaction
from saluhall.storage.claims import claim_from_row
from saluhall.storage.database import Row

# The account's first connection takes the listing: one piece is never offered twice, so what is live at a removed one stays with it.
WANT_LIVE = """
  insert into listings (account_id, id, product_id, connection_id, desired, state, due_at, created_at,
                        updated_at)
  select p.account_id, new_ulid(), p.id,
         (select c.id from connections c
           where c.account_id = p.account_id
             and (c.removed_at is null
                  or exists (select from listings l
                              where l.account_id = p.account_id and l.product_id = p.id and l.connection_id = c.id
                                and l.state in ('live', 'submitted')))
           order by c.removed_at is null, c.created_at limit 1),
         'live', 'waiting', case when p.status <> 'draft' then %(now)s end, %(now)s, %(now)s
    from products p
   where p.account_id = %(owner)s and p.id = any(%(ids)s) and p.kind = 'item'
  on conflict (account_id, product_id, connection_id) do update
     set desired = 'live', revision = listings.revision + 1, updated_at = %(now)s,
         due_at = case when listings.claimed_by is null then %(now)s else listings.due_at end,
         refused_price = null, attempts = 0, error = null, told = null,
         external_id = case when listings.state = 'ended' then null else listings.external_id end,
         url = case when listings.state = 'ended' then null else listings.url end,
         confirmed_price = case when listings.state = 'ended' then null else listings.confirmed_price end,
         state = case when listings.state = 'ended' then 'waiting' else listings.state end,
         progress = case when listings.state = 'ended' then null else listings.progress end
   where listings.state <> 'sold'
  returning connection_id
"""
# A claimed listing is never made due here: whoever holds it reads it afresh when recording, and computes what is due next.
# New data: a live listing follows the price, a refused one is tried again. A price that was refused is not asked for again.
FOLLOW = """
  update listings l
     set revision = l.revision + 1, updated_at = %(now)s, attempts = 0,
         due_at = case when l.claimed_by is null and l.state <> 'submitted' then %(now)s else l.due_at end,
         priority = case l.state when 'live' then 1 when 'submitted' then 2 else 3 end,
         state = case when l.state = 'refused' then 'waiting' else l.state end,
         refused_price = case when l.refused_price = p.price then l.refused_price end
    from products p
   where l.account_id = %(owner)s and l.product_id = any(%(ids)s) and l.desired = 'live'
     and p.account_id = l.account_id and p.id = l.product_id and p.status <> 'draft' and not l.parked
     and ((l.state = 'live' and p.price is distinct from l.confirmed_price
           and p.price is distinct from l.refused_price)
          or l.state = 'refused' or (l.state in ('waiting', 'submitted') and l.due_at is not null))
  returning l.connection_id
"""
WAKE = """
  update listings l set due_at = %(now)s, updated_at = %(now)s
    from products p
   where l.account_id = %(owner)s and l.product_id = any(%(ids)s) and l.desired = 'live'
     and l.state = 'waiting' and l.due_at is null and not l.parked
     and p.account_id = l.account_id and p.id = l.product_id and p.status <> 'draft'
  returning l.connection_id
"""
WANT_ENDED = """
  update listings
     set desired = 'ended', revision = revision + 1, priority = 0, attempts = 0, updated_at = %(now)s,
         due_at = case when claimed_by is null then %(now)s else due_at end
   where account_id = %(owner)s and product_id = %(product_id)s and desired = 'live'
     and state in ('waiting', 'submitted', 'live', 'refused')
  returning connection_id, state
"""
LISTING = """
  l.id, l.account_id, l.connection_id, l.product_id, p.sku, l.desired, l.revision, l.state, p.price,
  l.confirmed_price, l.refused_price, l.external_id, l.url, l.progress, l.attempts, l.error, l.told, l.looks_left,
  p.delete_wanted, p.currency, p.enhance_due_at is not null as text_due, l.claimed_by, l.claim_number
"""
# Equal or null, never `is not distinct from`: that cannot use the index of due rows.
_CLAIM = f"""
  with due as (
    select account_id, id from listings
     where account_id = %(owner)s and connection_id {{at}}
       and due_at <= %(now)s and priority <= %(lowest)s
     order by priority, due_at limit %(limit)s for update skip locked
  )
  update listings l
     set due_at = %(now)s + %(lease)s, claimed_by = %(worker)s, claim_number = l.claim_number + 1
    from due, products p
   where l.account_id = due.account_id and l.id = due.id
     and p.account_id = l.account_id and p.id = l.product_id
  returning {LISTING}, l.priority
"""
CLAIM = _CLAIM.format(at="= %(connection)s")
CLAIM_UNCONNECTED = _CLAIM.format(at="is null")
# What was committed may stand, and be sold or ended, before the hub knows that it is live.
_MAY_STAND = "(state in ('live', 'submitted') or state = 'waiting' and (progress ->> 'may_be_live')::boolean)"
LOCK_EXTERNAL = f"""
  with p as materialized (
    select p.* from products p
     where p.account_id = %(owner)s and p.id in (
       select product_id from listings
        where account_id = %(owner)s and connection_id = %(connection)s
          and external_id = any(%(external_ids)s) and {_MAY_STAND})
     order by p.id for update
  )
  select {LISTING} from p join listings l on l.account_id = p.account_id and l.product_id = p.id
   where l.account_id = %(owner)s and l.connection_id = %(connection)s
     and l.external_id = any(%(external_ids)s) and {_MAY_STAND}
     for update of l
"""
WATCHED = f"""
  select external_id, ends_at from listings
   where account_id = %(owner)s and connection_id = %(connection)s and external_id is not null
     and {_MAY_STAND}
"""
ON_SHELF = f"""
  select {COLUMNS},
         l.state, l.desired, l.due_at is not null as pending, l.external_id, l.url, l.error,
         l.waits_reason, l.next_try_at,
         (select jsonb_agg(jsonb_build_object('source_url', i.source_url, 'state', i.state,
                                              'stored_key', i.stored_key, 'reason', i.reason)
                           order by array_position(p.image_urls, i.source_url))
            from images i where i.account_id = p.account_id and i.product_id = p.id) as images
    from products p
    join catalogs c on c.account_id = p.account_id and c.id = p.catalog_id
    left join lateral (
      select l.state, l.desired, l.due_at, l.external_id, l.url, l.error,
             case when l.waits_reason is not null then l.waits_reason when stuck then n.waits_reason end as waits_reason,
             case when l.waits_reason is not null then l.due_at when stuck then n.next_try_at end as next_try_at
        from listings l
        left join connections n on n.account_id = l.account_id and n.id = l.connection_id,
             lateral (select l.due_at <= now() and l.claimed_by is null as stuck) s
       where l.account_id = p.account_id and l.product_id = p.id
       order by l.id desc limit 1) l on true
   where p.account_id = %(owner)s and c.code = %(catalog)s and p.sku = %(sku)s and not p.delete_wanted
"""
NEXT_DUE = """
  select min(first.due_at) as next_at
    from unnest(%(priorities)s::smallint[]) as wanted, lateral (
      select due_at from listings
       where account_id = %(owner)s and connection_id = %(connection)s and priority = wanted
         and due_at is not null
       order by due_at limit 1) first
"""


async def want_live(
    tx: Transaction, owner: UUID, product_ids: Sequence[UUID], *, now: datetime
) -> list[UUID | None]:
    """Want products listed; return the connections that have work."""
    params = {"owner": owner, "ids": list(product_ids), "now": now}
    return await tx.all(_connection, WANT_LIVE, params)


async def follow(
    tx: Transaction, owner: UUID, product_ids: Sequence[UUID], *, now: datetime
) -> list[UUID | None]:
    """Make listings due whose product changed; return their connections."""
    params = {"owner": owner, "ids": list(product_ids), "now": now}
    return await tx.all(_connection, FOLLOW, params)


async def wake(
    tx: Transaction, owner: UUID, product_ids: Sequence[UUID], *, now: datetime
) -> list[UUID | None]:
    """Make listings due that waited for their product to settle."""
    return await tx.all(_connection, WAKE, {"owner": owner, "ids": list(product_ids), "now": now})


async def want_ended(
    tx: Transaction, owner: UUID, product_id: UUID, *, now: datetime
) -> list[UUID | None]:
    """Want a product's listings ended; return the connections that have work."""
    params = {"owner": owner, "product_id": product_id, "now": now}
    return await tx.all(_connection, WANT_ENDED, params)


async def claim(
    tx: Transaction,
    owner: UUID,
    connection_id: UUID | None,
    *,
    worker: UUID,
    limit: int,
    lowest: int,
    lease: timedelta,
    now: datetime,
) -> list[Listing]:
    """Take due listings down to a priority, the most pressing first, for the length of a lease."""
    params = {
        "owner": owner,
        "connection": connection_id,
        "worker": worker,
        "limit": limit,
        "lowest": lowest,
        "lease": lease,
        "now": now,
    }
    sql = CLAIM if connection_id else CLAIM_UNCONNECTED
    rows = await tx.all(lambda row: (row["priority"], listing_from_row(row)), sql, params)
    return [listing for _, listing in sorted(rows, key=lambda pair: pair[0])]


async def lock_external(
    tx: Transaction, owner: UUID, connection_id: UUID, external_ids: Sequence[str]
) -> list[Listing]:
    """Lock the listings that stand, or may stand, with these ids at the marketplace."""
    params = {"owner": owner, "connection": connection_id, "external_ids": list(external_ids)}
    return await tx.all(listing_from_row, LOCK_EXTERNAL, params)


async def watched(
    tx: Transaction, owner: UUID, connection_id: UUID
) -> list[tuple[str, datetime | None]]:
    """List what stands or may stand at a connection: (external id, when it ends)."""
    return await tx.all(
        lambda row: (row["external_id"], row["ends_at"]),
        WATCHED,
        {"owner": owner, "connection": connection_id},
    )


async def next_due(tx: Transaction, owner: UUID, connection_id: UUID) -> datetime | None:
    """Tell when the next listing of a connection is due."""
    priorities = sorted(set(PRIORITY.values()))
    params = {"owner": owner, "connection": connection_id, "priorities": priorities}
    return await tx.one(lambda row: row["next_at"], NEXT_DUE, params)


async def on_shelf(tx: Transaction, owner: UUID, *, catalog: str, sku: str) -> Shelved | None:
    """Find a product with its newest listing."""
    return await tx.one(
        shelved_from_row, ON_SHELF, {"owner": owner, "catalog": catalog, "sku": sku}
    )


def _connection(row: Row) -> UUID | None:
    return row["connection_id"]  # type: ignore[no-any-return]


def listing_from_row(row: Row) -> Listing:
    """Read a listing."""
    fields = {name: row[name] for name in Listing.__struct_fields__ if name != "claim"}
    fields["claim"] = claim_from_row(row)
    fields["desired"] = Desired(row["desired"])
    fields["state"] = State(row["state"])
    fields["progress"] = msgspec.convert(row["progress"] or {}, Progress)
    return Listing(**fields)


def shelved_from_row(row: Row) -> Shelved:
    """Read a product and its newest listing."""
    return Shelved(
        product=product_from_row(row),
        state=None if row["state"] is None else State(row["state"]),
        desired=None if row["desired"] is None else Desired(row["desired"]),
        pending=row["pending"],
        external_id=row["external_id"] if row["state"] not in {"waiting", "submitted"} else None,
        external_url=row["url"],
        error=row["error"],
        waits_reason=row["waits_reason"] if row["pending"] else None,
        next_try_at=row["next_try_at"] if row["pending"] else None,
        images=tuple(ShownImage(**image) for image in row["images"] or ()),
    )
