"""Sales are recorded by those who make them: orders that come in or change, and sellers who sold something elsewhere."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from saluhall.domain.accounts import operations as accounts
from saluhall.domain.accounts.model import Principal
from saluhall.domain.analytics import sales_store
from saluhall.domain.analytics.model import DirectSale
from saluhall.storage import Transaction


async def record_orders(
    tx: Transaction,
    account_id: UUID,
    order_ids: Collection[int],
    *,
    now: datetime,  # noqa: ARG001 - every operation has `now`
) -> None:
    """Record the sales of orders as their lines are now. The orders are locked by the transaction."""
    if order_ids:
        await sales_store.record_orders(tx, account_id, order_ids)


async def record_direct_sale(
    tx: Transaction, account_id: UUID, sale: DirectSale, *, now: datetime
) -> None:
    """Record that the seller has sold a product elsewhere. The product is locked by the transaction."""
    await sales_store.record_direct_sale(tx, account_id, sale, now=now)


async def void_direct_sale(
    tx: Transaction,
    account_id: UUID,
    product_id: UUID,
    *,
    now: datetime,  # noqa: ARG001 - every operation has `now`
) -> None:
    """Record that a product was not sold after all: its last sale is void, unless an order reported it."""
    await sales_store.void_direct_sale(tx, account_id, product_id)


async def set_time_zone(
    tx: Transaction, *, principal: Principal, time_zone: str, now: datetime
) -> None:
    """Set by which clock an account's days and months begin, those of the past too. Raises BadTimeZone."""
    await accounts.choose_time_zone(tx, principal=principal, time_zone=time_zone, now=now)
    await sales_store.add_up_again(tx, principal.account_id)
