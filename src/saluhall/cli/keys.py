"""saluhall key create, list and revoke."""

from typing import Annotated
from uuid import UUID

import msgspec
from cyclopts import App, Parameter

from saluhall.bootstrap import now
from saluhall.cli.session import Account, AsJson, DataDir, for_account, read_settings, show
from saluhall.cli.tables import show_rows
from saluhall.cli.values import check_name, instant_from_text
from saluhall.domain.accounts import operations, queries
from saluhall.domain.accounts.model import ApiKey, Principal
from saluhall.domain.accounts.roles import Role
from saluhall.storage import Transaction

KEY_PREFIX = "rheo_live_"  # of the keys of Rheo's API
key = App(name="key", help="Create, list and revoke API keys.")


@key.command(name="create")
def create_key(
    *,
    account: Account,
    name: Annotated[
        str, Parameter(help="A label that distinguishes it from other keys.")
    ] = "API Key",
    scope: Annotated[
        Role, Parameter(help="The key may do what a user of this role may.")
    ] = Role.OWNER,
    expires: Annotated[
        str | None,
        Parameter(help="When the key expires (ISO 8601); without it, it does not expire."),
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Create an API key and print it: it cannot be shown again."""
    check_name("--name", name)
    expires_at = instant_from_text("--expires", expires)

    async def do(tx: Transaction, principal: Principal) -> dict[str, object]:
        return {
            "api_key": await operations.create_api_key(
                tx,
                principal=principal,
                name=name,
                prefix=KEY_PREFIX,
                scope=scope,
                expires_at=expires_at,
                now=now(),
            )
        }

    show(for_account(read_settings(data_dir), account, do), as_json=as_json)


@key.command(name="list")
def list_keys(*, account: Account, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List an account's API keys that were not revoked, the newest first; only the beginning of a key is known."""

    async def do(tx: Transaction, principal: Principal) -> list[ApiKey]:
        return await queries.list_keys(tx, principal=principal)

    found = for_account(read_settings(data_dir), account, do)
    rows = [{"key_id": each.id, **msgspec.structs.asdict(each)} for each in found]
    for row in rows:
        del row["id"], row["account_id"]
    columns = {"key_id": "key", "name": "name", "prefix": "begins with", "scope": "scope",
               "created_at": "created", "last_used_at": "last used", "expires_at": "expires"}  # fmt: skip
    show_rows("keys", rows, columns, as_json=as_json)


@key.command(name="revoke")
def revoke_key(
    key: Annotated[UUID, Parameter(help="The key's id as `list` shows it.")],
    *,
    account: Account,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Revoke an API key: it opens nothing from now on."""

    async def do(tx: Transaction, principal: Principal) -> dict[str, object]:
        await operations.revoke_api_key(tx, principal=principal, key_id=key, now=now())
        return {"revoked": key}

    show(for_account(read_settings(data_dir), account, do), as_json=as_json)
