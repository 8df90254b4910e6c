"""Sign out, end sessions, change a password."""

import asyncio
from datetime import datetime
from uuid import UUID

from argon2 import PasswordHasher

from saluhall.domain.accounts import operations as accounts
from saluhall.domain.accounts import people
from saluhall.domain.accounts.model import Principal
from saluhall.domain.sessions import store
from saluhall.domain.sessions.model import (
    MIN_PASSWORD_LENGTH,
    OpenSession,
    SessionNotFound,
    WeakPassword,
    WrongPassword,
)
from saluhall.domain.sessions.passwords import is_right, password_turn
from saluhall.storage import Database, Transaction


async def list_sessions(
    tx: Transaction, *, principal: Principal, now: datetime
) -> list[OpenSession]:
    """List the user's open sessions, the newest first."""
    return await store.open_sessions(tx, principal.account_id, principal.user_id, now=now)


async def end_session(
    tx: Transaction,
    *,
    principal: Principal,
    session_id: UUID,
    now: datetime,  # noqa: ARG001 - every operation has `now`
) -> None:
    """End a session of the user; its tokens are revoked. Raises SessionNotFound."""
    if not await store.end(tx, principal.account_id, principal.user_id, session_id):
        raise SessionNotFound("the user has no open session with this id")


async def end_sessions(
    tx: Transaction,
    *,
    principal: Principal,
    now: datetime,  # noqa: ARG001 - every operation has `now`
) -> int:
    """End every session of the user; return how many there were."""
    return await store.end_of_user(tx, principal.account_id, principal.user_id, spare=None)


async def remove_user(tx: Transaction, *, principal: Principal, now: datetime) -> int:
    """Remove the user and end all their sessions; return how many there were. Raises LastOwner, UserNotFound."""
    ended = await store.end_of_user(tx, principal.account_id, principal.user_id, spare=None)
    await people.remove_user(tx, principal=principal, now=now)
    return ended


async def suspend_account(
    tx: Transaction, *, principal: Principal, suspended: bool, now: datetime
) -> None:
    """Suspend an account and end the sessions of its users, or resume it; what it sells stays as it is."""
    await accounts.suspend_account(tx, principal=principal, suspended=suspended, now=now)
    if suspended:
        await store.end_of_account(tx, principal.account_id)


async def change_password(
    db: Database,
    *,
    principal: Principal,
    current: str,
    new: str,
    now: datetime,  # noqa: ARG001 - every operation has `now`
) -> None:
    """Give the user a new password and end all other sessions. Raises WeakPassword, WrongPassword, SignInThrottled."""
    check_password(new)
    async with db.statement() as tx:
        stored = await store.password_hash(tx, principal.account_id, principal.user_id)
    async with password_turn(f"change of {principal.user_id}"):
        if not await asyncio.to_thread(is_right, stored, current):
            raise WrongPassword("the current password is not right")
        hashed = await asyncio.to_thread(PasswordHasher().hash, new)
    async with db.transaction() as tx:
        await _store_password(tx, principal, hashed, spare=principal.session_id)


async def set_password(
    tx: Transaction,
    *,
    principal: Principal,
    new: str,
    now: datetime,  # noqa: ARG001 - every operation has `now`
) -> int:
    """Give the user a new password, as the operator, and end all sessions; return how many. Raises WeakPassword."""
    check_password(new)
    return await _store_password(tx, principal, PasswordHasher().hash(new), spare=None)


def check_password(new: str) -> None:
    """See that a password is long enough. Raises WeakPassword."""
    if len(new) < MIN_PASSWORD_LENGTH:
        raise WeakPassword(f"a password has at least {MIN_PASSWORD_LENGTH} characters")


async def _store_password(
    tx: Transaction, principal: Principal, hashed: str, *, spare: UUID | None
) -> int:
    await store.set_password_hash(tx, principal.account_id, principal.user_id, hashed)
    return await store.end_of_user(tx, principal.account_id, principal.user_id, spare=spare)
