"""saluhall connection add tradera, connection list, reconnect and remove."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

from cyclopts import App, Parameter

from saluhall.bootstrap import now, vault_of
from saluhall.channel import Login
from saluhall.cli.failures import Refused, WrongUsage
from saluhall.cli.login_flow import connect_by_login
from saluhall.cli.passwords import Token, read_secret
from saluhall.cli.session import (
    Account,
    AsJson,
    DataDir,
    Yes,
    check_options,
    for_account,
    in_transaction,
    read_settings,
    show,
)
from saluhall.cli.tables import show_table, shown
from saluhall.cli.values import check_name, instant_from_text
from saluhall.domain.accounts.model import Principal
from saluhall.domain.accounts.queries import principal_of_account
from saluhall.domain.attention.queries import count_by_connection
from saluhall.domain.connections import operations, queries
from saluhall.domain.connections.expiry import days_left
from saluhall.domain.connections.model import Connection
from saluhall.domain.listings import disconnecting, suspension
from saluhall.domain.listings.disconnecting import RemovedConnection
from saluhall.domain.orders import updates
from saluhall.plugins import load_channels
from saluhall.settings import Settings
from saluhall.storage import Transaction

Expires = Annotated[str | None, Parameter(help="When the token expires (ISO 8601).")]
ConnectionId = Annotated[UUID, Parameter(help="The connection's id as `list` shows it.")]

connection = App(name="connection", help="Connect accounts to marketplaces.")
add = App(
    name="add", help="Connect an account to a marketplace, or give a known login a new token."
)
connection.command(add)


@add.command(name="tradera")
def add_tradera(
    *,
    account: Account,
    user_id: Annotated[
        str | None, Parameter(help="The seller's user id at Tradera; not with --login.")
    ] = None,
    token: Token = None,
    login: Annotated[
        bool,
        Parameter(
            negative="",
            help="Print the address of Tradera's login page and wait until the seller has logged in.",
        ),
    ] = False,
    expires: Expires = None,
    language: Annotated[
        str | None, Parameter(help="Language of the footer of listings: en or sv.")
    ] = None,
    category: Annotated[
        list[str] | None,
        Parameter(
            help="SLUG=ID: list a category of items under another of Tradera's categories; repeat it for more."
        ),
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Connect an account to Tradera; listings that waited for a connection are published."""
    settings = read_settings(data_dir)
    options = _options(language, category)
    check_options(settings, "tradera", options)
    if login:
        if user_id is not None or token is not None or expires is not None:
            raise WrongUsage("--login takes no --user-id, --token or --expires")
        card = load_channels()["tradera"]
        made = connect_by_login(settings, card, account=account, options=options)
        show({"connection_id": made}, as_json=as_json)
        return
    if user_id is None:
        raise WrongUsage("give --user-id and --token, or --login")
    expires_at = instant_from_text("--expires", expires)
    check_name("--user-id", user_id)
    secret = read_secret("--token", token)
    known = Login(user_id=user_id, token=secret, expires_at=expires_at, options=options)
    show(in_transaction(settings, _connecting(settings, account, known)), as_json=as_json)


def _connecting(
    settings: Settings, account: str, login: Login
) -> Callable[[Transaction], Awaitable[dict[str, object]]]:
    async def do(tx: Transaction) -> dict[str, object]:
        principal = await principal_of_account(tx, account)
        at = now()
        connection_id = await operations.connect(
            tx,
            principal=principal,
            channel="tradera",
            user_id=login.user_id,
            token=login.token,
            expires_at=login.expires_at,
            options=login.options,
            vault=vault_of(settings),
            now=at,
        )
        await suspension.resume(tx, principal.account_id, connection_id, now=at)
        return {"connection_id": connection_id}

    return do


def _options(language: str | None, category: list[str] | None) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if language is not None:
        options["language"] = language
    if category:
        options["categories"] = _categories(category)
    return options


def _categories(pairs: list[str]) -> dict[str, int]:
    found = {}
    for pair in pairs:
        slug, _, number = pair.partition("=")
        if not slug or not number.isdecimal():
            raise Refused(f"--category takes SLUG=ID, not {pair!r}")
        found[slug] = int(number)
    return found


