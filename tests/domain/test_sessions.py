"""Signing in, going on, being slowed down; `now` is moved by hand."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import argon2
import pytest

from saluhall.domain.accounts import operations as accounts
from saluhall.domain.accounts.model import AccountSuspended, Principal
from saluhall.domain.accounts.queries import principal_of_account
from saluhall.domain.sessions import operations as sessions
from saluhall.domain.sessions.model import (
    ACCESS_LIFE,
    LONGEST_WAIT,
    MEMORY,
    REFRESH_LIFE,
    Failures,
    InvalidCredentials,
    Session,
    SessionEnded,
    SignInThrottled,
    TokenReplaced,
    wait_after,
)
from saluhall.storage import Database

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
PASSWORD = "a good password"
FAR, NEAR = "198.51.100.7", "203.0.113.5"


@pytest.fixture
async def user(db: Database) -> str:
    return await open_account(db, "anna")


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


async def admit(db: Database, session: Session, *, now: datetime = NOW) -> Principal:
    async with db.statement() as tx:
        return await sessions.admit(
            tx,
            owner=session.account_id,
            session_id=session.id,
            access_jti=session.access_jti,
            refresh_jti=session.refresh_jti,
            now=now,
        )


async def renew(db: Database, session: Session, *, now: datetime = NOW) -> Session:
    async with db.transaction() as tx:
        return await sessions.renew_access(
            tx,
            owner=session.account_id,
            session_id=session.id,
            refresh_jti=session.refresh_jti,
            now=now,
        )


async def rotate(db: Database, session: Session, *, now: datetime = NOW) -> Session:
    async with db.transaction() as tx:
        return await sessions.rotate(
            tx,
            owner=session.account_id,
            session_id=session.id,
            refresh_jti=session.refresh_jti,
            now=now,
        )


async def test_a_session_opens_the_account_of_its_user_alone(db: Database, user: str) -> None:
    other = await open_account(db, "bo")

    mine, theirs = await sign_in(db, user), await sign_in(db, other)

    assert (await admit(db, mine)).account_name == user
    assert (await admit(db, theirs)).account_name == other
    assert mine.access_expires_at - NOW == ACCESS_LIFE == timedelta(minutes=15)
    assert mine.refresh_expires_at - NOW == REFRESH_LIFE == timedelta(days=30)


async def test_a_session_of_one_account_is_none_of_another(db: Database, user: str) -> None:
    mine = await sign_in(db, user)
    theirs = await sign_in(db, await open_account(db, "bo"))

    with pytest.raises(SessionEnded):
        async with db.statement() as tx:
            await sessions.admit(
                tx,
                owner=theirs.account_id,
                session_id=mine.id,
                access_jti=mine.access_jti,
                refresh_jti=mine.refresh_jti,
                now=NOW,
            )


async def test_signing_in_again_leaves_the_other_session_alone(db: Database, user: str) -> None:
    first = await sign_in(db, user)

    second = await sign_in(db, user)

    assert await admit(db, first) == await admit(db, second)


async def test_a_new_access_token_takes_the_place_of_the_earlier_one(
    db: Database, user: str
) -> None:
    first = await sign_in(db, user)

    second = await renew(db, first, now=NOW + SECOND)

    assert second.access_expires_at == NOW + SECOND + ACCESS_LIFE
    assert second.refresh_jti == first.refresh_jti
    assert second.refresh_expires_at == first.refresh_expires_at
    await admit(db, second)
    with pytest.raises(TokenReplaced):
        await admit(db, first)


async def test_rotating_ends_both_earlier_tokens_at_once(db: Database, user: str) -> None:
    first = await sign_in(db, user)

    second = await rotate(db, first, now=NOW + SECOND)

    assert second.refresh_expires_at == NOW + SECOND + REFRESH_LIFE
    await admit(db, second)
    with pytest.raises(SessionEnded):
        await admit(db, first)
    with pytest.raises(SessionEnded):
        await renew(db, first)
    with pytest.raises(SessionEnded):
        await rotate(db, first)


async def test_of_several_rotations_at_once_one_counts(db: Database, user: str) -> None:
    first = await sign_in(db, user)

    results = await asyncio.gather(*(rotate(db, first) for _ in range(8)), return_exceptions=True)

    [won] = [r for r in results if isinstance(r, Session)]
    assert sum(isinstance(r, SessionEnded) for r in results) == 7
    await admit(db, won)


async def test_a_session_ends_with_its_refresh_token(db: Database, user: str) -> None:
    session = await sign_in(db, user)
    last = NOW + REFRESH_LIFE - SECOND

    renewed = await renew(db, session, now=last)

    await admit(db, renewed, now=last)
    with pytest.raises(SessionEnded):
        await admit(db, renewed, now=NOW + REFRESH_LIFE)
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


async def test_a_name_nobody_has_costs_the_same_comparison(
    db: Database, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[argon2.Parameters] = []
    verify = argon2.PasswordHasher.verify

    def spy(hasher: argon2.PasswordHasher, stored: str, password: str) -> bool:
        compared.append(argon2.extract_parameters(stored))
        return verify(hasher, stored, password)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", spy)

    await fail(db, user)
    await fail(db, "nobody")

    known, unknown = compared
    assert known == unknown
    assert known.type is argon2.Type.ID


async def test_failures_are_counted_for_the_name_known_or_not_and_for_the_address(
    db: Database, user: str
) -> None:
    await fail(db, user)
    await fail(db, "nobody")

    assert await counted(db) == {f"user:{user}": 1, "user:nobody": 1, f"address:{FAR}": 2}


@pytest.mark.parametrize("name", ["anna", "nobody"])
@pytest.mark.usefixtures("user")
async def test_after_five_failures_the_name_has_to_wait(db: Database, name: str) -> None:
    await fail(db, name, 5)

    with pytest.raises(SignInThrottled) as caught:
        await sign_in(db, name)

    assert caught.value.retry_after_s == 1
    assert (await counted(db))[f"user:{name}"] == 5


async def test_nobody_is_locked_out_for_good(db: Database, user: str) -> None:
    await failed_before(db, f"user:{user}", 1_000_000)
    with pytest.raises(SignInThrottled) as caught:
        await sign_in(db, user)

    assert caught.value.retry_after_s == LONGEST_WAIT.total_seconds()
    later = NOW + timedelta(seconds=caught.value.retry_after_s)
    await sign_in(db, user, now=later)

    assert f"user:{user}" not in await counted(db)


async def test_who_is_signed_in_somewhere_is_not_shut_out_from_elsewhere(
    db: Database, user: str
) -> None:
    await sign_in(db, user, at=NEAR)

    await fail(db, user, 5, at=FAR)

    with pytest.raises(SignInThrottled):
        await sign_in(db, user, at=FAR)
    await sign_in(db, user, at=NEAR)


async def test_failures_at_home_slow_down_as_well(db: Database, user: str) -> None:
    await sign_in(db, user, at=NEAR)

    await fail(db, user, 5, at=NEAR)

    with pytest.raises(SignInThrottled):
        await sign_in(db, user, at=NEAR)


async def test_an_address_has_to_wait_whomever_it_names(db: Database, user: str) -> None:
    await failed_before(db, f"address:{FAR}", 100)

    with pytest.raises(SignInThrottled):
        await sign_in(db, user, at=FAR)
    await sign_in(db, user, at=NEAR)


async def test_the_addresses_of_one_ipv6_network_count_together(db: Database, user: str) -> None:
    await fail(db, user, at="2001:db8:1:2::1")
    await fail(db, user, at="2001:db8:1:2:ffff::9")
    await fail(db, user, at=f"::ffff:{FAR}")

    assert await counted(db) == {
        f"user:{user}": 3,
        "address:2001:db8:1:2::/64": 2,
        f"address:{FAR}": 1,
    }


async def test_a_success_does_not_clear_the_address(db: Database, user: str) -> None:
    await fail(db, "nobody", at=NEAR)

    await sign_in(db, user, at=NEAR)

    assert (await counted(db))[f"address:{NEAR}"] == 1


async def test_guesses_sent_at_once_are_counted_all_the_same(db: Database, user: str) -> None:
    guesses = [sign_in(db, user, f"guess {n}", at=FAR) for n in range(14)]

    results = await asyncio.gather(*guesses, return_exceptions=True)

    compared = sum(isinstance(r, InvalidCredentials) for r in results)
    assert compared + sum(isinstance(r, SignInThrottled) for r in results) == len(results)
    assert 5 <= compared < 5 + 4
    with pytest.raises(SignInThrottled):
        await sign_in(db, user, at=FAR)


async def test_many_right_sign_ins_at_once_are_all_let_in(db: Database, user: str) -> None:
    opened = await asyncio.gather(*(sign_in(db, user) for _ in range(8)))

    assert len({session.id for session in opened}) == 8


async def test_failures_are_forgotten_after_an_hour(db: Database, user: str) -> None:
    await failed_before(db, f"user:{user}", 50, at=NOW - MEMORY - SECOND)
    await failed_before(db, "user:someone", 50, at=NOW - MEMORY - SECOND)

    await fail(db, user)

    assert await counted(db) == {f"user:{user}": 1, f"address:{FAR}": 1}


@pytest.mark.parametrize(
    ("count", "wait_s"), [(0, 0), (4, 0), (5, 1), (6, 2), (10, 32), (11, 60), (10**9, 60)]
)
def test_the_wait_doubles_up_to_a_minute(count: int, wait_s: int) -> None:
    assert wait_after(Failures(count, NOW), free=5) == NOW + timedelta(seconds=wait_s)


async def test_a_suspended_account_is_not_let_in_any_way(db: Database, user: str) -> None:
    session = await sign_in(db, user)
    by = await admit(db, session)
    async with db.transaction() as tx:
        key = await accounts.create_legacy_key(tx, by=by, now=NOW)
        await accounts.suspend_account(tx, by=by, suspended=True, now=NOW)

    for attempt in (sign_in(db, user), admit(db, session), renew(db, session), rotate(db, session)):
        with pytest.raises(AccountSuspended):
            await attempt
    with pytest.raises(AccountSuspended):
        async with db.statement() as tx:
            await accounts.admit_legacy_key(tx, key=key, now=NOW)

    async with db.transaction() as tx:
        await accounts.suspend_account(tx, by=by, suspended=False, now=NOW)
    await admit(db, session)  # the refused renewals took nothing from it
    await renew(db, session)


async def test_a_wrong_password_does_not_tell_that_an_account_is_suspended(
    db: Database, user: str
) -> None:
    async with db.transaction() as tx:
        by = await principal_of_account(tx, user)
        await accounts.suspend_account(tx, by=by, suspended=True, now=NOW)

    await fail(db, user)


async def test_the_tokens_of_a_user_who_is_gone_open_nothing(db: Database, user: str) -> None:
    session = await sign_in(db, user)
    async with db.statement() as tx:
        await tx.run("delete from users where username = %s", (user,))

    with pytest.raises(SessionEnded):
        await admit(db, session)
    with pytest.raises(SessionEnded):
        await renew(db, session)


async def test_a_session_that_never_was_opens_nothing(db: Database, user: str) -> None:
    session = await sign_in(db, user)

    with pytest.raises(SessionEnded):
        async with db.statement() as tx:
            await sessions.admit(
                tx,
                owner=session.account_id,
                session_id=uuid4(),
                access_jti=session.access_jti,
                refresh_jti=session.refresh_jti,
                now=NOW,
            )
