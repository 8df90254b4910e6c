"""Questions about what an account has and sold."""

from datetime import datetime
from decimal import Decimal
from typing import Final

from saluhall.domain.accounts.model import Principal
from saluhall.domain.analytics import store
from saluhall.domain.analytics.model import Analytics, Inventory, Revenue
from saluhall.storage import Transaction
from saluhall.storage.database import Row

MONTHS: Final = 12
CATEGORIES: Final = 10


async def analytics_of_account(
    tx: Transaction, *, principal: Principal, now: datetime
) -> Analytics:
    """Add up what the account has and sold; the months are the last twelve in its time zone."""
    rows = await store.analytics(
        tx, principal.account_id, months=MONTHS, categories=CATEGORIES, now=now
    )
    parts: dict[str, list[Revenue]] = {"month": [], "category": [], "total": []}
    for row in rows:
        parts[row["part"]].append(_revenue_from_row(row))
    [total] = parts["total"]
    names = Inventory.__struct_fields__
    return Analytics(
        inventory=Inventory(**{name: rows[0][name] for name in names}),
        months=parts["month"],
        categories=parts["category"],
        total=total,
    )


async def gross_since(tx: Transaction, *, principal: Principal, month: str) -> Decimal:
    """Add up what paid sales brought in in a month (`2026-04`) and in those after it."""
    return await store.gross_since(tx, principal.account_id, month=month)


def _revenue_from_row(row: Row) -> Revenue:
    return Revenue(**{name: row[name] for name in Revenue.__struct_fields__})
