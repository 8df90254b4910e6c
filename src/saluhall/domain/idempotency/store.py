"""The SQL of requests with an idempotency key."""

from datetime import datetime
from uuid import UUID

from saluhall.domain.idempotency.model import RETENTION, StoredRequest
from saluhall.storage import Transaction

# The lock ends at commit. It is a statement of its own: the next one sees all that the lock's last holder committed.
LOCK = "select pg_try_advisory_xact_lock(hashtextextended(%(name)s, 4711)) as is_ours"
FIND = """
  select asked as fingerprint, answer as response, answered_at as handled_at from requests
   where account_id = %(account_id)s and key = %(key)s and answered_at > %(since)s
"""
# Each new request deletes a few expired ones of the account, so that they cannot pile up. As an array they are looked up by key; joined,
# all requests of a busy account would be read to find them.
SAVE = """
  with expired as (
    delete from requests
     where account_id = %(account_id)s and key = any(array(
       select key from requests
        where account_id = %(account_id)s and answered_at <= %(since)s and key <> %(key)s
        order by answered_at limit 100
          for update skip locked
     ))
  )
  insert into requests as r (account_id, key, asked, answer, answered_at)
  values (%(account_id)s, %(key)s, %(fingerprint)s, %(response)s, %(now)s)
  on conflict (account_id, key) do update
     set asked = excluded.asked, answer = excluded.answer, answered_at = excluded.answered_at
   where r.answered_at <= %(since)s or r.answer is null
"""
RELEASE = """
  delete from requests where account_id = %(account_id)s and key = %(key)s and answer is null
"""


async def lock(tx: Transaction, account_id: UUID, key: str) -> bool:
    """Lock a key until the transaction ends; return False when another one has locked it."""
    found = await tx.one(lambda row: bool(row["is_ours"]), LOCK, {"name": f"{account_id} {key}"})
    return found is True


async def find(
    tx: Transaction, account_id: UUID, key: str, *, now: datetime
) -> StoredRequest | None:
    """Find the request with this key."""
    params = {"account_id": account_id, "key": key, "since": now - RETENTION}
    return await tx.one(lambda row: StoredRequest(**row), FIND, params)


async def release(tx: Transaction, account_id: UUID, key: str) -> None:
    """Release the key of a request that did not complete."""
    await tx.run(RELEASE, {"account_id": account_id, "key": key})


async def save(tx: Transaction, account_id: UUID, key: str, request: StoredRequest) -> bool:
    """Save a request and its response; return False when the key already has one."""
    params = {
        "account_id": account_id,
        "key": key,
        "fingerprint": request.fingerprint,
        "response": request.response,
        "now": request.handled_at,
        "since": request.handled_at - RETENTION,
    }
    return await tx.run(SAVE, params) > 0
