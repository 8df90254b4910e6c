"""The SQL of listings: claim, lock and write them together with their offers and products.

Rows are locked in one order everywhere: products by id, then offers, then listings. So a job and a request never wait for each other.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from saluhall.capabilities import Format
from saluhall.channel import Progress
from saluhall.domain.listings.model import (
    DueListing,
    EndedReason,
    Listing,
    OfferedProduct,
    Scheduled,
    State,
)
from saluhall.domain.listings.steps import PRIORITY
from saluhall.domain.offers.model import Offer, Wanted
from saluhall.domain.products.model import Status
from saluhall.storage import Transaction
from saluhall.storage.claims import claim_from_row
from saluhall.storage.database import Row

COLUMNS = """
  l.id, l.account_id, l.offer_id, l.product_id, l.connection_id, l.format, l.state, l.ended_reason, l.external_id, l.url,
  l.ends_at, l.live_since, l.price, l.quantity, l.content, l.refused_price, l.end_refused, l.bids, l.units_sold,
  l.units_awaiting_order, l.progress, l.attempts, l.error, l.notified_error, l.waits_reason, l.looks_left, l.suspended,
  l.is_broken, l.claimed_by, l.claim_number, l.due_at, l.priority
"""
OFFER = """
  o.id as o_id, o.account_id as o_account_id, o.product_id as o_product_id, o.channel as o_channel,
  o.connection_id as o_connection_id, o.format as o_format, o.wanted as o_wanted, o.named_price as o_named_price,
  o.max_quantity as o_max_quantity, o.price as o_price, o.currency as o_currency, o.quantity as o_quantity,
  o.revision as o_revision, o.listing_id as o_listing_id, o.error as o_error, o.created_at as o_created_at
"""
PRODUCT = """
  p.id as p_id, p.sku as p_sku, p.status as p_status, p.delete_wanted as p_is_deleted,
  p.enhance_due_at is not null as p_is_text_due, p.content_revision as p_content_revision
"""
# Equal, never `is not distinct from`: that cannot use the index of due rows.
CLAIM = f"""
  with due as (
    select account_id, id from listings
     where account_id = %(account_id)s and connection_id = %(connection_id)s
       and due_at <= %(now)s and priority <= %(last_priority)s
     order by priority, due_at limit %(limit)s for update skip locked
  )
  update listings l
     set due_at = %(now)s + %(lease)s, claimed_by = %(worker)s, claim_number = l.claim_number + 1
    from due, offers o, products p
   where l.account_id = due.account_id and l.id = due.id
     and o.account_id = l.account_id and o.id = l.offer_id
     and p.account_id = l.account_id and p.id = l.product_id
  returning {COLUMNS}, {OFFER}, {PRODUCT}
"""
_LOCK = """
  with p as materialized (
    select p.* from products p
     where p.account_id = %(account_id)s and p.id in (select product_id from listings l where {which})
     order by p.id for update
  ), o as materialized (
    select o.* from p join offers o on o.account_id = p.account_id and o.product_id = p.id
     where o.id in (select offer_id from listings l where {which})
     order by o.id for update of o
  )
  select {columns}, {offer}, {product}
    from o join p on p.id = o.product_id
    join listings l on l.account_id = o.account_id and l.offer_id = o.id
   where {which}
     for update of l
"""
_BY_ID = "l.account_id = %(account_id)s and l.id = any(%(ids)s)"
# What was submitted may be live, and be sold or ended, before the hub knows that it is.
MAY_BE_LIVE = "(l.state in ('live', 'submitted') or l.state = 'pending' and (l.progress ->> 'may_be_live')::boolean)"
_BY_EXTERNAL_ID = f"""
  l.account_id = %(account_id)s and l.connection_id = %(connection_id)s
  and l.external_id = any(%(external_ids)s) and {MAY_BE_LIVE}
