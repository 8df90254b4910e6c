"""What is done with accounts and keys."""

import math
from datetime import datetime
from uuid import UUID, uuid4

from argon2 import PasswordHasher

from saluhall.domain.accounts import store
from saluhall.domain.accounts.model import (
    AccountSuspended,
    AccountTaken,
    Admitted,
    Principal,
    RateLimited,
    Tier,
    UnknownKey,
)
from saluhall.kit.ids import new_id
from saluhall.kit.secrets import random_alphanumeric, sha256
from saluhall.storage import Conflict, Transaction

KEY_PREFIX = "rheo_live_"
_KEY_LETTERS = 32
_SHOWN_LETTERS = 4


async def create_account(
    tx: Transaction, *, name: str, username: str, password: str, now: datetime
) -> UUID:
    """Open an account with its first user. Raises AccountTaken."""
    account_id = new_id()
    try:
        await store.add_account(tx, account_id=account_id, name=name, now=now)
        await store.add_user(
            tx,
            account_id,
            user_id=new_id(),
            username=username,
            password_hash=PasswordHasher().hash(password),
            now=now,
        )
    except Conflict as error:
        taken = f"username {username!r}" if "username" in error.constraint else f"account {name!r}"
        raise AccountTaken(f"{taken} exists already") from error
    return account_id


async def create_api_key(tx: Transaction, *, by: Principal, name: str, now: datetime) -> str:
    """Mint an API key and return it; it is stored by its hash only, so it is seen this once."""
    key = KEY_PREFIX + random_alphanumeric(_KEY_LETTERS)
    await store.add_key(
        tx,
        by.account_id,
        key_id=new_id(),
        key_hash=sha256(key),
        prefix=key[: len(KEY_PREFIX) + _SHOWN_LETTERS],
        name=name,
        now=now,
    )
    return key


async def create_legacy_key(tx: Transaction, *, by: Principal, now: datetime) -> UUID:
    """Mint a key for the older API generation and return it; it is stored by its hash only, so it is seen this once."""
    key = uuid4()
    await store.add_legacy_key(
        tx, by.account_id, key_id=new_id(), key_hash=sha256(str(key)), now=now
    )
    return key


async def admit_legacy_key(tx: Transaction, *, key: UUID, now: datetime) -> Principal:
    """Let the owner of a key of the older API generation in. Raises UnknownKey, AccountSuspended."""
    row = await store.find_legacy_key(tx, key_hash=sha256(str(key)), now=now)
    if row is None:
        raise UnknownKey
    if row["is_suspended"]:
        raise AccountSuspended
    return Principal(account_id=row["account_id"], account_name=row["name"], key_id=row["id"])


async def suspend_account(
    tx: Transaction, *, by: Principal, suspended: bool, now: datetime
) -> None:
    """Let nobody of an account in until it is resumed, or resume it; what it sells stays as it is."""
    await store.suspend(tx, by.account_id, suspended_at=now if suspended else None)


async def admit_key(tx: Transaction, *, key: str, tier: Tier | None, now: datetime) -> Admitted:  # noqa: ARG001 - the bucket runs by the database's clock, the same for all processes
    """Let the owner of an API key in and take one token of its tier. Raises UnknownKey, RateLimited."""
    rate = tier.per_second if tier else 1
    row = await store.admit(
        tx, key_hash=sha256(key), tier=tier.name if tier else None, per_second=rate
    )
    if row is None:
        raise UnknownKey
    by = Principal(account_id=row["account_id"], account_name=row["name"], key_id=row["id"])
    if tier is None:
        return Admitted(by=by)
    left = (1.0 - row["full_in_s"]) * rate
    if not row["allowed"]:
        raise RateLimited(tier=tier, retry_after_s=max(1, math.ceil((1.0 - left) / rate)))
    return Admitted(by=by, remaining=max(0, math.floor(left + 1e-6)))