@connection.command(name="reconnect")
def reconnect(
    connection: ConnectionId,
    *,
    account: Account,
    token: Token = None,
    expires: Expires = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Give a connection a new token; its suspended listings are published again."""
    settings = read_settings(data_dir)
    expires_at = instant_from_text("--expires", expires)
    secret = read_secret("--token", token)

    async def do(tx: Transaction, principal: Principal) -> dict[str, object]:
        at = now()
        found = await operations.reconnect(
            tx,
            principal=principal,
            connection_id=connection,
            token=secret,
            expires_at=expires_at,
            vault=vault_of(settings),
            now=at,
        )
        await suspension.resume(tx, principal.account_id, connection, now=at)
        return {"connection_id": found.id, "channel": found.channel, "user_id": found.user_id}

    show(for_account(settings, account, do), as_json=as_json)


@connection.command(name="remove")
def remove(
    connection: ConnectionId,
    *,
    account: Account,
    yes: Yes = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Remove a connection and erase its token; refused while listings are live there, unless --yes leaves them on the marketplace."""

    async def do(tx: Transaction, principal: Principal) -> tuple[RemovedConnection, int]:
        at = now()
        removed = await disconnecting.remove_connection(
            tx, principal=principal, connection_id=connection, leave_live=yes, now=at
        )
        reason = disconnecting.REASON
        return removed, await updates.cancel(tx, removed.connection, reason=reason, now=at)

    removed, cancelled = for_account(read_settings(data_dir), account, do)
    answer: dict[str, object] = {
        "removed": connection,
        "channel": removed.connection.channel,
        "user_id": removed.connection.user_id,
        "live_listings": removed.live,
        "moved_listings": removed.moved,
        "cancelled_order_updates": cancelled,
    }
    if removed.live:
        answer["note"] = (
            "The live listings stay on the marketplace; the hub no longer updates or ends them."
        )
    show(answer, as_json=as_json)


@connection.command(name="list")
def list_connections(
    *, account: Account, data_dir: DataDir = None, as_json: AsJson = False
) -> None:
    """List an account's connections, their health, and what is left of the call budget."""
    settings = read_settings(data_dir)

    async def do(tx: Transaction) -> list[dict[str, Any]]:
        principal = await principal_of_account(tx, account)
        found = await queries.list_connections(tx, principal=principal)
        unreadable = await count_by_connection(tx, principal=principal)
        return [await _row(tx, settings, c, unreadable.get(c.id, 0)) for c in found]

    rows = in_transaction(settings, do)
    if as_json:
        show({"connections": rows}, as_json=True)
    else:
        _table(rows)


async def _row(
    tx: Transaction, settings: Settings, found: Connection, unreadable: int
) -> dict[str, Any]:
    limit = await _limit(tx, settings, found.channel)
    budget = await queries.budget_of_channel(tx, found.channel, now=now())
    return {
        "connection_id": found.id,
        "number": found.number,
        "channel": found.channel,
        "user_id": found.user_id,
        "state": found.state,
        "reason": found.reason or (found.wait and found.wait.reason) or _trouble(unreadable),
        "waits_for": found.wait and found.wait.waits_for,
        "next_try_at": found.wait and found.wait.next_try_at,
        "unreadable_entries": unreadable,
        "expires_at": found.expires_at,
        "expires_in_days": days_left(found.expires_at, now=now()),
        "polled_at": found.polled_at,
        "budget": {
            "calls_per_day": limit,
            "used": budget.used,
            "left": max(0, limit - budget.used),
            "blocked_until": budget.blocked_until,
        },
    }


async def _limit(tx: Transaction, settings: Settings, channel: str) -> int:
    """Return the limit that the workers keep to; before the first one started, that of the settings here."""
    kept = await queries.find_limit_of_channel(tx, channel)
    if kept is not None:
        return kept
    card = load_channels().get(channel)
    return card.calls_per_day(settings.env) if card else 0


def _trouble(unreadable: int) -> str | None:
    if not unreadable:
        return None
    entries = "1 entry" if unreadable == 1 else f"{unreadable} entries"
    return f"{entries} of its answers could not be taken; see `saluhall attention list`."


def _table(rows: list[dict[str, Any]]) -> None:
    headings = (
        "connection",
        "number",
        "channel",
        "user",
        "state",
        "token expires",
        "in days",
        "polled",
        "calls left",
    )
    cells = []
    for row in rows:
        budget = row["budget"]
        state = row["state"] + (f": {row['reason']}" if row["reason"] else "")
        state += f" Next try at {shown(row['next_try_at'])}." if row["next_try_at"] else ""
        cells.append((row["connection_id"], row["number"], row["channel"], row["user_id"], state,
                      row["expires_at"] or "unknown", row["expires_in_days"],
                      row["polled_at"] or "never", f"{budget['left']} of {budget['calls_per_day']}"))  # fmt: skip
    show_table(headings, cells)
