"""saluhall attention list, attention dismiss."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from cyclopts import App, Parameter

from saluhall.bootstrap import now
from saluhall.cli.session import Account, AsJson, DataDir, in_transaction, read_settings, show
from saluhall.cli.tables import show_table
from saluhall.domain.accounts.queries import principal_of_account
from saluhall.domain.attention import operations, queries
from saluhall.domain.attention.model import AttentionEntry
from saluhall.storage import Transaction

attention = App(
    name="attention",
    help="List and dismiss what a marketplace answered and the hub could not read.",
)


@attention.command(name="list")
def list_attention(*, account: Account, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the entries of an account, the latest first; `--json` shows the text of each as it was received."""

    async def do(tx: Transaction) -> list[AttentionEntry]:
        principal = await principal_of_account(tx, account)
        return await queries.list_entries(tx, principal=principal)

    found = in_transaction(read_settings(data_dir), do)
    if as_json:
        show({"entries": [msgspec.structs.asdict(entry) for entry in found]}, as_json=True)
    else:
        _table(found)


def _table(found: list[AttentionEntry]) -> None:
    headings = ("id", "channel", "what", "its id there", "what is wrong", "times", "last")
    show_table(headings, [_cells(entry) for entry in found])


def _cells(entry: AttentionEntry) -> tuple[Any, ...]:
    return (
        entry.id,
        entry.channel,
        entry.kind,
        entry.remote_id or "unknown",
        entry.reason,
        entry.times,
        entry.last_at,
    )


@attention.command(name="dismiss")
def dismiss(
    entry: Annotated[UUID, Parameter(help="The entry's id as `list` shows it.")],
    *,
    account: Account,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Delete an entry that was dealt with; it is listed again if the marketplace still sends it."""

    async def do(tx: Transaction) -> dict[str, object]:
        principal = await principal_of_account(tx, account)
        await operations.dismiss(tx, principal=principal, entry_id=entry, now=now())
        return {"dismissed": entry}

    show(in_transaction(read_settings(data_dir), do), as_json=as_json)
