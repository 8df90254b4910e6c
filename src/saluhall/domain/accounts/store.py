"""The SQL of accounts, users and keys."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from saluhall.domain.accounts.model import ApiKey, Principal
from saluhall.domain.accounts.roles import Role
from saluhall.storage import Transaction
from saluhall.storage.database import Row

# So far ahead refused calls get turns of their own; more of them share.
TURNS_AHEAD = timedelta(minutes=1)
ADD_ACCOUNT = """
  with known as (
    insert into account_directory (name, account_id) values (%(name)s, %(id)s)
  )
  insert into accounts (account_id, name, time_zone, has_chosen_zone, created_at)
  values (%(id)s, %(name)s, coalesce(%(time_zone)s, %(usual)s), %(time_zone)s::text is not null, %(now)s)
"""
ADD_USER = """
  with known as (
    insert into user_directory (username, account_id, user_id) values (%(username)s, %(account_id)s, %(id)s)
  )
  insert into users (account_id, id, username, password_hash, role, created_at)
  values (%(account_id)s, %(id)s, %(username)s, %(password_hash)s, %(role)s, %(now)s)
"""
ADD_KEY = """
  with known as (
    insert into key_directory (key_hash, account_id, key_id) values (%(key_hash)s, %(account_id)s, %(id)s)
  )
  insert into api_keys (account_id, id, key_hash, prefix, name, scope, created_at, expires_at)
  values (%(account_id)s, %(id)s, %(key_hash)s, %(prefix)s, %(name)s, %(scope)s, %(now)s, %(expires_at)s)
"""
LOCK_ACCOUNT = "select account_id from accounts where account_id = %(account_id)s for no key update"
KEYS = """
  select id, account_id, name, prefix, scope, created_at, last_used_at, expires_at from api_keys
   where account_id = %(account_id)s and revoked_at is null
   order by created_at desc, id desc
"""
REVOKE_KEY = """
  update api_keys set revoked_at = %(now)s
   where account_id = %(account_id)s and id = %(id)s and revoked_at is null
"""
FIND_USER = """
  select u.account_id, u.id, u.role, a.name
    from user_directory d
    join users u on u.account_id = d.account_id and u.id = d.user_id
    join accounts a on a.account_id = d.account_id
   where d.username = %(username)s
"""
FIND_SUBJECT = """
  select u.account_id, u.id, u.role, a.name, a.suspended_at is not null as is_suspended
    from subject_directory d
    join users u on u.account_id = d.account_id and u.id = d.user_id
    join accounts a on a.account_id = d.account_id
   where d.external_subject = %(subject)s
"""
ADD_LEGACY_KEY = """
  with known as (
    insert into key_directory (key_hash, account_id, key_id) values (%(key_hash)s, %(account_id)s, %(id)s)
  )
  insert into legacy_keys (account_id, id, key_hash, created_at)
  values (%(account_id)s, %(id)s, %(key_hash)s, %(now)s)
"""
FIND_LEGACY_KEY = """
  select k.account_id, k.id, a.name, a.suspended_at is not null as is_suspended
    from key_directory d
    join legacy_keys k on k.account_id = d.account_id and k.id = d.key_id
    join accounts a on a.account_id = d.account_id
   where d.key_hash = %(key_hash)s and (k.revoked_at is null or k.revoked_at > %(now)s)
"""
BUCKETS = "select tier, full_at from rate_buckets where account_id = %(account_id)s and key_id = %(key_id)s"
SUSPEND = "update accounts set suspended_at = %(at)s where account_id = %(account_id)s"
IS_ZONE_KNOWN = "select from pg_timezone_names where name = %(name)s"
FIND_CHOSEN_ZONE = """
  select case when has_chosen_zone then time_zone end as chosen from accounts where account_id = %(account_id)s
"""
CHOOSE_TIME_ZONE = """
  update accounts set time_zone = %(time_zone)s, has_chosen_zone = true where account_id = %(account_id)s
