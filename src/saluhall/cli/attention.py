"""saluhall attention list, attention dismiss."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from cyclopts import App, Parameter
from msgspec.structs import asdict

from saluhall.bootstrap import now
from saluhall.cli.failures import WrongUsage
from saluhall.cli.session import Account, AsJson, DataDir, for_account, read_settings, show
from saluhall.cli.tables import show_table
from saluhall.domain.accounts.model import Principal
from saluhall.domain.attention import operations, queries
from saluhall.domain.attention.model import AttentionEntry, AttentionItem
from saluhall.storage import Transaction

attention = App(name="attention", help="List what needs a person; dismiss what cannot be read.")
_MAX_DAYS = 3650
_ENTRY = "entry_unreadable:"


@attention.command(name="list")
def list_attention(
    *,
    account: Account,
    payment_days: Annotated[
        int, Parameter(help="After how many days an order that is not paid is listed.")
    ] = queries.PAYMENT_AFTER.days,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """List what needs a person, the latest first: what is wrong, where, and what to do. It disappears with its cause."""
    if not 0 <= payment_days <= _MAX_DAYS:
        raise WrongUsage(f"--payment-days takes 0 to {_MAX_DAYS}")

    async def do(
        tx: Transaction, principal: Principal
    ) -> tuple[list[AttentionItem], list[AttentionEntry]]:
        items = await queries.list_attention(
            tx, principal=principal, payment_after=timedelta(days=payment_days), now=now()
        )
        # The text of unreadable entries, as it was received.
        entries = await queries.list_entries(tx, principal=principal) if as_json else []
        return items, entries

    items, entries = for_account(read_settings(data_dir), account, do)
    if as_json:
        listed = {"attention": list(map(asdict, items)), "entries": list(map(asdict, entries))}
        show(listed, as_json=True)
    else:
        headings = ("kind", "since", "about", "what is wrong", "what to do")
        show_table(headings, [(i.kind, i.since, i.subject, i.message, i.remedy) for i in items])


@attention.command(name="dismiss")
def dismiss(
    entry: Annotated[str, Parameter(help="The entry's id as `list` shows it.")],
    /,
    *,
    account: Account,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Delete an unreadable entry that was dealt with; it is listed again if the marketplace still sends it."""
    entry_id = _id_from_text(entry)

    async def do(tx: Transaction, principal: Principal) -> dict[str, object]:
        await operations.dismiss(tx, principal=principal, entry_id=entry_id, now=now())
        return {"dismissed": entry_id}

    show(for_account(read_settings(data_dir), account, do), as_json=as_json)


def _id_from_text(text: str) -> UUID:
    """Read the id of an unreadable entry. Raises WrongUsage."""
    try:
        return UUID(text.removeprefix(_ENTRY))
    except ValueError as error:
        raise WrongUsage(
            f"{text!r} is no unreadable entry: anything else is listed until its cause is gone"
        ) from error
