"""What is done with accounts and keys."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4
from zoneinfo import available_timezones

from argon2 import PasswordHasher

from saluhall.domain.accounts import store
from saluhall.domain.accounts.model import (
    MAX_KEYS,
    AccountSuspended,
    AccountTaken,
    Authenticated,
    BadTimeZone,
    ExpiresInPast,
    KeyNotFound,
    NotPermitted,
    Principal,
    RateLimited,
    Tier,
    TooManyKeys,
    UnknownKey,
    UnknownSubject,
)
from saluhall.domain.accounts.roles import RIGHTS, Role
from saluhall.kit.ids import new_id
from saluhall.kit.secrets import random_alphanumeric, sha256
from saluhall.storage import Conflict, Transaction

TIME_ZONE: Final = "Europe/Stockholm"
_KEY_LETTERS = 32
_SHOWN_LETTERS = 4


async def create_account(
    tx: Transaction,
    *,
    name: str,
    username: str,
    password: str,
    time_zone: str | None = None,
    now: datetime,
) -> UUID:
    """Open an account with its first user; months begin by a usual clock when none is chosen. Raises AccountTaken, BadTimeZone."""
    if time_zone is not None:
        await _check_zone(tx, time_zone)
    account_id = new_id()
    try:
        await store.add_account(
            tx,
            account_id=account_id,
            name=name,
            time_zone=time_zone,
            usual_zone=TIME_ZONE,
            now=now,
        )
        await store.add_user(
            tx,
            account_id,
            user_id=new_id(),
            username=username,
            password_hash=PasswordHasher().hash(password),
            role=Role.OWNER,
            now=now,
        )
    except Conflict as error:
        is_user = error.constraint == "user_directory_pkey"
        taken = f"username {username!r}" if is_user else f"account {name!r}"
        raise AccountTaken(f"{taken} exists already") from error
    return account_id


async def choose_time_zone(
    tx: Transaction,
    *,
    principal: Principal,
    time_zone: str,
    now: datetime,  # noqa: ARG001 - every operation has `now`
) -> None:
    """Store by which clock the account's days and months begin; analytics adds its months up again. Raises BadTimeZone."""
    await _check_zone(tx, time_zone)
    await store.choose_time_zone(tx, principal.account_id, time_zone)


async def _check_zone(tx: Transaction, name: str) -> None:
    """Refuse a zone that Python or PostgreSQL does not know by exactly this name. Raises BadTimeZone."""
    if name == TIME_ZONE:
        return
    if name not in available_timezones() or not await store.is_zone_known(tx, name):
        raise BadTimeZone(f"{name!r} is no time zone: name it like Europe/Stockholm")


async def create_api_key(
    tx: Transaction,
    *,
    principal: Principal,
    name: str,
    prefix: str,
    scope: Role | None = None,
    expires_at: datetime | None = None,
    now: datetime,
) -> str:
    """Make an API key that begins with `prefix`, and return it; only its hash is stored.

    Without a scope it may do what the principal may, and never more. Raises TooManyKeys, NotPermitted, ExpiresInPast.
    """
    scope = scope or principal.role
    if not RIGHTS[scope] <= RIGHTS[principal.role]:
        raise NotPermitted(f"The role {principal.role} cannot make a key with the scope {scope}")
    if expires_at is not None and expires_at <= now:
        raise ExpiresInPast(f"a key expires in the future, not at {expires_at.isoformat()}")
    await store.lock_account(tx, principal.account_id)  # or several at once would all find room
    found = await store.keys(tx, principal.account_id)
    if sum(key.is_live(now=now) for key in found) >= MAX_KEYS:
        raise TooManyKeys(f"the account has {MAX_KEYS} API keys: revoke one first")
    key = prefix + random_alphanumeric(_KEY_LETTERS)
    await store.add_key(
        tx,
        principal.account_id,
        key_id=new_id(),
        key_hash=sha256(key),
        prefix=key[: len(prefix) + _SHOWN_LETTERS],
        name=name,
        scope=scope,
        expires_at=expires_at,
        now=now,
    )
    return key


