"""Accounts to sign in to; `now` is moved by hand."""

from datetime import UTC, datetime, timedelta

import pytest

from saluhall.domain.accounts import operations as accounts
from saluhall.domain.accounts.model import Principal
from saluhall.domain.sessions import operations as sessions
from saluhall.domain.sessions.model import (
    InvalidCredentials,
    Session,
)
from saluhall.storage import Database

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
PASSWORD = "a good password"
FAR, NEAR = "198.51.100.7", "203.0.113.5"


async def open_account(db: Database, name: str) -> str:
    async with db.transaction() as tx:
        await accounts.create_account(tx, name=name, username=name, password=PASSWORD, now=NOW)
    return name


async def sign_in(
    db: Database, user: str, password: str = PASSWORD, *, at: str = NEAR, now: datetime = NOW
) -> Session:
    return await sessions.sign_in(db, username=user, password=password, address=at, now=now)


async def fail(db: Database, user: str, times: int = 1, *, at: str = FAR) -> None:
    for _ in range(times):
        with pytest.raises(InvalidCredentials):
            await sign_in(db, user, "a guess", at=at)


async def counted(db: Database) -> dict[str, int]:
    async with db.statement() as tx:
        return dict(
            await tx.all(
                lambda row: (row["subject"], row["failures"]),
                "select subject, failures from sign_in_failures",
            )
        )


async def failed_before(db: Database, subject: str, times: int, *, at: datetime = NOW) -> None:
    async with db.statement() as tx:
        await tx.run(
            "insert into sign_in_failures (subject, failures, failed_at) values (%s, %s, %s)",
            (subject, times, at),
        )


async def authenticate(db: Database, session: Session, *, now: datetime = NOW) -> Principal:
    async with db.statement() as tx:
        return await sessions.authenticate(
            tx,
            account_id=session.account_id,
            session_id=session.id,
            access_jti=session.access_jti,
            refresh_jti=session.refresh_jti,
            now=now,
        )


async def renew(db: Database, session: Session, *, now: datetime = NOW) -> Session:
    return await sessions.renew_access(
        db,
        account_id=session.account_id,
        session_id=session.id,
        refresh_jti=session.refresh_jti,
        now=now,
    )


async def rotate(db: Database, session: Session, *, now: datetime = NOW) -> Session:
    return await sessions.rotate(
        db,
        account_id=session.account_id,
        session_id=session.id,
        refresh_jti=session.refresh_jti,
        now=now,
    )
