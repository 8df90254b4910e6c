"""In which currency an account reads its figures, and what others are worth in it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from saluhall.domain.accounts import currencies_store
from saluhall.domain.accounts.model import BadCurrency, BadRate, Principal
from saluhall.storage import Transaction


async def set_currency(
    tx: Transaction,
    *,
    principal: Principal,
    currency: str,
    now: datetime,  # noqa: ARG001 - every operation has `now`
) -> Sequence[str]:
    """Set the currency of an account's figures; return the currencies of the rates that are deleted with the old one.

    Raises BadCurrency.
    """
    _check_currency(currency)
    account_id = principal.account_id
    if await currencies_store.lock(tx, account_id) == currency:
        return []
    await currencies_store.set_currency(tx, account_id, currency)
    return await currencies_store.clear_rates(tx, account_id)


async def set_rate(
    tx: Transaction, *, principal: Principal, currency: str, rate: Decimal, now: datetime
) -> None:
    """Set how many of the account's currency one of another is worth, for what was sold before too. Raises BadCurrency, BadRate."""
    _check_currency(currency)
    if not rate.is_finite() or rate <= 0:
        raise BadRate(f"a rate is a number above 0, not {rate}")
    account_id = principal.account_id
    if await currencies_store.lock(tx, account_id) == currency:
        raise BadCurrency(f"the account's figures are in {currency}: it needs no rate")
    await currencies_store.set_rate(tx, account_id, currency, rate, now=now)


async def remove_rate(
    tx: Transaction,
    *,
    principal: Principal,
    currency: str,
    now: datetime,  # noqa: ARG001 - every operation has `now`
) -> None:
    """Remove a rate: analytics then list what was sold in this currency separately. Raises BadRate."""
    if not await currencies_store.remove_rate(tx, principal.account_id, currency):
        raise BadRate(f"the account has no rate for {currency!r}")


async def rates_of_account(tx: Transaction, *, principal: Principal) -> Mapping[str, Decimal]:
    """Return an account's rates by currency."""
    return await currencies_store.rates(tx, principal.account_id)


def _check_currency(code: str) -> None:
    """Refuse what is no code of a currency in use. Raises BadCurrency."""
    from iso4217 import Currency  # noqa: PLC0415 - a table of countries that only this needs

    if code not in {each.code for each in Currency}:
        raise BadCurrency(f"{code!r} is no ISO 4217 code of a currency, such as EUR")
