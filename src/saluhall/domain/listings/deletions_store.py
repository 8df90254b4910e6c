"""The SQL of deletions: what keeps a product from being removed."""

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct

from saluhall.storage import Transaction

_IS_STANDING = """
  exists (
    select from listings l
     where l.account_id = p.account_id and l.product_id = p.id
       and (l.state in ('submitted', 'live')
            or l.state = 'waiting' and (l.claimed_by is not null or (l.progress ->> 'may_be_live')::boolean)))
"""
# A sale that was seen and has no order yet is in progress; so is an order that is neither sent nor cancelled.
_IS_IN_PROGRESS = """
  (exists (
     select from listings l
      where l.account_id = p.account_id and l.product_id = p.id and l.state = 'sold'
        and l.order_id is null)
   or exists (
     select from sales s
      where s.account_id = p.account_id and s.product_id = p.id
        and (select h.status from order_rows r
               join order_heads h on h.account_id = r.account_id and h.id = r.order_id
              where r.account_id = s.account_id and r.id = s.row_id) in ('standby', 'accepted')))
"""
OBSTACLES = f"""
  select {_IS_STANDING} as is_standing, {_IS_IN_PROGRESS} as is_in_progress
    from products p where p.account_id = %(owner)s and p.id = %(product_id)s
"""
FINISHED = f"""
  select p.id, p.sku from products p
   where p.account_id = %(owner)s and p.id = any(%(ids)s)
     and (p.delete_wanted or p.status = 'archived')
     and not {_IS_STANDING} and not {_IS_IN_PROGRESS}
   order by p.id for update
"""
DROP = "delete from listings where account_id = %(owner)s and product_id = %(product_id)s"


class Obstacles(Struct, frozen=True, kw_only=True):
    """What keeps a product from being removed at once."""

    is_standing: bool
    is_in_progress: bool


async def obstacles(tx: Transaction, owner: UUID, product_id: UUID) -> Obstacles:
    """Tell what keeps a product, which is locked, from being removed."""
    params = {"owner": owner, "product_id": product_id}
    [found] = await tx.all(lambda row: Obstacles(**row), OBSTACLES, params)
    return found


async def finished(
    tx: Transaction, owner: UUID, product_ids: Sequence[UUID]
) -> list[tuple[UUID, str]]:
    """Lock those of these products that were deleted and can be removed now: (id, sku)."""
    params = {"owner": owner, "ids": list(product_ids)}
    return await tx.all(lambda row: (row["id"], row["sku"]), FINISHED, params)


async def drop(tx: Transaction, owner: UUID, product_id: UUID) -> None:
    """Delete a product's listings."""
    await tx.run(DROP, {"owner": owner, "product_id": product_id})
