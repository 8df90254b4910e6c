"""saluhall account create, suspend and resume; key create, catalog create."""

from datetime import UTC, datetime
from typing import Annotated

from cyclopts import App, Parameter

from saluhall.bootstrap import now
from saluhall.cli.failures import Refused
from saluhall.cli.passwords import NewPassword, read_secret
from saluhall.cli.session import (
    Account,
    AsJson,
    DataDir,
    Subject,
    in_transaction,
    read_settings,
    show,
)
from saluhall.domain.accounts import operations as accounts
from saluhall.domain.accounts import subscriptions
from saluhall.domain.accounts.model import Principal
from saluhall.domain.accounts.queries import principal_of_account, principal_of_user
from saluhall.domain.accounts.subscriptions import SubscriptionTier
from saluhall.domain.catalogs import operations as catalogs
from saluhall.domain.catalogs.model import RHEO
from saluhall.domain.sessions import ending
from saluhall.storage import Transaction

TimeZone = Annotated[
    str | None,
    Parameter(
        help="By which clock its days and months begin: an IANA name such as Europe/Stockholm."
        " Never chosen, months are Stockholm's and days in filters UTC's."
    ),
]

account = App(name="account", help="Accounts and their users.")
key = App(name="key", help="API keys.")
catalog = App(name="catalog", help="Catalogs.")


@account.command(name="create")
def create_account(
    name: str,
    *,
    username: str,
    password: NewPassword = None,
    subject: Subject = None,
    time_zone: TimeZone = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Open an account with its first user; the system catalog RHEO comes with it."""
    if not (name.strip() and username.strip()):
        raise Refused("name and username must not be empty")
    secret = read_secret("--password", password, twice=True)
    ending.check_password(secret)

    async def do(tx: Transaction) -> dict[str, object]:
        at = now()
        account_id = await accounts.create_account(
            tx, name=name, username=username, password=secret, time_zone=time_zone, now=at
        )
        by = Principal(account_id=account_id, account_name=name)
        await catalogs.create_catalog(tx, by=by, name=RHEO, code=RHEO, now=at)
        if subject is not None:
            person = await principal_of_user(tx, username)
            await accounts.link_user(tx, by=person, subject=subject, now=at)
        return {"account_id": account_id, "username": username}

    show(in_transaction(read_settings(data_dir), do), as_json=as_json)


@account.command(name="time-zone")
def set_time_zone(
    name: str, time_zone: str, *, data_dir: DataDir = None, as_json: AsJson = False
) -> None:
    """Let an account's days and months begin by the clock of this time zone, those of the past too."""

    async def do(tx: Transaction) -> dict[str, object]:
        by = await principal_of_account(tx, name)
        await accounts.set_time_zone(tx, by=by, time_zone=time_zone, now=now())
        return {"account": name, "time_zone": time_zone}

    show(in_transaction(read_settings(data_dir), do), as_json=as_json)


@account.command(name="subscribe")
def subscribe_account(
    *,
    account: Account,
    tier: SubscriptionTier,
    until: Annotated[
        datetime | None, Parameter(help="When it ends, in UTC; never when not said.")
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Put an account on a tier: the paid one until an instant, or back on the free one."""

    async def do(tx: Transaction) -> dict[str, object]:
        by = await principal_of_account(tx, account)
        ends = until and (until if until.tzinfo else until.replace(tzinfo=UTC))
        stands = await subscriptions.subscribe(tx, by=by, tier=tier, until=ends, now=now())
        return {
            "account": account,
            "tier": stands.tier.value,
            "subscribed_at": stands.subscribed_at,
            "expires_at": stands.expires_at,
        }

    show(in_transaction(read_settings(data_dir), do), as_json=as_json)


@account.command(name="suspend")
def suspend_account(name: str, *, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Let nobody of an account in, by password, token or key, until it is resumed, and end their sessions; what it sells stays as it is."""
    _suspend(name, suspended=True, data_dir=data_dir, as_json=as_json)


@account.command(name="resume")
def resume_account(name: str, *, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Let a suspended account in again."""
    _suspend(name, suspended=False, data_dir=data_dir, as_json=as_json)


def _suspend(name: str, *, suspended: bool, data_dir: DataDir, as_json: AsJson) -> None:
    async def do(tx: Transaction) -> dict[str, object]:
        by = await principal_of_account(tx, name)
        await ending.suspend_account(tx, by=by, suspended=suspended, now=now())
        return {"account": name, "suspended": suspended}

    show(in_transaction(read_settings(data_dir), do), as_json=as_json)


@key.command(name="create")
def create_key(
    *,
    account: Account,
    name: Annotated[str, Parameter(help="A label to tell keys apart.")] = "API Key",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Mint an API key; it is shown this once."""

    async def do(tx: Transaction) -> dict[str, object]:
        by = await principal_of_account(tx, account)
        return {"api_key": await accounts.create_api_key(tx, by=by, name=name, now=now())}

    show(in_transaction(read_settings(data_dir), do), as_json=as_json)


@catalog.command(name="create")
def create_catalog(
    name: str,
    *,
    account: Account,
    code: Annotated[str, Parameter(help="How the APIs name the catalog.")] = "CUSTOM",
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Add a catalog to an account."""

    async def do(tx: Transaction) -> dict[str, object]:
        by = await principal_of_account(tx, account)
        made = await catalogs.create_catalog(tx, by=by, name=name, code=code, now=now())
        return {"catalog_id": made}

    show(in_transaction(read_settings(data_dir), do), as_json=as_json)
