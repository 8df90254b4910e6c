"""The SQL of stock."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from saluhall.domain.products.changes_store import NOTE, note_params
from saluhall.kit.ids import new_id
from saluhall.storage import Transaction
from saluhall.storage.database import Row

LOCK = """
  select p.*, c.number as catalog_number, c.code as catalog_code, c.name as catalog_name
    from products p
    join catalogs c on c.account_id = p.account_id and c.id = p.catalog_id
   where p.account_id = %(account_id)s and p.id = any(%(ids)s)
   order by p.id
     for update of p
"""
# The event of a change, from the product `p` after it and the columns `o` before.
_NOTED = """
    returning new_ulid() as event_id, p.id, p.sku, concat_ws(',',
              case when p.quantity <> o.quantity
                   then concat('"quantity":{"before":', o.quantity, ',"after":', p.quantity, '}') end,
              case when p.status <> o.status
                   then concat('"status":{"before":"', o.status, '","after":"', p.status, '"}') end) as changes
"""
# What was to be deleted is shown again, as archived, unless a new product has its sku by now. The products are locked.
TAKE = f"""
  with updated as (
  update products p
     set quantity = t.quantity, updated_at = %(now)s,
         delete_wanted = p.delete_wanted and exists (
           select from products n
            where n.account_id = p.account_id and n.catalog_id = p.catalog_id and n.sku = p.sku
              and not n.delete_wanted),
         status = case when p.status = 'archived' or p.delete_wanted then 'archived'
                       when t.quantity = 0 then 'sold' else p.status end
    from jsonb_to_recordset(%(left)s::text::jsonb) as t (id uuid, quantity integer)
    join products o on o.account_id = %(account_id)s and o.id = t.id
   where p.account_id = %(account_id)s and p.id = t.id
   {_NOTED}
  )
  {NOTE}
"""
# What the seller took off the sale or deleted stays so.
RESTOCK = f"""
  with o as (
    select id, quantity, status from products
     where account_id = %(account_id)s and id = any(%(ids)s) order by id for update
  ), updated as (
  update products p
     set quantity = p.quantity + t.units, updated_at = %(now)s,
         status = case when p.status = 'sold' then 'active' else p.status end
    from jsonb_to_recordset(%(units)s::text::jsonb) as t (id uuid, units integer), o
   where p.account_id = %(account_id)s and p.id = t.id and o.id = p.id
   {_NOTED}
  )
  {NOTE}
"""


async def lock(tx: Transaction, account_id: UUID, product_ids: Sequence[UUID]) -> list[Row]:
    """Lock products, and read all that is known of them."""
    return await tx.all(dict, LOCK, {"account_id": account_id, "ids": list(product_ids)})


async def take(
    tx: Transaction, account_id: UUID, left: Mapping[UUID, int], *, now: datetime
) -> None:
    """Store what is left of each product."""
    rows = [{"id": product_id, "quantity": quantity} for product_id, quantity in left.items()]
    params = {
        "account_id": account_id,
        "left": msgspec.json.encode(rows).decode(),
        "now": now,
        **note_params(tx, str(new_id())),
    }
    await tx.run(TAKE, params)


async def restock(
    tx: Transaction, account_id: UUID, units: Mapping[UUID, int], *, now: datetime
) -> None:
    """Add units to what is left of each product."""
    rows = [{"id": product_id, "units": count} for product_id, count in units.items()]
    params = {
        "account_id": account_id,
        "ids": list(units),
        "units": msgspec.json.encode(rows).decode(),
        "now": now,
        **note_params(tx, str(new_id())),
    }
    await tx.run(RESTOCK, params)
