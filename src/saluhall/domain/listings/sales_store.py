"""The SQL of units that were seen to be sold."""

from uuid import UUID

from msgspec import Struct

from saluhall.storage import Transaction

UNITS = """
  select p.quantity - sold.units as left, p.status = 'sold' and p.quantity > 0 and sold.units = 1 as is_sold_elsewhere
    from products p, lateral (
      select coalesce(sum(l.units_awaiting_order), 0)::integer as units from listings l
       where l.account_id = p.account_id and l.product_id = p.id) sold
   where p.account_id = %(account_id)s and p.id = %(product_id)s
"""


class Units(Struct, frozen=True, kw_only=True):
    """How many units nobody has bought. The seller sold it elsewhere when it was sold before the only unit that awaits its order."""

    left: int
    is_sold_elsewhere: bool


async def units(tx: Transaction, account_id: UUID, product_id: UUID) -> Units | None:
    """Count the units of a product that nobody has bought."""
    params = {"account_id": account_id, "product_id": product_id}
    return await tx.one(lambda row: Units(**row), UNITS, params)
