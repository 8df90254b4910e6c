"""The SQL of accounts, users and keys."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from saluhall.domain.accounts.model import Principal
from saluhall.storage import Transaction

ADD_ACCOUNT = """
  insert into accounts (account_id, name, created_at) values (%(id)s, %(name)s, %(now)s)
"""
ADD_USER = """
  insert into users (account_id, id, username, password_hash, created_at)
  values (%(owner)s, %(id)s, %(username)s, %(password_hash)s, %(now)s)
"""
ADD_KEY = """
  insert into api_keys (account_id, id, key_hash, prefix, name, created_at)
  values (%(owner)s, %(id)s, %(key_hash)s, %(prefix)s, %(name)s, %(now)s)
"""
ADD_LEGACY_KEY = """
  insert into legacy_keys (account_id, id, key_hash, created_at)
  values (%(owner)s, %(id)s, %(key_hash)s, %(now)s)
"""
FIND_LEGACY_KEY = """
  select k.account_id, k.id, a.name, a.suspended_at is not null as is_suspended
    from legacy_keys k join accounts a using (account_id)
   where k.key_hash = %(key_hash)s and (k.revoked_at is null or k.revoked_at > %(now)s)
"""
SUSPEND = "update accounts set suspended_at = %(at)s where account_id = %(owner)s"
FIND_ACCOUNT = "select account_id, name from accounts where name = %(name)s"

# Who is it, and may the key call now? One statement: the key by its hash, its last use (noted at most once a minute), and a token
# bucket kept as the instant at which it would be full again.
ADMIT = """
  with clock as materialized (
    select clock_timestamp() as now
  ), k as (
    select k.account_id, k.id, k.last_used_at, a.name
      from api_keys k join accounts a using (account_id)
     where k.key_hash = %(key_hash)s and k.revoked_at is null and a.suspended_at is null
  ), used as (
    update api_keys u set last_used_at = clock.now
      from k, clock
     where u.account_id = k.account_id and u.id = k.id
       and (k.last_used_at is null or k.last_used_at < clock.now - interval '1 minute')
  ), bucket as (
    insert into rate_buckets as b (account_id, key_id, tier, full_at, allowed)
    select k.account_id, k.id, %(tier)s, clock.now + %(step)s, true from k, clock
     where %(limited)s
    on conflict (account_id, key_id, tier) do update
       set allowed = b.full_at + 2 * %(step)s <= excluded.full_at + interval '1 second',
           full_at = case
             when b.full_at + 2 * %(step)s <= excluded.full_at + interval '1 second'
             then greatest(b.full_at + %(step)s, excluded.full_at)
             else b.full_at end
    returning full_at, allowed
  )
  select k.account_id, k.id, k.name, bucket.allowed,
         extract(epoch from bucket.full_at - clock.now)::float8 as full_in_s
    from clock, k left join bucket on true
"""


async def add_account(tx: Transaction, *, account_id: UUID, name: str, now: datetime) -> None:
    """Store an account. Raises Conflict."""
    await tx.run(ADD_ACCOUNT, {"id": account_id, "name": name, "now": now})


async def add_user(
    tx: Transaction, owner: UUID, *, user_id: UUID, username: str, password_hash: str, now: datetime
) -> None:
    """Store a user. Raises Conflict."""
    params = {
        "owner": owner,
        "id": user_id,
        "username": username,
        "password_hash": password_hash,
        "now": now,
    }
    await tx.run(ADD_USER, params)


async def add_key(
    tx: Transaction,
    owner: UUID,
    *,
    key_id: UUID,
    key_hash: bytes,
    prefix: str,
    name: str,
    now: datetime,
) -> None:
    """Store an API key by its hash."""
    params = {
        "owner": owner,
        "id": key_id,
        "key_hash": key_hash,
        "prefix": prefix,
        "name": name,
        "now": now,
    }
    await tx.run(ADD_KEY, params)


async def add_legacy_key(
    tx: Transaction, owner: UUID, *, key_id: UUID, key_hash: bytes, now: datetime
) -> None:
    """Store a key of the older API generation by its hash."""
    params = {"owner": owner, "id": key_id, "key_hash": key_hash, "now": now}
    await tx.run(ADD_LEGACY_KEY, params)


async def find_legacy_key(
    tx: Transaction, *, key_hash: bytes, now: datetime
) -> Mapping[str, Any] | None:
    """Find who owns a live key of the older API generation."""
    return await tx.one(dict, FIND_LEGACY_KEY, {"key_hash": key_hash, "now": now})


async def suspend(tx: Transaction, owner: UUID, *, suspended_at: datetime | None) -> None:
    """Close the door to an account, or open it again."""
    await tx.run(SUSPEND, {"owner": owner, "at": suspended_at})


async def find_account(tx: Transaction, name: str) -> Principal | None:
    """Find an account by its name."""
    return await tx.one(
        lambda row: Principal(account_id=row["account_id"], account_name=row["name"]),
        FIND_ACCOUNT,
        {"name": name},
    )


async def admit(
    tx: Transaction, *, key_hash: bytes, tier: str | None, per_second: int
) -> Mapping[str, Any] | None:
    """Look a key up and take one token of its bucket; None when no live key has this hash."""
    params = {
        "key_hash": key_hash,
        "tier": tier or "",
        "limited": tier is not None,
        "step": timedelta(seconds=1) / per_second,
    }
    return await tx.one(dict, ADMIT, params)