"""
LOCK = _LOCK.format(which=_BY_ID, columns=COLUMNS, offer=OFFER, product=PRODUCT)
LOCK_EXTERNAL = _LOCK.format(which=_BY_EXTERNAL_ID, columns=COLUMNS, offer=OFFER, product=PRODUCT)
LOCK_OF_PRODUCTS = f"""
  select {COLUMNS} from listings l
   where l.account_id = %(account_id)s and l.product_id = any(%(product_ids)s)
   order by l.id for update
"""
WRITE = """
  update listings l
     set state = w.state, ended_reason = w.ended_reason, external_id = w.external_id, url = w.url, ends_at = w.ends_at,
         live_since = w.live_since, price = w.price, quantity = w.quantity, content = w.content,
         refused_price = w.refused_price, end_refused = w.end_refused, bids = w.bids, units_sold = w.units_sold,
         units_awaiting_order = w.units_awaiting_order, progress = w.progress, attempts = w.attempts, error = w.error,
         notified_error = w.notified_error, waits_reason = w.waits_reason, looks_left = w.looks_left,
         suspended = w.suspended, is_broken = w.is_broken, priority = w.priority, due_at = w.due_at,
         claimed_by = w.claimed_by, updated_at = %(now)s
    from jsonb_to_recordset(%(rows)s::text::jsonb)
      as w (id uuid, state text, ended_reason text, external_id text, url text, ends_at timestamptz, live_since timestamptz,
            price numeric, quantity integer, content integer, refused_price numeric, end_refused boolean, bids integer,
            units_sold integer, units_awaiting_order integer, progress jsonb, attempts integer, error text,
            notified_error text, waits_reason text, looks_left smallint, suspended boolean, is_broken boolean,
            priority smallint, due_at timestamptz, claimed_by uuid)
   where l.account_id = %(account_id)s and l.id = w.id
"""
ADD = """
  insert into listings (account_id, id, offer_id, product_id, connection_id, format, state, suspended, due_at, priority,
                        created_at, updated_at)
  select %(account_id)s, w.id, w.offer_id, w.product_id, w.connection_id, w.format, w.state, w.suspended, w.due_at, w.priority,
         %(now)s, %(now)s
    from jsonb_to_recordset(%(rows)s::text::jsonb)
      as w (id uuid, offer_id uuid, product_id uuid, connection_id uuid, format text, state text, suspended boolean,
            due_at timestamptz, priority smallint)
"""
KNOWN_IDS = f"""
  select l.external_id, l.ends_at from listings l
   where l.account_id = %(account_id)s and l.connection_id = %(connection_id)s and l.external_id is not null
     and {MAY_BE_LIVE}
"""
NEXT_DUE = """
  select min(first.due_at) as next_at
    from unnest(%(priorities)s::smallint[]) as wanted, lateral (
      select due_at from listings
       where account_id = %(account_id)s and connection_id = %(connection_id)s and priority = wanted
         and due_at is not null
       order by due_at limit 1) first
