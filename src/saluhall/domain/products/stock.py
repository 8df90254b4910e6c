"""How many units are left of a product, taking sold ones out, and returning cancelled ones."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from saluhall.domain.products import stock_store
from saluhall.storage import Transaction


class Stocked(Struct, frozen=True, kw_only=True):
    """A product with its stock, locked. `facts` holds its columns, and its catalog's as `catalog_number`, `_code` and `_name`."""

    id: UUID
    sku: str
    quantity: int
    currency: str
    is_sold: bool
    facts: Mapping[str, Any]


async def lock(
    tx: Transaction,
    account_id: UUID,
    product_ids: Sequence[UUID],
    *,
    now: datetime,  # noqa: ARG001 - every operation has `now`
) -> dict[UUID, Stocked]:
    """Read products with their stock and keep them from changing until the transaction ends."""
    rows = await stock_store.lock(tx, account_id, product_ids)
    return {
        row["id"]: Stocked(
            id=row["id"],
            sku=row["sku"],
            quantity=row["quantity"],
            currency=row["currency"],
            is_sold=row["status"] == "sold",
            facts=row,
        )
        for row in rows
    }


async def take(
    tx: Transaction, account_id: UUID, left: Mapping[UUID, int], *, now: datetime
) -> None:
    """Store how many units are left after a sale; at 0 a product is sold, and one that was to be deleted is archived."""
    if left:
        await stock_store.take(tx, account_id, left, now=now)


async def restock(
    tx: Transaction, account_id: UUID, units: Mapping[UUID, int], *, now: datetime
) -> None:
    """Return units to stock, of a sale that was cancelled; a product that was sold out is for sale again."""
    await stock_store.restock(tx, account_id, units, now=now)
