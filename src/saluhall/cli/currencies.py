"""saluhall account currency and rate: in which currency an account reads its figures, and what others are worth in it."""

from typing import Annotated

from cyclopts import Parameter

from saluhall.bootstrap import now
from saluhall.cli.failures import WrongUsage
from saluhall.cli.session import Account, AsJson, DataDir, for_account, read_settings, show
from saluhall.cli.values import number_from_text
from saluhall.domain.accounts import currencies
from saluhall.domain.accounts.model import Principal
from saluhall.storage import Transaction

_CODE = "an ISO 4217 code such as EUR."


def set_currency(
    currency: Annotated[str, Parameter(help=f"The currency: {_CODE}")],
    *,
    account: Account,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Set the currency in which an account's figures are shown; its exchange rates are deleted, for they were rates of another."""

    async def do(tx: Transaction, principal: Principal) -> dict[str, object]:
        removed = await currencies.set_currency(
            tx, principal=principal, currency=currency, now=now()
        )
        return {"account": account, "currency": currency, "removed_rates": removed}

    show(for_account(read_settings(data_dir), account, do), as_json=as_json)


def set_rate(
    currency: Annotated[str, Parameter(help=f"The other currency: {_CODE}")],
    rate: Annotated[
        str | None, Parameter(help="How many of the account's currency one of the other is worth.")
    ] = None,
    *,
    remove: Annotated[bool, Parameter(help="Remove the rate.", negative=())] = False,
    account: Account,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Set or remove the rate by which sales in another currency are converted, those of the past too."""
    if (rate is None) != remove:
        raise WrongUsage("give a rate such as 11.25, or --remove")
    value = None if rate is None else number_from_text("the rate", rate)

    async def do(tx: Transaction, principal: Principal) -> dict[str, object]:
        if value is None:
            await currencies.remove_rate(tx, principal=principal, currency=currency, now=now())
        else:
            await currencies.set_rate(
                tx, principal=principal, currency=currency, rate=value, now=now()
            )
        return {
            "account": account,
            "currency": currency,
            "rate": None if value is None else str(value),
        }

    show(for_account(read_settings(data_dir), account, do), as_json=as_json)