"""


async def claim(
    tx: Transaction,
    account_id: UUID,
    connection_id: UUID,
    *,
    worker: UUID,
    limit: int,
    last_priority: int,
    lease: timedelta,
    now: datetime,
) -> list[DueListing]:
    """Claim due listings down to a priority, the first priority first, for the length of a lease."""
    params = {
        "account_id": account_id,
        "connection_id": connection_id,
        "worker": worker,
        "limit": limit,
        "last_priority": last_priority,
        "lease": lease,
        "now": now,
    }
    rows = await tx.all(lambda row: (row["priority"], due_from_row(row)), CLAIM, params)
    return [due for _, due in sorted(rows, key=lambda pair: pair[0])]


async def lock(tx: Transaction, account_id: UUID, ids: Sequence[UUID]) -> list[DueListing]:
    """Read listings with their offers and products, and lock all of them until the transaction ends."""
    return await tx.all(due_from_row, LOCK, {"account_id": account_id, "ids": list(ids)})


async def lock_external(
    tx: Transaction, account_id: UUID, connection_id: UUID, external_ids: Sequence[str]
) -> list[DueListing]:
    """Lock the listings that are, or may be, live with these ids on the channel."""
    params = {
        "account_id": account_id,
        "connection_id": connection_id,
        "external_ids": list(external_ids),
    }
    return await tx.all(due_from_row, LOCK_EXTERNAL, params)


async def lock_of_products(
    tx: Transaction, account_id: UUID, product_ids: Sequence[UUID]
) -> list[Scheduled]:
    """Lock all listings of products, which are locked already."""
    params = {"account_id": account_id, "product_ids": list(product_ids)}
    return await tx.all(
        lambda row: Scheduled(listing_from_row(row), row["due_at"], row["priority"]),
        LOCK_OF_PRODUCTS,
        params,
    )


async def write(
    tx: Transaction, account_id: UUID, rows: Sequence[Mapping[str, Any]], *, now: datetime
) -> None:
    """Write listings that are locked; each row has all columns that change."""
    if rows:
        text = msgspec.json.encode(rows).decode()
        await tx.run(WRITE, {"account_id": account_id, "rows": text, "now": now})


async def add(
    tx: Transaction, account_id: UUID, rows: Sequence[Mapping[str, Any]], *, now: datetime
) -> None:
    """Store new listings."""
    if rows:
        text = msgspec.json.encode(rows).decode()
        await tx.run(ADD, {"account_id": account_id, "rows": text, "now": now})


async def known_ids(
    tx: Transaction, account_id: UUID, connection_id: UUID
) -> list[tuple[str, datetime | None]]:
    """List what is or may be live at a connection: (external id, when it ends)."""
    params = {"account_id": account_id, "connection_id": connection_id}
    return await tx.all(lambda row: (row["external_id"], row["ends_at"]), KNOWN_IDS, params)


async def next_due(tx: Transaction, account_id: UUID, connection_id: UUID) -> datetime | None:
    """Return when the next listing of a connection is due."""
    params = {
        "account_id": account_id,
        "connection_id": connection_id,
        "priorities": sorted(set(PRIORITY.values())),
    }
    return await tx.one(lambda row: row["next_at"], NEXT_DUE, params)


_WRITTEN = tuple(
    name
    for name in Listing.__struct_fields__
    if name not in {"account_id", "offer_id", "product_id", "connection_id", "format", "claim"}
)


def row_from_listing(listing: Listing, *, priority: int, due_at: datetime | None) -> dict[str, Any]:
    """Return what `write` stores of a listing; its claim stays as it is in the value."""
    row = {name: getattr(listing, name) for name in _WRITTEN}
    return {
        **row,
        "progress": None if listing.progress == Progress() else listing.progress,
        "claimed_by": listing.claim and listing.claim.worker,
        "priority": priority,
        "due_at": due_at,
    }


def listing_from_row(row: Row) -> Listing:
    """Read a listing."""
    fields = {name: row[name] for name in Listing.__struct_fields__ if name != "claim"}
    reason = row["ended_reason"]
    fields |= {
        "claim": claim_from_row(row),
        "format": Format(row["format"]),
        "state": State(row["state"]),
        "ended_reason": None if reason is None else EndedReason(reason),
        "progress": msgspec.convert(row["progress"] or {}, Progress),
    }
    return Listing(**fields)


def offer_from_row(row: Row) -> Offer:
    """Read an offer from columns with the prefix `o_`."""
    fields = {name: row[f"o_{name}"] for name in Offer.__struct_fields__}
    fields |= {"format": Format(fields["format"]), "wanted": Wanted(fields["wanted"])}
    return Offer(**fields)


def product_from_row(row: Row) -> OfferedProduct:
    """Read a product from columns with the prefix `p_`."""
    fields = {name: row[f"p_{name}"] for name in OfferedProduct.__struct_fields__}
    return OfferedProduct(**{**fields, "status": Status(fields["status"])})


def due_from_row(row: Row) -> DueListing:
    """Read a listing with its offer and product."""
    return DueListing(
        listing=listing_from_row(row), offer=offer_from_row(row), product=product_from_row(row)
    )
