"""Sign in, renew, rotate."""

import asyncio
import math
from collections.abc import Sequence
from datetime import datetime
from ipaddress import IPv6Address, ip_address, ip_network
from uuid import UUID, uuid4

import structlog

from saluhall.domain.accounts.model import AccountSuspended, Principal
from saluhall.domain.sessions import store
from saluhall.domain.sessions.model import (
    ACCESS_LIFE,
    MEMORY,
    REFRESH_LIFE,
    REUSE_GRACE,
    Failures,
    InvalidCredentials,
    Session,
    SessionEnded,
    SignInThrottled,
    Subject,
    TokenReplaced,
    User,
    wait_after,
)
from saluhall.domain.sessions.passwords import is_right, password_turn
from saluhall.kit.ids import new_id
from saluhall.storage import Database, Transaction

_FREE_FOR_A_USER = 5
_FREE_FOR_AN_ADDRESS = 100  # a whole office may use one
_SUBNET_BITS = 64  # a client with one IPv6 address has so many that only the network counts
_log = structlog.get_logger(__name__)


async def sign_in(
    db: Database, *, username: str, password: str, address: str, now: datetime
) -> Session:
    """Open a session. Raises InvalidCredentials, SignInThrottled, AccountSuspended.

    A failure is counted in a transaction of its own, for unknown names too, and the slow comparison holds no connection.
    """
    place = _place(address)
    async with password_turn(username):
        user = await _checked(db, username, password, place=place, now=now)
    if user.is_suspended:
        raise AccountSuspended
    session = _session_of(user, now=now)
    async with db.transaction() as tx:
        subjects = _subjects(username, place, at_home=user.at_home)
        await store.forgive(tx, subjects[0].key)
        await store.add(tx, session, address=place, now=now)
    return session


async def _checked(
    db: Database, username: str, password: str, *, place: str, now: datetime
) -> User:
    """Find the user who has this name and password. Raises InvalidCredentials, SignInThrottled."""
    async with db.statement() as tx:
        user = await store.find_user(tx, username, address=place, now=now)
        subjects = _subjects(username, place, at_home=user is not None and user.at_home)
        await _see_throttle(tx, subjects, now=now)
    matches = await asyncio.to_thread(is_right, user.password_hash if user else None, password)
    if user is None or not matches:
        async with db.transaction() as tx:
            await store.failed(tx, [s.key for s in subjects], memory=MEMORY, now=now)
        raise InvalidCredentials(username)
    return user


def _subjects(username: str, place: str, *, at_home: bool) -> Sequence[Subject]:
    """Return what failures count for: the user, from any address, and the address, for any user.

    Where the user has an open session, only failures from there count for the user: nobody else can shut them out.
    """
    user = f"user:{username} at:{place}" if at_home else f"user:{username}"
    return Subject(user, _FREE_FOR_A_USER), Subject(f"address:{place}", _FREE_FOR_AN_ADDRESS)


def _place(address: str) -> str:
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return address
    mapped = found.ipv4_mapped
    return str(mapped or ip_network((int(found), _SUBNET_BITS), strict=False))


async def _see_throttle(tx: Transaction, subjects: Sequence[Subject], *, now: datetime) -> None:
    counted = await store.failures(tx, [s.key for s in subjects], memory=MEMORY, now=now)
    none = Failures(0, now)
    until = max(wait_after(counted.get(s.key, none), free=s.free) for s in subjects)
    if until > now:
        raise SignInThrottled(max(1, math.ceil((until - now).total_seconds())))


def _session_of(user: User, *, now: datetime) -> Session:
    return Session(
        id=new_id(),
        account_id=user.account_id,
        account_number=user.account_number,
        account_name=user.account_name,
        is_suspended=False,
        user_id=user.id,
        user_number=user.number,
        username=user.username,
        role=user.role,
        access_jti=uuid4(),
        access_expires_at=now + ACCESS_LIFE,
        refresh_jti=uuid4(),
        refresh_expires_at=now + REFRESH_LIFE,
    )


async def renew_access(
    db: Database, *, account_id: UUID, session_id: UUID, refresh_jti: UUID, now: datetime
) -> Session:
    """Replace the access token of a session; the previous one is revoked. Raises SessionEnded, AccountSuspended."""
    return await _renewed(db, account_id, session_id, refresh_jti, rotate=False, now=now)


async def rotate(
    db: Database, *, account_id: UUID, session_id: UUID, refresh_jti: UUID, now: datetime
) -> Session:
    """Replace both tokens of a session; the previous pair is revoked. Raises SessionEnded, AccountSuspended."""
    return await _renewed(db, account_id, session_id, refresh_jti, rotate=True, now=now)


async def _renewed(
    db: Database, account_id: UUID, session_id: UUID, jti: UUID, *, rotate: bool, now: datetime
) -> Session:
    """Renew a session; a refresh token that was replaced ends it: somebody else may have the token."""
    async with db.transaction() as tx:
        session = await store.renew(
            tx,
            account_id,
            session_id,
            jti=jti,
            access_jti=uuid4(),
            access_expires_at=now + ACCESS_LIFE,
            refresh_jti=uuid4() if rotate else None,
            refresh_expires_at=now + REFRESH_LIFE if rotate else None,
            now=now,
        )
        if session is not None and session.is_suspended:
            raise AccountSuspended
        if session is None and await store.is_suspended(tx, account_id):
            raise AccountSuspended  # which ended its sessions
    if session is None:
        await _end_reused(db, account_id, session_id, jti, now=now)
        raise SessionEnded
    return session


async def _end_reused(
    db: Database, account_id: UUID, session_id: UUID, jti: UUID, *, now: datetime
) -> None:
    async with db.statement() as tx:
        is_ended = await store.end_reused(
            tx, account_id, session_id, jti=jti, life=REFRESH_LIFE, grace=REUSE_GRACE, now=now
        )
    if is_ended:
        _log.warning(
            "a spent refresh token was used again: its session is ended",
            account_id=str(account_id),
            session_id=str(session_id),
        )


async def authenticate(
    tx: Transaction,
    *,
    account_id: UUID,
    session_id: UUID,
    access_jti: UUID,
    refresh_jti: UUID,
    now: datetime,
) -> Principal:
    """Let the holder of an access token in. Raises SessionEnded, TokenReplaced, AccountSuspended."""
    session = await store.find(tx, account_id, session_id, now=now)
    if session is None and await store.is_suspended(tx, account_id):
        raise AccountSuspended  # which ended its sessions
    if session is None or session.refresh_jti != refresh_jti:
        raise SessionEnded
    if session.access_jti != access_jti:
        raise TokenReplaced
    if session.is_suspended:
        raise AccountSuspended
    return Principal(
        account_id=session.account_id,
        account_name=session.account_name,
        user_id=session.user_id,
        session_id=session.id,
        role=session.role,
    )
