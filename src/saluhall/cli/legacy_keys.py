"""saluhall legacy-key create, list and revoke."""

from typing import Annotated
from uuid import UUID

import msgspec
from cyclopts import App, Parameter

from saluhall.bootstrap import now
from saluhall.cli.failures import WrongUsage
from saluhall.cli.passwords import STDIN, read_line
from saluhall.cli.session import Account, AsJson, DataDir, in_transaction, read_settings, show
from saluhall.cli.tables import show_rows
from saluhall.domain.accounts import legacy_keys, operations
from saluhall.domain.accounts.queries import principal_of_account
from saluhall.storage import Transaction

legacy_key = App(
    name="legacy-key", help="Create, list and revoke keys of the older API generation."
)


@legacy_key.command(name="create")
def create_legacy_key(
    *, account: Account, data_dir: DataDir = None, as_json: AsJson = False
) -> None:
    """Create a key of the older API generation, which has it in the URL, and print it: it cannot be shown again."""

    async def do(tx: Transaction) -> dict[str, object]:
        principal = await principal_of_account(tx, account)
        return {
            "legacy_key": await operations.create_legacy_key(tx, principal=principal, now=now())
        }

    show(in_transaction(read_settings(data_dir), do), as_json=as_json)


@legacy_key.command(name="list")
def list_legacy_keys(
    *, account: Account, data_dir: DataDir = None, as_json: AsJson = False
) -> None:
    """List the ids of an account's keys, the newest first; the keys themselves are not stored."""

    async def do(tx: Transaction) -> list[legacy_keys.LegacyKey]:
        principal = await principal_of_account(tx, account)
        return await legacy_keys.list_legacy_keys(tx, principal=principal)

    found = in_transaction(read_settings(data_dir), do)
    rows = [msgspec.structs.asdict(each) for each in found]
    columns = {"id": "key id", "created_at": "created", "revoked_at": "revoked"}
    show_rows("legacy_keys", rows, columns, as_json=as_json)


@legacy_key.command(name="revoke")
def revoke_legacy_key(
    key: Annotated[
        str,
        Parameter(
            help="The key's id as `list` shows it, or '-' to read the key itself from standard input.",
            allow_leading_hyphen=True,
        ),
    ],
    *,
    account: Account,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Revoke a key: it opens nothing from now on."""
    known = _uuid(read_line("KEY") if key == STDIN else key)

    async def do(tx: Transaction) -> dict[str, object]:
        principal = await principal_of_account(tx, account)
        await legacy_keys.revoke_legacy_key(tx, principal=principal, key=known, now=now())
        return {"revoked": known}

    show(in_transaction(read_settings(data_dir), do), as_json=as_json)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise WrongUsage("a key and its id are UUIDs") from error
