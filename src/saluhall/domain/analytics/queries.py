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
    tx: Transaction, *, principal: Principal, default_currency: str, now: datetime
) -> Analytics:
    """Add up what the account has and sold; the months are the last twelve in its time zone.

    Amounts are in the account's currency, or in the default where it has chosen none, and are rounded when they are added up. Other
    currencies are converted by the account's rates.
    """
    account_id = principal.account_id
    rows = await store.analytics(
        tx,
        account_id,
        months=MONTHS,
        categories=CATEGORIES,
        default_currency=default_currency,
        now=now,
    )
    parts: dict[str, list[Revenue]] = {"month": [], "category": [], "total": []}
    for row in rows:
        parts[row["part"]].append(_revenue_from_row(row))
    [total] = parts["total"]
    names = Inventory.__struct_fields__
    return Analytics(
        currency=rows[0]["currency"],
        inventory=Inventory(**{name: rows[0][name] for name in names}),
        months=parts["month"],
        categories=parts["category"],
        total=total,
        unconverted=await store.unconverted(tx, account_id, default_currency=default_currency),
    )


async def gross_since(
    tx: Transaction, *, principal: Principal, month: str, default_currency: str
) -> Decimal:
    """Add up what paid sales brought in in a month (`2026-04`) and in those after it, in the account's currency as above."""
    return await store.gross_since(
        tx, principal.account_id, month=month, default_currency=default_currency
    )


def _revenue_from_row(row: Row) -> Revenue:
    return Revenue(**{name: row[name] for name in Revenue.__struct_fields__})
