"""Signing in and going on; `now` is moved by hand."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from saluhall.domain.accounts import operations as accounts
from saluhall.domain.accounts.model import AccountSuspended
from saluhall.domain.accounts.queries import principal_of_account
from saluhall.domain.sessions import operations as sessions
from saluhall.domain.sessions.model import (
    ACCESS_LIFE,
    REFRESH_LIFE,
    Session,
    SessionEnded,
    TokenReplaced,
)
from saluhall.storage import Database
from tests.domain.signing_in import (
    NOW,
    SECOND,
    authenticate,
    fail,
    open_account,
    renew,
    rotate,
    sign_in,
)


@pytest.fixture
async def user(db: Database) -> str:
    return await open_account(db, "anna")


async def test_a_session_opens_the_account_of_its_user_alone(db: Database, user: str) -> None:
    other = await open_account(db, "bo")

    mine, theirs = await sign_in(db, user), await sign_in(db, other)

    assert (await authenticate(db, mine)).account_name == user
    assert (await authenticate(db, theirs)).account_name == other
    assert mine.access_expires_at - NOW == ACCESS_LIFE == timedelta(minutes=15)
    assert mine.refresh_expires_at - NOW == REFRESH_LIFE == timedelta(days=30)


async def test_a_session_of_one_account_is_none_of_another(db: Database, user: str) -> None:
    mine = await sign_in(db, user)
    theirs = await sign_in(db, await open_account(db, "bo"))

    with pytest.raises(SessionEnded):
        async with db.statement() as tx:
            await sessions.authenticate(
                tx,
                account_id=theirs.account_id,
                session_id=mine.id,
                access_jti=mine.access_jti,
                refresh_jti=mine.refresh_jti,
                now=NOW,
            )


async def test_signing_in_again_leaves_the_other_session_alone(db: Database, user: str) -> None:
    first = await sign_in(db, user)

    second = await sign_in(db, user)

    assert (await authenticate(db, first)).user_id == (await authenticate(db, second)).user_id


async def test_a_new_access_token_takes_the_place_of_the_earlier_one(
    db: Database, user: str
) -> None:
    first = await sign_in(db, user)

    second = await renew(db, first, now=NOW + SECOND)

    assert second.access_expires_at == NOW + SECOND + ACCESS_LIFE
    assert second.refresh_jti == first.refresh_jti
    assert second.refresh_expires_at == first.refresh_expires_at
    await authenticate(db, second)
    with pytest.raises(TokenReplaced):
        await authenticate(db, first)


async def test_rotating_ends_both_earlier_tokens_at_once(db: Database, user: str) -> None:
    first = await sign_in(db, user)

    second = await rotate(db, first, now=NOW + SECOND)

    assert second.refresh_expires_at == NOW + SECOND + REFRESH_LIFE
    await authenticate(db, second)
    with pytest.raises(SessionEnded):
        await authenticate(db, first)
    with pytest.raises(SessionEnded):
        await renew(db, first)
    with pytest.raises(SessionEnded):
        await rotate(db, first)


async def test_of_several_rotations_at_once_one_counts(db: Database, user: str) -> None:
    first = await sign_in(db, user)

    results = await asyncio.gather(*(rotate(db, first) for _ in range(8)), return_exceptions=True)

    [won] = [r for r in results if isinstance(r, Session)]
    assert sum(isinstance(r, SessionEnded) for r in results) == 7
    await authenticate(db, won)


async def test_a_session_ends_with_its_refresh_token(db: Database, user: str) -> None:
    session = await sign_in(db, user)
    last = NOW + REFRESH_LIFE - SECOND

    renewed = await renew(db, session, now=last)

    await authenticate(db, renewed, now=last)
    with pytest.raises(SessionEnded):
        await authenticate(db, renewed, now=NOW + REFRESH_LIFE)
    with pytest.raises(SessionEnded):
        await renew(db, session, now=NOW + REFRESH_LIFE)


async def test_sessions_that_are_over_are_forgotten_at_the_next_sign_in(
    db: Database, user: str
) -> None:
    await sign_in(db, user)
    kept = await sign_in(db, user, now=NOW + SECOND)

    await sign_in(db, user, now=NOW + REFRESH_LIFE)

    async with db.statement() as tx:
        left = await tx.all(lambda row: row["id"], "select id from sessions order by created_at")
    assert left[0] == kept.id
    assert len(left) == 2


async def test_no_token_is_stored(db: Database, user: str) -> None:
    await sign_in(db, user)

    async with db.statement() as tx:
        [columns] = await tx.all(set, "select * from sessions")
    assert columns == {
        "account_id",
        "id",
        "user_id",
        "access_jti",
        "access_expires_at",
        "refresh_jti",
        "refresh_expires_at",
        "address",
        "created_at",
    }


async def test_a_suspended_account_is_not_let_in_any_way(db: Database, user: str) -> None:
    session = await sign_in(db, user)
    principal = await authenticate(db, session)
    async with db.transaction() as tx:
        key = await accounts.create_legacy_key(tx, principal=principal, now=NOW)
        await accounts.suspend_account(tx, principal=principal, suspended=True, now=NOW)

    for attempt in (
        sign_in(db, user),
        authenticate(db, session),
        renew(db, session),
        rotate(db, session),
    ):
        with pytest.raises(AccountSuspended):
            await attempt
    with pytest.raises(AccountSuspended):
        async with db.statement() as tx:
            await accounts.authenticate_legacy_key(tx, key=key, now=NOW)

    async with db.transaction() as tx:
        await accounts.suspend_account(tx, principal=principal, suspended=False, now=NOW)
    await authenticate(db, session)  # the refused renewals took nothing from it
    await renew(db, session)


async def test_a_wrong_password_does_not_tell_that_an_account_is_suspended(
    db: Database, user: str
) -> None:
    async with db.transaction() as tx:
        principal = await principal_of_account(tx, user)
        await accounts.suspend_account(tx, principal=principal, suspended=True, now=NOW)

    await fail(db, user)


async def test_the_tokens_of_a_user_who_is_gone_open_nothing(db: Database, user: str) -> None:
    session = await sign_in(db, user)
    async with db.statement() as tx:
        await tx.run("delete from users where username = %s", (user,))

    with pytest.raises(SessionEnded):
        await authenticate(db, session)
    with pytest.raises(SessionEnded):
        await renew(db, session)


async def test_a_session_that_never_was_opens_nothing(db: Database, user: str) -> None:
    session = await sign_in(db, user)

    with pytest.raises(SessionEnded):
        async with db.statement() as tx:
            await sessions.authenticate(
                tx,
                account_id=session.account_id,
                session_id=uuid4(),
                access_jti=session.access_jti,
                refresh_jti=session.refresh_jti,
                now=NOW,
            )
