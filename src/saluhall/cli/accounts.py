"""saluhall account create, list, show, time-zone, currency, rate, subscribe, suspend, resume and remove."""

from datetime import datetime
from typing import Annotated

import msgspec
from cyclopts import App, Parameter

from saluhall.bootstrap import now
from saluhall.cli.catalogs import SYSTEM_CATALOG
from saluhall.cli.currencies import set_currency, set_rate
from saluhall.cli.failures import Refused
from saluhall.cli.passwords import NewPassword, read_secret
from saluhall.cli.session import (
    Account,
    AsJson,
    DataDir,
    Subject,
    Username,
    Yes,
    for_account,
    in_transaction,
    read_settings,
    show,
)
from saluhall.cli.tables import show_rows
from saluhall.cli.values import check_name, utc_instant
from saluhall.domain.accounts import currencies, people, queries
from saluhall.domain.accounts import operations as accounts
from saluhall.domain.accounts.model import Principal
from saluhall.domain.accounts.queries import principal_of_user
from saluhall.domain.analytics import operations as analytics
from saluhall.domain.catalogs import operations as catalogs
from saluhall.domain.partner_business import subscriptions
from saluhall.domain.partner_business.subscriptions import SubscriptionTier
from saluhall.domain.removals import operations as removals
from saluhall.domain.removals.queries import contents_of_account
from saluhall.domain.sessions import ending
from saluhall.storage import Transaction

_ZONE = "an IANA name such as Europe/Stockholm."
TimeZone = Annotated[
    str | None,
    Parameter(
        help=f"The time zone in which its days and months begin: {_ZONE}"
        " Without it, months begin in Stockholm's time, and days in filters in UTC."
    ),
]
Name = Annotated[str, Parameter(help="The account's name.")]

account = App(name="account", help="Create, list, suspend and remove accounts.")


@account.command(name="create")
def create_account(
    name: Name,
    *,
    username: Username,
    password: NewPassword = None,
    subject: Subject = None,
    time_zone: TimeZone = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Create an account with its first user, an owner, and the system catalog RHEO."""
    check_name("name", name)
    check_name("username", username)
    secret = read_secret("--password", password, twice=True)
    ending.check_password(secret)

    async def do(tx: Transaction) -> dict[str, object]:
        at = now()
        account_id = await accounts.create_account(
            tx, name=name, username=username, password=secret, time_zone=time_zone, now=at
        )
        principal = Principal(account_id=account_id, account_name=name)
        await catalogs.create_catalog(
            tx, principal=principal, name=SYSTEM_CATALOG, code=SYSTEM_CATALOG, now=at
        )
        if subject is not None:
            person = await principal_of_user(tx, username)
            await people.link_user(tx, principal=person, subject=subject, now=at)
        return {"account_id": account_id, "username": username}

    show(in_transaction(read_settings(data_dir), do), as_json=as_json)


@account.command(name="list")
def list_accounts(*, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List all accounts by name."""

    async def do(tx: Transaction) -> list[dict[str, object]]:
        tiers = await subscriptions.list_tiers(tx)
        return [
            {
                **msgspec.structs.asdict(each),
                "tier": tiers.get(each.account_id, SubscriptionTier.FREE),
                "suspended": bool(each.suspended_at),
            }
            for each in await queries.list_accounts(tx)
        ]

    rows = in_transaction(read_settings(data_dir), do)
    columns = {"name": "account", "users": "users", "api_keys": "keys", "tier": "tier",
               "suspended": "suspended", "created_at": "created"}  # fmt: skip
    show_rows("accounts", rows, columns, as_json=as_json)


@account.command(name="show")
def show_account(name: Name, *, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Show an account and how much it holds."""

    async def do(tx: Transaction, principal: Principal) -> dict[str, object]:
        found = msgspec.structs.asdict(await queries.get_account(tx, principal=principal))
        subscribed = await subscriptions.subscription_of_account(tx, principal=principal)
        held = msgspec.structs.asdict(await contents_of_account(tx, principal=principal))
        rates = await currencies.rates_of_account(tx, principal=principal)
        written = {code: str(rate) for code, rate in rates.items()}
        return {**found, "rates": written, "tier": subscribed.tier, **held}

    show(for_account(read_settings(data_dir), name, do), as_json=as_json)


@account.command(name="time-zone")
def set_time_zone(
    name: Name,
    time_zone: Annotated[str, Parameter(help=f"The time zone: {_ZONE}")],
    *,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Set the time zone in which an account's days and months begin, those of the past too."""

    async def do(tx: Transaction, principal: Principal) -> dict[str, object]:
        await analytics.set_time_zone(tx, principal=principal, time_zone=time_zone, now=now())
        return {"account": name, "time_zone": time_zone}

    show(for_account(read_settings(data_dir), name, do), as_json=as_json)


account.command(set_currency, name="currency")
account.command(set_rate, name="rate")


@account.command(name="subscribe")
def subscribe_account(
    *,
    account: Account,
    tier: Annotated[SubscriptionTier, Parameter(help="What the account subscribes to.")],
    until: Annotated[
        datetime | None, Parameter(help="When it ends, in UTC; without it, it does not end.")
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Put an account on the paid tier, until an instant or without an end, or back on the free one."""
    ends = until and utc_instant("--until", until)

    async def do(tx: Transaction, principal: Principal) -> dict[str, object]:
        found = await subscriptions.subscribe(
            tx, principal=principal, tier=tier, until=ends, now=now()
        )
        return {
            "account": account,
            "tier": found.tier.value,
            "subscribed_at": found.subscribed_at,
            "expires_at": found.expires_at,
        }

    show(for_account(read_settings(data_dir), account, do), as_json=as_json)


@account.command(name="suspend")
def suspend_account(name: Name, *, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Suspend an account: its sessions end and its keys open nothing until it is resumed; what it sells stays on sale."""
    _suspend(name, suspended=True, data_dir=data_dir, as_json=as_json)


@account.command(name="resume")
def resume_account(name: Name, *, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Resume a suspended account."""
    _suspend(name, suspended=False, data_dir=data_dir, as_json=as_json)


def _suspend(name: str, *, suspended: bool, data_dir: DataDir, as_json: AsJson) -> None:
    async def do(tx: Transaction, principal: Principal) -> dict[str, object]:
        await ending.suspend_account(tx, principal=principal, suspended=suspended, now=now())
        return {"account": name, "suspended": suspended}

    show(for_account(read_settings(data_dir), name, do), as_json=as_json)


@account.command(name="remove")
def remove_account(
    name: Name, *, yes: Yes = False, data_dir: DataDir = None, as_json: AsJson = False
) -> None:
    """Delete a suspended account with all its users, keys, products, orders and history; live listings stay on the marketplaces."""

    async def do(tx: Transaction, principal: Principal) -> dict[str, object]:
        if not yes:
            held = msgspec.structs.asdict(await contents_of_account(tx, principal=principal))
            raise Refused(f"this deletes {_listed(held)}, for good. Give --yes to do it")
        removed = await removals.remove_account(tx, principal=principal, now=now())
        return {"removed": name, **msgspec.structs.asdict(removed)}

    show(for_account(read_settings(data_dir), name, do), as_json=as_json)


def _listed(held: dict[str, int]) -> str:
    live = held.pop("live_listings")
    names = {what: what.replace("_", " ") for what in held}
    parts = [
        f"{count} {names[what] if count > 1 else names[what][:-1]}"
        for what, count in held.items()
        if count
    ]
    stay = f" (listings that stay live on marketplaces: {live})" if live else ""
    return "the account with " + (", ".join(parts) or "nothing in it") + stay
