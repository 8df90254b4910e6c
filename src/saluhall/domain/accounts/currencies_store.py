"""The SQL of an account's currency and its exchange rates."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from saluhall.storage import Transaction

LOCK = "select currency from accounts where account_id = %(account_id)s for no key update"
SET_CURRENCY = "update accounts set currency = %(currency)s where account_id = %(account_id)s"
RATES = (
    "select currency, rate from exchange_rates where account_id = %(account_id)s order by currency"
)
SET_RATE = """
  insert into exchange_rates (account_id, currency, rate, changed_at) values (%(account_id)s, %(currency)s, %(rate)s, %(now)s)
  on conflict on constraint exchange_rates_pkey do update set rate = excluded.rate, changed_at = excluded.changed_at
"""
REMOVE_RATE = (
    "delete from exchange_rates where account_id = %(account_id)s and currency = %(currency)s"
)
CLEAR_RATES = "delete from exchange_rates where account_id = %(account_id)s returning currency"


async def lock(tx: Transaction, account_id: UUID) -> str | None:
    """Return the currency that an account has chosen; it stays until the transaction is over."""
    return await tx.one(lambda row: row["currency"], LOCK, {"account_id": account_id})


async def set_currency(tx: Transaction, account_id: UUID, currency: str) -> None:
    """Store the currency of an account's figures."""
    await tx.run(SET_CURRENCY, {"account_id": account_id, "currency": currency})


async def rates(tx: Transaction, account_id: UUID) -> dict[str, Decimal]:
    """Read an account's rates by currency."""
    found = await tx.all(
        lambda row: (row["currency"], row["rate"]), RATES, {"account_id": account_id}
    )
    return dict(found)


async def set_rate(
    tx: Transaction, account_id: UUID, currency: str, rate: Decimal, *, now: datetime
) -> None:
    """Store a rate, in place of an earlier one."""
    params = {"account_id": account_id, "currency": currency, "rate": rate, "now": now}
    await tx.run(SET_RATE, params)


async def remove_rate(tx: Transaction, account_id: UUID, currency: str) -> bool:
    """Delete a rate; return whether there was one."""
    return await tx.run(REMOVE_RATE, {"account_id": account_id, "currency": currency}) > 0


async def clear_rates(tx: Transaction, account_id: UUID) -> list[str]:
    """Delete all rates; return their currencies."""
    found = await tx.all(lambda row: str(row["currency"]), CLEAR_RATES, {"account_id": account_id})
    return sorted(found)
