"""Sign in, go on, rotate."""

import asyncio
import math
from datetime import datetime, timedelta
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from saluhall.domain.accounts.model import Principal
from saluhall.domain.sessions import store
from saluhall.domain.sessions.model import (
    ACCESS_LIFE,
    REFRESH_LIFE,
    InvalidCredentials,
    Session,
    SessionEnded,
    SignInThrottled,
    User,
    wait_after,
)
from saluhall.kit.ids import new_id
from saluhall.storage import Database, Transaction

_MEMORY = timedelta(hours=1)
_NOBODY = PasswordHasher().hash("nobody has this password")  # an unknown name costs as much time


async def sign_in(
    db: Database, *, username: str, password: str, address: str, now: datetime
) -> Session:
    """Open a session. Raises InvalidCredentials, SignInThrottled.

    Failures are counted in a transaction of their own, and the slow comparison holds no connection.
    """
    subjects = [f"user:{username}", f"address:{address}"]
    async with db.statement() as tx:
        await _see_throttle(tx, subjects, now=now)
        user = await store.find_user(tx, username)
    known = await asyncio.to_thread(_is_right, user.password_hash if user else _NOBODY, password)
    if user is None or not known:
        async with db.transaction() as tx:
            await store.failed(tx, subjects, memory=_MEMORY, now=now)
        raise InvalidCredentials(username)
    session = _session_of(user, now=now)
    async with db.transaction() as tx:
        await store.forgive(tx, subjects[0], memory=_MEMORY, now=now)
        await store.add(tx, session, user_id=user.id, now=now)
    return session


async def _see_throttle(tx: Transaction, subjects: list[str], *, now: datetime) -> None:
    waits = [wait_after(count, at) for count, at in await store.failures(tx, subjects)]
    until = max(waits, default=now)
    if until > now:
        raise SignInThrottled(max(1, math.ceil((until - now).total_seconds())))


def _is_right(password_hash: str, password: str) -> bool:
    try:
        return PasswordHasher().verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def _session_of(user: User, *, now: datetime) -> Session:
    return Session(
        id=new_id(),
        account_id=user.account_id,
        account_number=user.account_number,
        account_name=user.account_name,
        user_number=user.number,
        username=user.username,
        access_jti=new_id(),
        access_expires_at=now + ACCESS_LIFE,
        refresh_jti=new_id(),
        refresh_expires_at=now + REFRESH_LIFE,
    )


async def renew_access(
    tx: Transaction, *, session_id: UUID, refresh_jti: UUID, now: datetime
) -> Session:
    """Give a session a new access token; the earlier one counts no more. Raises SessionEnded."""
    return await _renewed(tx, session_id, refresh_jti, rotate=False, now=now)


async def rotate(tx: Transaction, *, session_id: UUID, refresh_jti: UUID, now: datetime) -> Session:
    """Give a session two new tokens; the earlier ones count no more. Raises SessionEnded."""
    return await _renewed(tx, session_id, refresh_jti, rotate=True, now=now)


async def _renewed(
    tx: Transaction, session_id: UUID, jti: UUID, *, rotate: bool, now: datetime
) -> Session:
    session = await store.renew(
        tx,
        session_id,
        jti=jti,
        access_jti=new_id(),
        access_expires_at=now + ACCESS_LIFE,
        refresh_jti=new_id() if rotate else None,
        refresh_expires_at=now + REFRESH_LIFE if rotate else None,
        now=now,
    )
    if session is None:
        raise SessionEnded
    return session


async def admit(tx: Transaction, *, session_id: UUID, access_jti: UUID, now: datetime) -> Principal:
    """Let the holder of an access token in. Raises SessionEnded."""
    session = await store.of_access(tx, session_id, jti=access_jti, now=now)
    if session is None:
        raise SessionEnded
    return Principal(account_id=session.account_id, account_name=session.account_name)
