"""saluhall webhook set."""

from typing import Annotated

from cyclopts import App, Parameter

from saluhall.bootstrap import now, vault_of
from saluhall.cli.session import Account, AsJson, DataDir, in_transaction, read_settings, show
from saluhall.domain.accounts.queries import principal_of_account
from saluhall.domain.history.model import DELIVERED
from saluhall.domain.webhooks import operations
from saluhall.domain.webhooks.model import DEFAULT_EVENT_TYPES
from saluhall.kit.http import Outbound
from saluhall.storage import Transaction

webhook = App(name="webhook", help="Where an account hears of its events.")


@webhook.command(name="set")
def set_webhook(
    url: str,
    *,
    account: Account,
    event_types: Annotated[
        str, Parameter(help="Comma-separated event types, or 'all'.")
    ] = ",".join(DEFAULT_EVENT_TYPES),
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Set the address that is told of the account's events; the secret stays the same."""
    settings = read_settings(data_dir)
    wanted = sorted(DELIVERED) if event_types == "all" else event_types.split(",")

    async def do(tx: Transaction) -> dict[str, object]:
        by = await principal_of_account(tx, account)
        at, secret = await operations.set_main_endpoint(
            tx,
            by=by,
            url=url,
            event_types=[t.strip() for t in wanted],
            http=Outbound(allow=settings.outbound_allow, ca_file=settings.outbound_ca_file),
            vault=vault_of(settings),
            now=now(),
        )
        return {"webhookUrl": at, "webhookSecret": secret}

    show(in_transaction(settings, do), as_json=as_json)
