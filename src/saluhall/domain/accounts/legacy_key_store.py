"""The SQL of keys of the older API generation: list and revoke them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from saluhall.storage import Transaction
from saluhall.storage.database import Row

LIST = """
  select id, created_at, revoked_at from legacy_keys
   where account_id = %(account_id)s order by created_at desc, id
"""
REVOKE = """
  update legacy_keys set revoked_at = %(now)s
   where account_id = %(account_id)s and (id = %(key)s or key_hash = %(key_hash)s) and revoked_at is null
"""


async def keys_of(tx: Transaction, account_id: UUID) -> Sequence[Row]:
    """Read an account's keys, the newest first."""
    return await tx.all(dict, LIST, {"account_id": account_id})


async def revoke(
    tx: Transaction, account_id: UUID, *, key: UUID, key_hash: bytes, now: datetime
) -> bool:
    """Revoke a key by its id or by its hash; return whether a live one was found."""
    params = {"account_id": account_id, "key": key, "key_hash": key_hash, "now": now}
    return bool(await tx.run(REVOKE, params))
