"""The SQL of requests that their callers named."""

from datetime import datetime
from uuid import UUID

from saluhall.domain.idempotency.model import MEMORY, Kept
from saluhall.storage import Transaction

# Held until commit. It is a statement of its own: what follows sees all that its last holder committed.
CLAIM = "select pg_try_advisory_xact_lock(hashtextextended(%(name)s, 4711)) as is_ours"
FIND = """
  select asked, answer, answered_at from requests
   where account_id = %(owner)s and key = %(key)s and answered_at > %(since)s
"""
# A few of the account's old ones go with each new one, so that they cannot pile up. As an array they are looked up by key; joined, all
# that a busy account asked for would be read to find them.
KEEP = """
  with forgotten as (
    delete from requests
     where account_id = %(owner)s and key = any(array(
       select key from requests
        where account_id = %(owner)s and answered_at <= %(since)s and key <> %(key)s
        order by answered_at limit 100
          for update skip locked
     ))
  )
  insert into requests as r (account_id, key, asked, answer, answered_at)
  values (%(owner)s, %(key)s, %(asked)s, %(answer)s, %(now)s)
  on conflict (account_id, key) do update
     set asked = excluded.asked, answer = excluded.answer, answered_at = excluded.answered_at
   where r.answered_at <= %(since)s or r.answer is null
"""
FORGET = "delete from requests where account_id = %(owner)s and key = %(key)s and answer is null"


async def claim(tx: Transaction, owner: UUID, key: str) -> bool:
    """Take a key until the transaction is over; tell whether nobody else has it."""
    found = await tx.one(lambda row: bool(row["is_ours"]), CLAIM, {"name": f"{owner} {key}"})
    return found is True


async def find(tx: Transaction, owner: UUID, key: str, *, now: datetime) -> Kept | None:
    """Find what was answered under a key."""
    params = {"owner": owner, "key": key, "since": now - MEMORY}
    return await tx.one(lambda row: Kept(**row), FIND, params)


async def forget(tx: Transaction, owner: UUID, key: str) -> None:
    """Give a key back that has no answer."""
    await tx.run(FORGET, {"owner": owner, "key": key})


async def keep(tx: Transaction, owner: UUID, key: str, kept: Kept) -> bool:
    """Keep what was answered under a key; tell whether the key was free."""
    params = {
        "owner": owner,
        "key": key,
        "asked": kept.asked,
        "answer": kept.answer,
        "now": kept.answered_at,
        "since": kept.answered_at - MEMORY,
    }
    return await tx.run(KEEP, params) > 0
