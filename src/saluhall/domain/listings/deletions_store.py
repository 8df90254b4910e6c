"""The SQL of deletions: what keeps a product from being removed."""

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct

from saluhall.storage import Transaction

# A listing that is being published right now may become live.
MAY_BECOME_LIVE = """
  (l.state in ('submitted', 'live')
   or l.state = 'pending' and (l.claimed_by is not null or coalesce((l.progress ->> 'may_be_live')::boolean, false)))
"""
_MAY_BE_LIVE = f"""
  exists (
    select from listings l
     where l.account_id = p.account_id and l.product_id = p.id and {MAY_BECOME_LIVE})
"""
# A sale that was seen and has no order yet is in progress; so is an order that is neither shipped nor cancelled.
_IS_IN_PROGRESS = """
  (exists (
     select from listings l
      where l.account_id = p.account_id and l.product_id = p.id and l.units_awaiting_order > 0)
   or exists (
     select from sales s
      where s.account_id = p.account_id and s.product_id = p.id
        and (select o.status from order_lines r
               join orders o on o.account_id = r.account_id and o.id = r.order_id
              where r.account_id = s.account_id and r.id = s.order_line_id) in ('pending', 'paid')))
"""
OBSTACLES = f"""
  select {_MAY_BE_LIVE} as may_be_live, {_IS_IN_PROGRESS} as is_in_progress
    from products p where p.account_id = %(account_id)s and p.id = %(product_id)s
"""
FINISHED = f"""
  select p.id, p.sku from products p
   where p.account_id = %(account_id)s and p.id = any(%(ids)s)
     and (p.delete_wanted or p.status = 'archived')
     and not {_MAY_BE_LIVE} and not {_IS_IN_PROGRESS}
   order by p.id for update
"""
DELETE_LISTINGS = (
    "delete from listings where account_id = %(account_id)s and product_id = %(product_id)s"
)
DELETE_OFFERS = (
    "delete from offers where account_id = %(account_id)s and product_id = %(product_id)s"
)


class Obstacles(Struct, frozen=True, kw_only=True):
    """What keeps a product from being removed at once."""

    may_be_live: bool
    is_in_progress: bool


async def obstacles(tx: Transaction, account_id: UUID, product_id: UUID) -> Obstacles:
    """Return what keeps a product, which is locked, from being removed."""
    params = {"account_id": account_id, "product_id": product_id}
    [found] = await tx.all(lambda row: Obstacles(**row), OBSTACLES, params)
    return found


async def finished(
    tx: Transaction, account_id: UUID, product_ids: Sequence[UUID]
) -> list[tuple[UUID, str]]:
    """Lock those of these products that were deleted and can be removed now: (id, SKU)."""
    params = {"account_id": account_id, "ids": list(product_ids)}
    return await tx.all(lambda row: (row["id"], row["sku"]), FINISHED, params)


async def delete(tx: Transaction, account_id: UUID, product_id: UUID) -> None:
    """Delete a product's offers and listings."""
    params = {"account_id": account_id, "product_id": product_id}
    await tx.run(DELETE_LISTINGS, params)
    await tx.run(DELETE_OFFERS, params)
