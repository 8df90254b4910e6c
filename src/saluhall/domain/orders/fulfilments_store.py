"""The SQL of parcels."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from saluhall.storage import Transaction

IS_SHIPPED_SO = """
  select exists (
           select from order_lines l
             join products p on p.account_id = l.account_id and p.id = l.product_id
            where l.account_id = o.account_id and l.order_id = o.id
              and p.shipping_strategy = %(strategy)s) as is_shipped_so
    from orders o where o.account_id = %(account_id)s and o.id = %(order_id)s
"""
OPEN_UNITS = """
  select id, quantity - units_shipped - units_cancelled as units from order_lines
   where account_id = %(account_id)s and order_id = %(order_id)s
     and (%(is_all)s or quantity > units_shipped + units_cancelled)
"""
# Who names no carrier and no number means those of the order: its newest parcel.
FIND = """
  select id from fulfilments
   where account_id = %(account_id)s and order_id = %(order_id)s
   order by carrier = %(carrier)s and tracking = %(tracking)s desc, id desc limit 1
"""
# The order is locked while this runs: nobody else reports the same parcel.
PACK = """
  with parcel as (
    insert into fulfilments (account_id, id, order_id, carrier, tracking, shipped_at, created_at)
    values (%(account_id)s, new_ulid(), %(order_id)s, %(carrier)s, %(tracking)s, %(now)s, %(now)s)
    on conflict on constraint fulfilments_parcel_key do update set carrier = excluded.carrier
    returning id
  ), t as (
    select * from jsonb_to_recordset(%(lines)s::text::jsonb) as t (id integer, units integer)
  ), packed as (
    insert into fulfilment_lines (account_id, fulfilment_id, line_id, quantity)
    select %(account_id)s, parcel.id, t.id, t.units from t, parcel
    on conflict on constraint fulfilment_lines_pkey do update set quantity = fulfilment_lines.quantity + excluded.quantity
  ), noted as (
    update orders set carrier = %(carrier)s, tracking = %(tracking)s, changed_at = %(now)s
     where account_id = %(account_id)s and id = %(order_id)s
  ), due as (
    insert into order_updates (account_id, id, order_id, connection_id, kind, fulfilment_id, state, due_at, created_at)
    select %(account_id)s, new_ulid(), %(order_id)s, %(connection)s, 'shipped', parcel.id, 'due', %(now)s, %(now)s
      from parcel where %(is_notified)s
  )
  update order_lines l
     set units_shipped = l.units_shipped + t.units, carrier = %(carrier)s, tracking = %(tracking)s,
         shipped_at = coalesce(l.shipped_at, %(now)s), changed_at = %(now)s
    from t
   where l.account_id = %(account_id)s and l.order_id = %(order_id)s and l.id = t.id
"""


async def is_shipped_so(
    tx: Transaction, account_id: UUID, order_id: int, *, strategy: str
) -> bool | None:
    """Return whether anything of an order has this shipping strategy; None when there is no such order."""
    params = {"account_id": account_id, "order_id": order_id, "strategy": strategy}
    return await tx.one(lambda row: bool(row["is_shipped_so"]), IS_SHIPPED_SO, params)


async def open_units(
    tx: Transaction, account_id: UUID, order_id: int, *, is_all: bool = False
) -> dict[int, int]:
    """Return how many units of each line are neither shipped nor cancelled; with `is_all` also of lines that have none."""
    params = {"account_id": account_id, "order_id": order_id, "is_all": is_all}
    return dict(await tx.all(lambda row: (row["id"], row["units"]), OPEN_UNITS, params))


async def find(
    tx: Transaction, account_id: UUID, order_id: int, *, carrier: str, tracking: str
) -> UUID | None:
    """Find the parcel of an order with this carrier and number, else its newest one."""
    params = {
        "account_id": account_id,
        "order_id": order_id,
        "carrier": carrier,
        "tracking": tracking,
    }
    return await tx.one(lambda row: UUID(str(row["id"])), FIND, params)


async def pack(
    tx: Transaction,
    account_id: UUID,
    *,
    order_id: int,
    carrier: str,
    tracking: str,
    lines: Mapping[int, int],
    is_notified: bool,
    connection_id: UUID | None,
    now: datetime,
) -> None:
    """Store a parcel with units of lines; `is_notified`: the channel must be notified of it."""
    rows = [{"id": line_id, "units": units} for line_id, units in lines.items()]
    params = {
        "account_id": account_id,
        "order_id": order_id,
        "carrier": carrier,
        "tracking": tracking,
        "lines": msgspec.json.encode(rows).decode(),
        "is_notified": is_notified,
        "connection": connection_id,
        "now": now,
    }
    await tx.run(PACK, params)
