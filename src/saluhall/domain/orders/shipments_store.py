"""The SQL of parcels."""

from datetime import datetime
from uuid import UUID

from saluhall.storage import Transaction

IS_SHIPPED_BY_SELLER = """
  select exists (
           select from order_rows r
             join products p on p.account_id = r.account_id and p.id = r.product
            where r.account_id = h.account_id and r.order_id = h.id
              and p.shipping_strategy = 'seller_shipped') as by_seller
    from order_heads h where h.account_id = %(owner)s and h.id = %(order_id)s
"""
# The order is locked while this runs: nobody else reports the same parcel.
KEEP = """
  with kept as (
    insert into shipments (account_id, id, order_id, carrier, tracking_number, created_at)
    values (%(owner)s, new_ulid(), %(order_id)s, %(carrier)s, %(tracking_number)s, %(now)s)
    on conflict on constraint shipments_parcel_key do nothing
    returning id
  )
  select id from kept
  union all
  select id from shipments
   where account_id = %(owner)s and order_id = %(order_id)s and carrier = %(carrier)s
     and tracking_number = %(tracking_number)s
"""


async def is_shipped_by_seller(tx: Transaction, owner: UUID, order_id: int) -> bool | None:
    """Tell whether the seller sends anything of an order; None when there is no such order."""
    params = {"owner": owner, "order_id": order_id}
    return await tx.one(lambda row: bool(row["by_seller"]), IS_SHIPPED_BY_SELLER, params)


async def keep(
    tx: Transaction,
    owner: UUID,
    *,
    order_id: int,
    carrier: str,
    tracking_number: str,
    now: datetime,
) -> UUID:
    """Store a parcel, or find it; return its id."""
    params = {
        "owner": owner,
        "order_id": order_id,
        "carrier": carrier,
        "tracking_number": tracking_number,
        "now": now,
    }
    [shipment_id] = await tx.all(lambda row: UUID(str(row["id"])), KEEP, params)
    return shipment_id
