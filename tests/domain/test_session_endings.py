"""Ending sessions: sign-out, a new password, a suspended account, a refresh token used twice; and turns of password checks."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from saluhall.domain.accounts.queries import principal_of_account
from saluhall.domain.sessions import ending
from saluhall.domain.sessions.model import (
    InvalidCredentials,
    Session,
    SessionEnded,
    SessionNotFound,
    SignInThrottled,
    WeakPassword,
    WrongPassword,
)
from saluhall.storage import Database
from tests.domain.signing_in import (
    NOW,
    PASSWORD,
    SECOND,
    authenticate,
    open_account,
    renew,
    rotate,
    sign_in,
)

BETTER = "a better password"
LATER = NOW + timedelta(minutes=5)


@pytest.fixture
async def user(db: Database) -> str:
    return await open_account(db, "anna")


async def is_over(db: Database, session: Session) -> bool:
    try:
        await authenticate(db, session)
    except SessionEnded:
        return True
    return False


async def test_a_spent_refresh_token_used_again_ends_the_session(db: Database, user: str) -> None:
    stolen = await sign_in(db, user)
    other = await sign_in(db, user)
    current = await rotate(db, stolen, now=NOW)

    with pytest.raises(SessionEnded):
        await rotate(db, stolen, now=LATER)

    assert await is_over(db, current)
    assert not await is_over(db, other)


async def test_a_spent_refresh_token_ends_the_session_however_it_is_used(
    db: Database, user: str
) -> None:
    stolen = await sign_in(db, user)
    current = await rotate(db, stolen, now=NOW)

    with pytest.raises(SessionEnded):
        await renew(db, stolen, now=LATER)

    assert await is_over(db, current)


async def test_a_client_that_asks_twice_at_once_keeps_its_session(db: Database, user: str) -> None:
    first = await sign_in(db, user)
    second = await rotate(db, first, now=NOW)

    with pytest.raises(SessionEnded):
        await rotate(db, first, now=NOW + 5 * SECOND)

    assert not await is_over(db, second)


async def test_a_person_lists_and_ends_their_own_sessions_alone(db: Database, user: str) -> None:
    mine, older = await sign_in(db, user, now=LATER), await sign_in(db, user, now=NOW)
    theirs = await sign_in(db, await open_account(db, "bo"))
    principal = await authenticate(db, mine)

    async with db.transaction() as tx:
        listed = await ending.list_sessions(tx, principal=principal, now=LATER)
        await ending.end_session(tx, principal=principal, session_id=older.id, now=LATER)
        with pytest.raises(SessionNotFound):
            await ending.end_session(tx, principal=principal, session_id=theirs.id, now=LATER)

    assert [s.id for s in listed] == [mine.id, older.id]
    assert [await is_over(db, s) for s in (mine, older, theirs)] == [False, True, False]


async def test_suspending_an_account_ends_its_sessions_for_good(db: Database, user: str) -> None:
    session = await sign_in(db, user)
    async with db.transaction() as tx:
        principal = await principal_of_account(tx, user)
        await ending.suspend_account(tx, principal=principal, suspended=True, now=NOW)
        await ending.suspend_account(tx, principal=principal, suspended=False, now=NOW)

    for attempt in (authenticate(db, session), renew(db, session), rotate(db, session)):
        with pytest.raises(SessionEnded):
            await attempt
    await sign_in(db, user)


async def test_a_new_password_ends_all_other_sessions(db: Database, user: str) -> None:
    mine, other = await sign_in(db, user), await sign_in(db, user)
    principal = await authenticate(db, mine)

    await ending.change_password(db, principal=principal, current=PASSWORD, new=BETTER, now=NOW)

    assert [await is_over(db, s) for s in (mine, other)] == [False, True]
    await sign_in(db, user, BETTER)
    with pytest.raises(InvalidCredentials):
        await sign_in(db, user)


async def test_the_password_stays_when_the_change_is_not_right(db: Database, user: str) -> None:
    principal = await authenticate(db, await sign_in(db, user))

    with pytest.raises(WrongPassword):
        await ending.change_password(
            db, principal=principal, current="a guess", new=BETTER, now=NOW
        )
    with pytest.raises(WeakPassword):
        await ending.change_password(
            db, principal=principal, current=PASSWORD, new="short", now=NOW
        )

    await sign_in(db, user)


async def test_the_operator_sets_a_password_and_ends_every_session(db: Database, user: str) -> None:
    session = await sign_in(db, user)
    principal = await authenticate(db, session)

    async with db.transaction() as tx:
        await ending.set_password(tx, principal=principal, new=BETTER, now=NOW)

    assert await is_over(db, session)
    await sign_in(db, user, BETTER)


async def test_many_sign_ins_of_one_user_at_once_are_bounded(db: Database, user: str) -> None:
    results = await asyncio.gather(*(sign_in(db, user) for _ in range(20)), return_exceptions=True)

    opened = [r for r in results if isinstance(r, Session)]
    refused = [r for r in results if isinstance(r, SignInThrottled)]
    assert (len(opened), len(refused)) == (8, 12)
    assert {r.retry_after_s for r in refused} == {1}


async def test_one_users_sign_ins_do_not_hold_up_anothers(db: Database, user: str) -> None:
    other = await open_account(db, "bo")
    finished: list[str] = []

    async def enter(name: str) -> None:
        await sign_in(db, name)
        finished.append(name)

    many = [asyncio.create_task(enter(user)) for _ in range(8)]
    await asyncio.sleep(0)
    one = asyncio.create_task(enter(other))
    await asyncio.gather(*many, one)

    assert finished.index(other) < 7


async def test_a_session_that_does_not_exist_cannot_be_ended(db: Database, user: str) -> None:
    principal = await authenticate(db, await sign_in(db, user))

    with pytest.raises(SessionNotFound):
        async with db.transaction() as tx:
            await ending.end_session(tx, principal=principal, session_id=uuid4(), now=NOW)
