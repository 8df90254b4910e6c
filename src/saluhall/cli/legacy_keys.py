"""saluhall legacy-key create, list and revoke."""

import sys
from typing import Annotated
from uuid import UUID

from cyclopts import App, Parameter

from saluhall.bootstrap import now
from saluhall.cli.session import Account, AsJson, DataDir, in_transaction, read_settings, show
from saluhall.domain.accounts import legacy_keys, operations
from saluhall.domain.accounts.queries import principal_of_account
from saluhall.storage import Transaction

legacy_key = App(name="legacy-key", help="Keys of the older API generation.")


@legacy_key.command(name="create")
def create_legacy_key(
    *, account: Account, data_dir: DataDir = None, as_json: AsJson = False
) -> None:
    """Mint a key for the older API generation, which has it in the URL; it is shown this once."""

    async def do(tx: Transaction) -> dict[str, object]:
        by = await principal_of_account(tx, account)
        return {"legacy_key": await operations.create_legacy_key(tx, by=by, now=now())}

    show(in_transaction(read_settings(data_dir), do), as_json=as_json)


@legacy_key.command(name="list")
def list_legacy_keys(
    *, account: Account, data_dir: DataDir = None, as_json: AsJson = False
) -> None:
    """List an account's keys by their ids, the newest first: the keys themselves are not known any more."""

    async def do(tx: Transaction) -> list[legacy_keys.LegacyKey]:
        by = await principal_of_account(tx, account)
        return await legacy_keys.list_legacy_keys(tx, by=by)

    found = in_transaction(read_settings(data_dir), do)
    if as_json:
        show({"legacy_keys": found}, as_json=True)
        return
    for key in found:
        ended = f"revoked {key.revoked_at:%Y-%m-%d %H:%M}" if key.revoked_at else "opens"
        sys.stdout.write(f"{key.id}  made {key.created_at:%Y-%m-%d %H:%M}  {ended}\n")


@legacy_key.command(name="revoke")
def revoke_legacy_key(
    key: Annotated[UUID, Parameter(help="The key's id as `list` shows it, or the key itself.")],
    *,
    account: Account,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Let a key open nothing from now on."""

    async def do(tx: Transaction) -> dict[str, object]:
        by = await principal_of_account(tx, account)
        await legacy_keys.revoke_legacy_key(tx, by=by, key=key, now=now())
        return {"revoked": key}

    show(in_transaction(read_settings(data_dir), do), as_json=as_json)