"""
FIND_ACCOUNT = "select account_id, name from account_directory where name = %(name)s"

# A token bucket, kept as the instant at which it would be full again; `k` is its key, `clock` one instant for all of it. Each
# rejected request gets a turn of its own: one step after the turn of the rejected request before, or, when that is over or beyond the
# horizon, as soon as there is a token.
_IS_ALLOWED = "b.full_at + 2 * %(step)s <= excluded.full_at + interval '1 second'"
_NEXT_FREE = "b.full_at + %(step)s - interval '1 second'"
_BUCKET = f"""
  bucket as (
    insert into rate_buckets as b (account_id, key_id, tier, full_at, allowed)
    select k.account_id, k.id, %(tier)s, clock.now + %(step)s, true from k, clock
     where %(limited)s
    on conflict (account_id, key_id, tier) do update
       set allowed = {_IS_ALLOWED},
           full_at = case when {_IS_ALLOWED} then greatest(b.full_at + %(step)s, excluded.full_at) else b.full_at end,
           turn_at = case when {_IS_ALLOWED} then b.turn_at
                     when b.turn_at < excluded.full_at + %(horizon)s - 2 * %(step)s
                     then greatest(b.turn_at + %(step)s, {_NEXT_FREE})
                     else {_NEXT_FREE} end
    returning full_at, allowed, turn_at
  )
"""
_LEFT = """
  bucket.allowed, extract(epoch from bucket.full_at - clock.now)::float8 as full_in_s,
  extract(epoch from bucket.turn_at - clock.now)::float8 as turn_in_s
"""
# Who is it, and may the key call now? One statement: the key by its hash, its last use (noted at most once a minute), its bucket.
AUTHENTICATE = f"""
  with clock as materialized (
    select clock_timestamp() as now
  ), k as (
    select k.account_id, k.id, k.scope, k.last_used_at, a.name
      from key_directory d
      join api_keys k on k.account_id = d.account_id and k.id = d.key_id
      join accounts a on a.account_id = d.account_id
     where d.key_hash = %(key_hash)s and k.revoked_at is null and a.suspended_at is null
       and (k.expires_at is null or k.expires_at > %(now)s)
  ), used as (
    update api_keys u set last_used_at = clock.now
      from k, clock
     where u.account_id = k.account_id and u.id = k.id
       and (k.last_used_at is null or k.last_used_at < clock.now - interval '1 minute')
  ), {_BUCKET}
  select k.account_id, k.id, k.scope, k.name, {_LEFT} from clock, k left join bucket on true
"""
COUNT_CALL = f"""
  with clock as materialized (
    select clock_timestamp() as now
  ), k as (
    select account_id, %(key_id)s::uuid as id from accounts where account_id = %(account_id)s
  ), {_BUCKET}
  select {_LEFT} from clock, bucket
"""


async def add_account(
    tx: Transaction,
    *,
    account_id: UUID,
    name: str,
    time_zone: str | None,
    usual_zone: str,
    now: datetime,
) -> None:
    """Store an account, and whether it chose a time zone. Raises Conflict."""
    params = {
        "id": account_id,
        "name": name,
        "time_zone": time_zone,
        "usual": usual_zone,
        "now": now,
    }
    await tx.run(ADD_ACCOUNT, params)


async def is_zone_known(tx: Transaction, name: str) -> bool:
    """Return whether PostgreSQL knows a time zone."""
    return await tx.one(lambda _: True, IS_ZONE_KNOWN, {"name": name}) is not None


async def find_chosen_zone(tx: Transaction, account_id: UUID) -> str | None:
    """Find the time zone that an account chose, if it ever did."""
    params = {"account_id": account_id}
    return await tx.one(lambda row: row["chosen"], FIND_CHOSEN_ZONE, params)


async def choose_time_zone(tx: Transaction, account_id: UUID, time_zone: str) -> None:
    """Store the time zone in which an account's days and months begin."""
    await tx.run(CHOOSE_TIME_ZONE, {"account_id": account_id, "time_zone": time_zone})


async def add_user(
    tx: Transaction,
    account_id: UUID,
    *,
    user_id: UUID,
    username: str,
    password_hash: str,
    role: Role,
    now: datetime,
) -> None:
    """Store a user. Raises Conflict."""
    params = {
        "account_id": account_id,
        "id": user_id,
        "username": username,
        "password_hash": password_hash,
        "role": role,
        "now": now,
    }
    await tx.run(ADD_USER, params)


