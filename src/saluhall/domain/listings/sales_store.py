"""The SQL of sales: which listings are sold, and which offer what is gone."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from saluhall.storage import Transaction
from saluhall.storage.database import Row

LOCK = """
  select id, product_id, state, order_id, external_id from listings
   where account_id = %(owner)s and product_id = any(%(ids)s)
   order by id for update
"""
# An order proves a sale, whatever was known of the listing. Whoever holds a claim on it reads it afresh when recording.
MARK_SOLD = """
  update listings l
     set state = 'sold', order_id = coalesce(l.order_id, t.order_id),
         external_id = coalesce(l.external_id, t.external_id), url = coalesce(l.url, nullif(t.url, '')),
         progress = null, error = null, told = null,
         parked = false, attempts = 0, priority = 3, due_at = null, claimed_by = null,
         updated_at = %(now)s
    from (select distinct on (listing_id) *
            from jsonb_to_recordset(%(sales)s::text::jsonb)
              as t (listing_id uuid, order_id integer, external_id text, url text)
           order by listing_id, order_id) t
   where l.account_id = %(owner)s and l.id = t.listing_id
"""
# Sold listings without an order yet are pieces that are about to go.
_PIECES = """
  select p.id, p.quantity - sold.waiting as pieces,
         p.status = 'sold' and p.quantity > 0 and sold.waiting = 1 as is_sold_elsewhere
    from products p, lateral (
      select count(*)::integer as waiting from listings s
       where s.account_id = p.account_id and s.product_id = p.id and s.state = 'sold'
         and s.order_id is null) sold
   where p.account_id = %(owner)s and p.id = any(%(ids)s)
"""
END_EXCESS = f"""
  with stock as ({_PIECES}), standing as (
    select l.id, l.product_id, row_number() over (
             partition by l.product_id
             order by l.state = 'live' desc, l.state = 'submitted' desc, l.created_at, l.id) as nth
      from listings l
     where l.account_id = %(owner)s and l.product_id = any(%(ids)s) and l.desired = 'live'
       and l.state in ('waiting', 'submitted', 'live', 'refused')
  )
  update listings l
     set desired = 'ended', revision = l.revision + 1, priority = 0, attempts = 0, updated_at = %(now)s,
         due_at = case when l.claimed_by is null then %(now)s else l.due_at end
    from standing join stock on stock.id = standing.product_id
   where l.account_id = %(owner)s and l.id = standing.id and standing.nth > stock.pieces
  returning l.connection_id
"""

# Sold for good is a piece, not a product. A sale whose order has not come yet must still be found when it does.
WANT_AGAIN = """
  update listings l
     set desired = 'live', revision = l.revision + 1, updated_at = %(now)s, order_id = null,
         due_at = case when l.claimed_by is null then %(now)s else l.due_at end,
         priority = 3, attempts = 0, refused_price = null, error = null, told = null,
         external_id = case when l.state in ('sold', 'ended') then null else l.external_id end,
         url = case when l.state in ('sold', 'ended') then null else l.url end,
         confirmed_price = case when l.state in ('sold', 'ended') then null else l.confirmed_price end,
         state = case when l.state in ('sold', 'ended') then 'waiting' else l.state end,
         progress = case when l.state not in ('sold', 'ended') then l.progress
                         when l.external_id is not null then jsonb_build_object('over', l.external_id) end
   where l.account_id = %(owner)s and l.product_id = any(%(ids)s)
     and (l.state <> 'sold' or l.order_id is not null)
  returning l.connection_id
"""


class Pieces(Struct, frozen=True, kw_only=True):
    """How many pieces nobody has bought. The seller sold it elsewhere when it was sold before the only listing that waits for its order."""

    pieces: int
    is_sold_elsewhere: bool


async def lock(tx: Transaction, owner: UUID, product_ids: Sequence[UUID]) -> list[Row]:
    """Lock the listings of products."""
    return await tx.all(dict, LOCK, {"owner": owner, "ids": list(product_ids)})


async def mark_sold(
    tx: Transaction, owner: UUID, sales: Sequence[Struct], *, now: datetime
) -> None:
    """Store that listings are sold, and by which order."""
    params = {"owner": owner, "sales": msgspec.json.encode(sales).decode(), "now": now}
    await tx.run(MARK_SOLD, params)


async def pieces(tx: Transaction, owner: UUID, product_id: UUID) -> Pieces | None:
    """Count the pieces of a product that nobody has bought."""
    params = {"owner": owner, "ids": [product_id]}
    return await tx.one(
        lambda row: Pieces(pieces=row["pieces"], is_sold_elsewhere=row["is_sold_elsewhere"]),
        _PIECES,
        params,
    )


async def want_again(
    tx: Transaction, owner: UUID, product_ids: Sequence[UUID], *, now: datetime
) -> list[UUID | None]:
    """Want products listed again wherever they have been; return the connections that have work."""
    params: dict[str, Any] = {"owner": owner, "ids": list(product_ids), "now": now}
    return await tx.all(lambda row: row["connection_id"], WANT_AGAIN, params)


async def end_excess(
    tx: Transaction, owner: UUID, product_ids: Sequence[UUID], *, now: datetime
) -> list[UUID | None]:
    """Want listings ended for which no piece is left; return the connections that have work."""
    params: dict[str, Any] = {"owner": owner, "ids": list(product_ids), "now": now}
    return await tx.all(lambda row: row["connection_id"], END_EXCESS, params)
