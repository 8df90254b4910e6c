"""The SQL of recording what a marketplace answered: lock afresh, write, however many listings there are."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from saluhall.domain.listings.model import Listing
from saluhall.domain.listings.store import LISTING, listing_from_row
from saluhall.storage import Transaction

# Locks are taken in one order everywhere, the products by id, each before its listing: a job and a request never wait for each other.
LOCK = f"""
  with p as materialized (
    select p.* from products p
     where p.account_id = %(owner)s
       and p.id in (select product_id from listings where account_id = %(owner)s and id = any(%(ids)s))
     order by p.id for update
  )
  select {LISTING} from p join listings l on l.account_id = p.account_id and l.product_id = p.id
   where l.account_id = %(owner)s and l.id = any(%(ids)s)
     for update of l
"""
WRITE = """
  update listings l
     set state = w.state, desired = w.desired, confirmed_price = w.confirmed_price,
         refused_price = w.refused_price, external_id = w.external_id, url = w.url,
         ends_at = coalesce(w.ends_at, l.ends_at), live_since = coalesce(l.live_since, w.live_since),
         progress = w.progress, attempts = w.attempts, looks_left = w.looks_left, error = w.error, told = w.told,
         waits_reason = w.waits_reason,
         priority = w.priority, due_at = w.due_at, claimed_by = null, updated_at = %(now)s
    from jsonb_to_recordset(%(rows)s::text::jsonb)
      as w(id uuid, state text, desired text, confirmed_price numeric, refused_price numeric,
           external_id text, url text, ends_at timestamptz, live_since timestamptz, progress jsonb,
           attempts integer, looks_left smallint, error text, told text, waits_reason text, priority smallint, due_at timestamptz)
   where l.account_id = %(owner)s and l.id = w.id
"""


async def lock(tx: Transaction, owner: UUID, listing_ids: Sequence[UUID]) -> list[Listing]:
    """Read listings afresh and lock them until the transaction ends."""
    return await tx.all(listing_from_row, LOCK, {"owner": owner, "ids": list(listing_ids)})


async def write(
    tx: Transaction, owner: UUID, rows: Sequence[Mapping[str, Any]], *, now: datetime
) -> None:
    """Write listings' confirmed facts."""
    params = {"owner": owner, "rows": msgspec.json.encode(rows).decode(), "now": now}
    await tx.run(WRITE, params)
