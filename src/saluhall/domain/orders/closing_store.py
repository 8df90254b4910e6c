"""The SQL of units that are shipped or cancelled."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from saluhall.storage import Transaction

# The orders are locked while this runs: nobody else reports the same parcel. A parcel that had no tracking number gets it.
SHIP = """
  with o as (
    select id, carrier, tracking, coalesce(shipped_at, %(now)s) as shipped_at from orders
     where account_id = %(account_id)s and id = any(%(ids)s)
  ), named as (
    update fulfilments f set carrier = o.carrier, tracking = o.tracking
      from o
     where f.account_id = %(account_id)s and f.order_id = o.id and f.tracking = '' and (o.tracking, o.carrier) <> ('', f.carrier)
       and not exists (select from fulfilments s
                        where s.account_id = f.account_id and s.order_id = f.order_id
                          and (s.carrier, s.tracking) = (o.carrier, o.tracking))
    returning f.id, f.order_id
  ), added as (
    insert into fulfilments (account_id, id, order_id, carrier, tracking, shipped_at, created_at)
    select %(account_id)s, new_ulid(), o.id, o.carrier, o.tracking, o.shipped_at, %(now)s from o
     where o.id not in (select order_id from named)
    on conflict on constraint fulfilments_parcel_key do update set carrier = excluded.carrier
    returning id, order_id
  ), parcel as (select * from named union all select * from added),
  rest as (
    select l.id, l.order_id, l.quantity - l.units_shipped - l.units_cancelled as units
      from order_lines l
     where l.account_id = %(account_id)s and l.order_id = any(%(ids)s)
       and l.quantity > l.units_shipped + l.units_cancelled
  ), packed as (
    insert into fulfilment_lines (account_id, fulfilment_id, line_id, quantity)
    select %(account_id)s, p.id, r.id, r.units from rest r join parcel p on p.order_id = r.order_id
    on conflict on constraint fulfilment_lines_pkey do update set quantity = fulfilment_lines.quantity + excluded.quantity
  )
  update order_lines l
     set units_shipped = l.quantity - l.units_cancelled, carrier = o.carrier, tracking = o.tracking,
         shipped_at = coalesce(l.shipped_at, o.shipped_at), changed_at = %(now)s
    from o
   where l.account_id = %(account_id)s and l.order_id = o.id
     and (l.quantity > l.units_shipped + l.units_cancelled or l.units_shipped > 0)
     and (l.units_shipped, l.carrier, l.tracking) is distinct from (l.quantity - l.units_cancelled, o.carrier, o.tracking)
"""
CANCEL_OPEN = """
  update order_lines l
     set units_cancelled = l.quantity - l.units_shipped, changed_at = %(now)s
    from orders o
   where l.account_id = %(account_id)s and l.order_id = any(%(ids)s)
     and o.account_id = l.account_id and o.id = l.order_id
     and (l.quantity > l.units_shipped + l.units_cancelled or l.units_taken > l.quantity - l.units_cancelled)
  returning l.id as line_id, o.connection_id, l.product_id,
            greatest(0, l.units_taken - (l.quantity - l.units_cancelled)) as taken
"""
CANCEL = """
  update order_lines l
     set units_cancelled = l.units_cancelled + t.units, changed_at = %(now)s
    from jsonb_to_recordset(%(units)s::text::jsonb) as t (id integer, units integer), orders o
   where l.account_id = %(account_id)s and l.id = t.id and o.account_id = l.account_id and o.id = l.order_id
  returning l.id as line_id, o.connection_id, l.product_id,
            greatest(0, l.units_taken - (l.quantity - l.units_cancelled)) as taken
"""
RELEASE = """
  update order_lines set units_taken = quantity - units_cancelled
   where account_id = %(account_id)s and id = any(%(ids)s)
"""
REOPEN = """
  with gone as (
    delete from fulfilments where account_id = %(account_id)s and order_id = any(%(ids)s) returning id
  ), unpacked as (
    delete from fulfilment_lines where account_id = %(account_id)s and fulfilment_id in (select id from gone)
  )
  update order_lines set units_shipped = 0, shipped_at = null, changed_at = %(now)s
   where account_id = %(account_id)s and order_id = any(%(ids)s) and units_shipped > 0
"""
DELETED_PRODUCTS = """
  select distinct p.id
    from order_lines l join products p on p.account_id = l.account_id and p.id = l.product_id
   where l.account_id = %(account_id)s and l.order_id = any(%(ids)s)
     and (p.status = 'archived' or p.delete_wanted)
"""


class CancelledUnits(Struct, frozen=True, kw_only=True):
    """A line of which units were cancelled: how many of those that it took from stock are not needed any more."""

    line_id: int
    connection_id: UUID | None
    product_id: UUID | None
    taken: int


async def ship(
    tx: Transaction, account_id: UUID, order_ids: Sequence[int], *, now: datetime
) -> None:
    """Put the open units of each order into a parcel."""
    await tx.run(SHIP, {"account_id": account_id, "ids": list(order_ids), "now": now})


async def cancel_open(
    tx: Transaction, account_id: UUID, order_ids: Sequence[int], *, now: datetime
) -> list[CancelledUnits]:
    """Cancel the open units of orders."""
    params = {"account_id": account_id, "ids": list(order_ids), "now": now}
    return await tx.all(lambda row: CancelledUnits(**row), CANCEL_OPEN, params)


async def cancel(
    tx: Transaction, account_id: UUID, units: Mapping[int, int], *, now: datetime
) -> list[CancelledUnits]:
    """Cancel so many more units of lines, by the line's id."""
    rows = [{"id": line_id, "units": count} for line_id, count in units.items()]
    params = {
        "account_id": account_id,
        "units": msgspec.json.encode(rows).decode(),
        "now": now,
    }
    return await tx.all(lambda row: CancelledUnits(**row), CANCEL, params)


async def release(tx: Transaction, account_id: UUID, line_ids: Sequence[int]) -> None:
    """Lower the units that lines took from stock to what is left of them."""
    await tx.run(RELEASE, {"account_id": account_id, "ids": list(line_ids)})


async def reopen(
    tx: Transaction, account_id: UUID, order_ids: Sequence[int], *, now: datetime
) -> None:
    """Delete the parcels of orders."""
    await tx.run(REOPEN, {"account_id": account_id, "ids": list(order_ids), "now": now})


async def deleted_products(
    tx: Transaction, account_id: UUID, order_ids: Sequence[int]
) -> list[UUID]:
    """Return the products in these orders that the seller has deleted."""
    params = {"account_id": account_id, "ids": list(order_ids)}
    return await tx.all(lambda row: row["id"], DELETED_PRODUCTS, params)