async def add_key(
    tx: Transaction,
    account_id: UUID,
    *,
    key_id: UUID,
    key_hash: bytes,
    prefix: str,
    name: str,
    scope: Role,
    expires_at: datetime | None,
    now: datetime,
) -> None:
    """Store an API key by its hash."""
    params = {
        "account_id": account_id,
        "id": key_id,
        "key_hash": key_hash,
        "prefix": prefix,
        "name": name,
        "scope": scope,
        "expires_at": expires_at,
        "now": now,
    }
    await tx.run(ADD_KEY, params)


async def lock_account(tx: Transaction, account_id: UUID) -> None:
    """Let others who ask the same wait until the transaction is over."""
    await tx.run(LOCK_ACCOUNT, {"account_id": account_id})


async def keys(tx: Transaction, account_id: UUID) -> list[ApiKey]:
    """Read the keys that are not revoked, the newest first."""
    return await tx.all(key_from_row, KEYS, {"account_id": account_id})


def key_from_row(row: Row) -> ApiKey:
    """Read a key."""
    return ApiKey(**{**row, "scope": Role(row["scope"])})


async def revoke_key(tx: Transaction, account_id: UUID, key_id: UUID, *, now: datetime) -> bool:
    """Revoke a live key; return whether there was one."""
    return await tx.run(REVOKE_KEY, {"account_id": account_id, "id": key_id, "now": now}) > 0


async def find_user(tx: Transaction, username: str) -> Principal | None:
    """Find a user by name."""
    return await tx.one(
        lambda row: Principal(
            account_id=row["account_id"],
            account_name=row["name"],
            user_id=row["id"],
            role=Role(row["role"]),
        ),
        FIND_USER,
        {"username": username},
    )


async def find_subject(tx: Transaction, subject: str) -> Mapping[str, Any] | None:
    """Find the user who is linked to a subject."""
    return await tx.one(dict, FIND_SUBJECT, {"subject": subject})


async def add_legacy_key(
    tx: Transaction, account_id: UUID, *, key_id: UUID, key_hash: bytes, now: datetime
) -> None:
    """Store a key of the older API generation by its hash."""
    params = {"account_id": account_id, "id": key_id, "key_hash": key_hash, "now": now}
    await tx.run(ADD_LEGACY_KEY, params)


async def find_legacy_key(
    tx: Transaction, *, key_hash: bytes, now: datetime
) -> Mapping[str, Any] | None:
    """Find who owns a live key of the older API generation."""
    return await tx.one(dict, FIND_LEGACY_KEY, {"key_hash": key_hash, "now": now})


async def buckets(tx: Transaction, account_id: UUID, *, key_id: UUID) -> dict[str, datetime]:
    """Read when each bucket of a key or a person is full again, by its tier."""
    rows = await tx.all(dict, BUCKETS, {"account_id": account_id, "key_id": key_id})
    return {row["tier"]: row["full_at"] for row in rows}


async def suspend(tx: Transaction, account_id: UUID, *, suspended_at: datetime | None) -> None:
    """Close the door to an account, or open it again."""
    await tx.run(SUSPEND, {"account_id": account_id, "at": suspended_at})


async def find_account(tx: Transaction, name: str) -> Principal | None:
    """Find an account by its name."""
    return await tx.one(
        lambda row: Principal(account_id=row["account_id"], account_name=row["name"]),
        FIND_ACCOUNT,
        {"name": name},
    )


async def authenticate(
    tx: Transaction, *, key_hash: bytes, tier: str | None, per_second: int, now: datetime
) -> Mapping[str, Any] | None:
    """Look a key up and take one token of its bucket; None when no live key has this hash."""
    params = {
        "key_hash": key_hash,
        "tier": tier or "",
        "limited": tier is not None,
        "step": timedelta(seconds=1) / per_second,
        "horizon": TURNS_AHEAD,
        "now": now,
    }
    return await tx.one(dict, AUTHENTICATE, params)


async def count_call(
    tx: Transaction, account_id: UUID, *, key_id: UUID, tier: str, per_second: int
) -> Mapping[str, Any] | None:
    """Take one token of a bucket; None when the account is gone."""
    params = {
        "account_id": account_id,
        "key_id": key_id,
        "tier": tier,
        "limited": True,
        "step": timedelta(seconds=1) / per_second,
        "horizon": TURNS_AHEAD,
    }
    return await tx.one(dict, COUNT_CALL, params)
