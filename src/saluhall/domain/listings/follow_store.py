"""The SQL that reads everything that decides about the offers of products, and locks it."""

from collections.abc import Sequence
from uuid import UUID

from saluhall.domain.listings.model import Stock
from saluhall.domain.listings.plan import Offered
from saluhall.domain.listings.store import (
    COLUMNS,
    OFFER,
    PRODUCT,
    listing_from_row,
    offer_from_row,
    product_from_row,
)
from saluhall.domain.offers.queries import POLICY, policy_from_row
from saluhall.storage import Transaction
from saluhall.storage.database import Row

# Locks are taken in the order of `listings.store`; the newest listing of an offer is the one that follows. They are read by a statement
# of its own, which sees what the locks waited for: to join what a lock returns, PostgreSQL would compare each row with each.
LOCK = """
  with p as materialized (
    select p.account_id, p.id from products p
     where p.account_id = %(account_id)s and p.id = any(%(product_ids)s)
       and exists (select from offers o where o.account_id = p.account_id and o.product_id = p.id)
     order by p.id for update
  ), o as materialized (
    select o.account_id, o.listing_id from p join offers o on o.account_id = p.account_id and o.product_id = p.id
     order by o.id for update of o
  ), l as materialized (
    select l.id from o join listings l on l.account_id = o.account_id and l.id = o.listing_id
     order by l.id for update of l
  )
  select (select count(*) from o) as offers, (select count(*) from l) as listings
"""
OFFERED = f"""
  select {OFFER}, {PRODUCT}, {COLUMNS}, {POLICY}, p.quantity as on_hand, p.currency as p_currency,
         array[p.price, p.price2, p.price3, p.price4, p.price5, p.price6] as prices,
         c.removed_at is null and c.id is not null as can_relist,
         case when c.state = 'disconnected' then coalesce(c.reason, '') end as suspended_reason,
         (select coalesce(sum(a.units_awaiting_order), 0)::integer from listings a
           where a.account_id = p.account_id and a.product_id = p.id) as awaiting_order
    from offers o
    join products p on p.account_id = o.account_id and p.id = o.product_id
    left join listings l on l.account_id = o.account_id and l.id = o.listing_id
    left join connections c on c.account_id = o.account_id and c.id = o.connection_id
    left join policies y on y.account_id = o.account_id and y.connection_id = o.connection_id
   where o.account_id = %(account_id)s and o.product_id = any(%(product_ids)s)
   order by o.id
"""


async def lock_offered(
    tx: Transaction, account_id: UUID, product_ids: Sequence[UUID]
) -> list[Offered]:
    """Read all offers of products with what decides about them, and lock them."""
    params = {"account_id": account_id, "product_ids": list(product_ids)}
    if not await tx.one(lambda row: row["offers"], LOCK, params):
        return []
    return await tx.all(offered_from_row, OFFERED, params)


def offered_from_row(row: Row) -> Offered:
    """Read an offer with its product, policy, stock and newest listing."""
    return Offered(
        offer=offer_from_row(row),
        product=product_from_row(row),
        stock=Stock(on_hand=row["on_hand"], awaiting_order=row["awaiting_order"]),
        prices=tuple(row["prices"]),
        currency=row["p_currency"],
        policy=policy_from_row(row),
        can_relist=row["can_relist"],
        suspended_reason=row["suspended_reason"],
        listing=None if row["id"] is None else listing_from_row(row),
        due_at=row["due_at"],
        priority=row["priority"] or 0,
    )