async def revoke_api_key(
    tx: Transaction, *, principal: Principal, key_id: UUID, now: datetime
) -> None:
    """Let an API key open nothing from now on. Raises KeyNotFound."""
    if not await store.revoke_key(tx, principal.account_id, key_id, now=now):
        raise KeyNotFound(f"the account has no live API key with the id {key_id}")


async def create_legacy_key(tx: Transaction, *, principal: Principal, now: datetime) -> UUID:
    """Mint a key for the older API generation and return it; it is stored by its hash only, so it is seen this once."""
    key = uuid4()
    await store.add_legacy_key(
        tx, principal.account_id, key_id=new_id(), key_hash=sha256(str(key)), now=now
    )
    return key


async def authenticate_legacy_key(tx: Transaction, *, key: UUID, now: datetime) -> Principal:
    """Let the owner of a key of the older API generation in. Raises UnknownKey, AccountSuspended."""
    row = await store.find_legacy_key(tx, key_hash=sha256(str(key)), now=now)
    if row is None:
        raise UnknownKey
    if row["is_suspended"]:
        raise AccountSuspended
    return Principal(account_id=row["account_id"], account_name=row["name"], key_id=row["id"])


async def authenticate_subject(tx: Transaction, *, subject: str, now: datetime) -> Principal:  # noqa: ARG001 - the issuer has checked the time
    """Let the user in whom an external issuer has signed in. Raises UnknownSubject, AccountSuspended."""
    row = await store.find_subject(tx, subject)
    if row is None:
        raise UnknownSubject
    if row["is_suspended"]:
        raise AccountSuspended
    return Principal(
        account_id=row["account_id"],
        account_name=row["name"],
        user_id=row["id"],
        role=Role(row["role"]),
    )


async def suspend_account(
    tx: Transaction, *, principal: Principal, suspended: bool, now: datetime
) -> None:
    """Let nobody of an account in until it is resumed, or resume it; what it sells stays as it is."""
    await store.suspend(tx, principal.account_id, suspended_at=now if suspended else None)


async def authenticate_key(
    tx: Transaction,
    *,
    key: str,
    tier: Tier | None,
    now: datetime,
) -> Authenticated:
    """Find the principal of an API key and take one token of its tier. Raises UnknownKey, RateLimited."""
    rate = tier.per_second if tier else 1
    row = await store.authenticate(
        tx, key_hash=sha256(key), tier=tier.name if tier else None, per_second=rate, now=now
    )
    if row is None:
        raise UnknownKey
    principal = Principal(
        account_id=row["account_id"],
        account_name=row["name"],
        key_id=row["id"],
        role=Role(row["scope"]),
    )
    return Authenticated(principal=principal) if tier is None else _counted(principal, tier, row)


async def count_call(
    tx: Transaction,
    *,
    principal: Principal,
    tier: Tier | None,
    now: datetime,  # noqa: ARG001 - the bucket uses the database's clock, the same for all processes
) -> Authenticated:
    """Take one token of the tier for a person who has signed in. Raises RateLimited."""
    if tier is None or principal.user_id is None:
        return Authenticated(principal=principal)
    row = await store.count_call(
        tx,
        principal.account_id,
        key_id=principal.user_id,
        tier=tier.name,
        per_second=tier.per_second,
    )
    return Authenticated(principal=principal) if row is None else _counted(principal, tier, row)


def _counted(principal: Principal, tier: Tier, row: Mapping[str, Any]) -> Authenticated:
    """Say what is left of a bucket. Raises RateLimited."""
    if not row["allowed"]:
        raise RateLimited(tier=tier, retry_after_s=max(1, math.ceil(row["turn_in_s"])))
    left = (1.0 - row["full_in_s"]) * tier.per_second
    return Authenticated(principal=principal, remaining=max(0, math.floor(left + 1e-6)))
