"""The SQL of matching order lines to products. The order is locked meanwhile."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from saluhall.storage import Transaction

FIND = """
  select l.id, l.product_id, l.sku, l.catalog_number as catalog, greatest(0, l.quantity - l.units_cancelled) as open_units,
         o.attention,
         exists (select from order_lines u
                  where u.account_id = l.account_id and u.order_id = l.order_id and u.product_id is null and u.id <> l.id)
           as others_unmatched
    from order_lines l join orders o on o.account_id = l.account_id and o.id = l.order_id
   where l.account_id = %(account_id)s and l.order_id = %(order_id)s and l.id = %(line_id)s
"""
WRITE = """
  with t as (
    select * from json_to_record(%(columns)s::text::json)
      as t (product_id uuid, catalog_number integer, sku text, product jsonb, ean text, brand text, mpn text, image_url text,
            cost numeric, weight_kg numeric, title text, units_taken integer)
  ), line as (
    update order_lines l
       set product_id = t.product_id, catalog_number = t.catalog_number, sku = t.sku, product = t.product, ean = t.ean,
           brand = t.brand, mpn = t.mpn, image_url = t.image_url, cost = t.cost, weight_kg = t.weight_kg,
           title = coalesce(nullif(l.title, ''), t.title), units_taken = t.units_taken, changed_at = %(now)s
      from t
     where l.account_id = %(account_id)s and l.order_id = %(order_id)s and l.id = %(line_id)s
    returning l.quantity
  )
  update orders o
     set attention = %(attention)s, weight_kg = o.weight_kg + line.quantity * t.weight_kg, changed_at = %(now)s
    from line, t
   where o.account_id = %(account_id)s and o.id = %(order_id)s
"""


class UnmatchedLine(Struct, frozen=True, kw_only=True):
    """A line, and what it may be of already; `attention` is its order's, `others_unmatched`: further lines match no product."""

    id: int
    product_id: UUID | None
    sku: str
    catalog: int | None
    open_units: int
    attention: Sequence[str]
    others_unmatched: bool


async def find(
    tx: Transaction, account_id: UUID, order_id: int, line_id: int
) -> UnmatchedLine | None:
    """Find a line of an order."""
    params = {"account_id": account_id, "order_id": order_id, "line_id": line_id}
    return await tx.one(lambda row: UnmatchedLine(**row), FIND, params)


async def write(
    tx: Transaction,
    account_id: UUID,
    order_id: int,
    line_id: int,
    *,
    columns: Mapping[str, Any],
    attention: Sequence[str],
    now: datetime,
) -> None:
    """Store of which product a line is, and why a person should still look at its order."""
    params = {
        "account_id": account_id,
        "order_id": order_id,
        "line_id": line_id,
        "columns": msgspec.json.encode(columns).decode(),
        "attention": list(attention),
        "now": now,
    }
    await tx.run(WRITE, params)
