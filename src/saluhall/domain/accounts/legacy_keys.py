"""Keys of the older API generation, once they are made: which there are, and ending one."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from saluhall.domain.accounts import legacy_key_store
from saluhall.domain.accounts.model import KeyNotFound, Principal
from saluhall.kit.secrets import sha256
from saluhall.storage import Transaction


class LegacyKey(Struct, frozen=True, kw_only=True):
    """A key as it can be shown: by an id of its own, for the key itself is not known."""

    id: UUID
    created_at: datetime
    revoked_at: datetime | None


async def list_legacy_keys(tx: Transaction, *, principal: Principal) -> list[LegacyKey]:
    """List all keys that were ever made for the account, the newest first."""
    return [LegacyKey(**row) for row in await legacy_key_store.keys_of(tx, principal.account_id)]


async def revoke_legacy_key(
    tx: Transaction, *, principal: Principal, key: UUID, now: datetime
) -> None:
    """Let a key, named by its id or by itself, open nothing from now on. Raises KeyNotFound."""
    known = sha256(str(key))
    if not await legacy_key_store.revoke(
        tx, principal.account_id, key=key, key_hash=known, now=now
    ):
        raise KeyNotFound(f"the account has no such key that opens anything: {key}")
