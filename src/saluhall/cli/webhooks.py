"""saluhall webhook set, list, enable, disable, secret and remove."""

from typing import Annotated, Any
from uuid import UUID

from cyclopts import App, Parameter

from saluhall.bootstrap import now, vault_of
from saluhall.cli.dialects import Dialect, webhook_of
from saluhall.cli.session import Account, AsJson, DataDir, for_account, read_settings, show
from saluhall.cli.tables import show_rows
from saluhall.domain.accounts.model import Principal
from saluhall.domain.webhooks import operations, queries
from saluhall.domain.webhooks.model import Endpoint, EndpointChange, Vocabulary
from saluhall.kit.http import Outbound
from saluhall.plugins import load_webhooks
from saluhall.settings import Settings
from saluhall.storage import Transaction

EndpointId = Annotated[UUID, Parameter(help="The endpoint's id as `list` shows it.")]

webhook = App(name="webhook", help="Set, list, switch and remove webhook endpoints.")


@webhook.command(name="set")
def set_webhook(
    url: Annotated[str, Parameter(help="The address that receives the events, with https.")],
    *,
    account: Account,
    event_types: Annotated[
        str | None,
        Parameter(
            help="Comma-separated event types, or 'all'; without it those that every client of the API knows."
        ),
    ] = None,
    dialect: Dialect = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Set the address of the account's main endpoint and print its secret, which stays the same when the address changes."""
    settings = read_settings(data_dir)
    vocabulary = webhook_of(dialect).vocabulary
    words = {None: vocabulary.usual, "all": tuple(dict.fromkeys(vocabulary.words.values()))}
    wanted = words.get(event_types) or [t.strip() for t in (event_types or "").split(",")]

    async def do(tx: Transaction, principal: Principal) -> dict[str, object]:
        at, secret = await operations.set_main_endpoint(
            tx,
            principal=principal,
            url=url,
            subscription=vocabulary.subscription(wanted),
            http=_outbound(settings),
            vault=vault_of(settings),
            now=now(),
        )
        return {"webhookUrl": at, "webhookSecret": secret}

    show(for_account(settings, account, do), as_json=as_json)


@webhook.command(name="list")
def list_webhooks(*, account: Account, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List an account's webhook endpoints, whether they are on, and how many deliveries wait for each."""

    async def do(tx: Transaction, principal: Principal) -> list[dict[str, Any]]:
        pending = await queries.count_pending(tx, principal=principal)
        found = await queries.list_endpoints(tx, principal=principal)
        vocabularies = {name: known.vocabulary for name, known in load_webhooks().items()}
        return [
            _row(each, vocabularies.get(each.dialect), pending.get(each.id, 0)) for each in found
        ]

    rows = for_account(read_settings(data_dir), account, do)
    columns = {"endpoint_id": "endpoint", "url": "address", "state": "state", "failures": "failures in a row",
               "pending": "pending", "scope": "scope", "events": "events"}  # fmt: skip
    printed = [{**row, "events": ", ".join(row["event_types"]) or "all"} for row in rows]
    show_rows("endpoints", rows if as_json else printed, columns, as_json=as_json)


def _row(endpoint: Endpoint, vocabulary: Vocabulary | None, pending: int) -> dict[str, Any]:
    words = vocabulary.words_of(endpoint.event_types) if vocabulary else endpoint.event_types
    return {
        "endpoint_id": endpoint.id,
        "url": endpoint.url,
        "state": "on" if endpoint.active else "off",
        "failures": endpoint.fail_count,
        "pending": pending,
        "dialect": endpoint.dialect,
        "event_types": [] if endpoint.takes_all else words,
        "scope": endpoint.scope,
        "description": endpoint.description,
        "created_at": endpoint.created_at,
    }


@webhook.command(name="enable")
def enable(
    endpoint: EndpointId, *, account: Account, data_dir: DataDir = None, as_json: AsJson = False
) -> None:
    """Switch an endpoint on again: its failures are forgotten, and what was held back is delivered."""
    _switch(endpoint, account, active=True, data_dir=data_dir, as_json=as_json)


@webhook.command(name="disable")
def disable(
    endpoint: EndpointId, *, account: Account, data_dir: DataDir = None, as_json: AsJson = False
) -> None:
    """Switch an endpoint off: deliveries are held back until it is on again."""
    _switch(endpoint, account, active=False, data_dir=data_dir, as_json=as_json)


def _switch(
    endpoint: UUID, account: str, *, active: bool, data_dir: DataDir, as_json: AsJson
) -> None:
    settings = read_settings(data_dir)

    async def do(tx: Transaction, principal: Principal) -> dict[str, object]:
        changed = await operations.change_endpoint(
            tx,
            principal=principal,
            endpoint_id=endpoint,
            change=EndpointChange(active=active),
            http=_outbound(settings),
            now=now(),
        )
        return {"endpoint_id": changed.id, "state": "on" if changed.active else "off"}

    show(for_account(settings, account, do), as_json=as_json)


@webhook.command(name="secret")
def rotate_secret(
    endpoint: EndpointId, *, account: Account, data_dir: DataDir = None, as_json: AsJson = False
) -> None:
    """Give an endpoint a new secret and print it; for 24 hours the old one signs too."""
    settings = read_settings(data_dir)

    async def do(tx: Transaction, principal: Principal) -> dict[str, object]:
        changed, secret = await operations.rotate_secret(
            tx, principal=principal, endpoint_id=endpoint, vault=vault_of(settings), now=now()
        )
        return {"endpoint_id": changed.id, "webhookSecret": secret}

    show(for_account(settings, account, do), as_json=as_json)


@webhook.command(name="remove")
def remove(
    endpoint: EndpointId, *, account: Account, data_dir: DataDir = None, as_json: AsJson = False
) -> None:
    """Delete an endpoint and its pending deliveries; the log of what was sent stays."""

    async def do(tx: Transaction, principal: Principal) -> dict[str, object]:
        pending = (await queries.count_pending(tx, principal=principal)).get(endpoint, 0)
        found = await queries.endpoint_of_account(tx, principal=principal, endpoint_id=endpoint)
        await operations.delete_endpoint(tx, principal=principal, endpoint_id=endpoint, now=now())
        return {"removed": endpoint, "url": found.url, "deleted_deliveries": pending}

    show(for_account(read_settings(data_dir), account, do), as_json=as_json)


def _outbound(settings: Settings) -> Outbound:
    return Outbound(allow=settings.outbound_allow, ca_file=settings.outbound_ca_file)
