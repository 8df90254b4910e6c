"""Being slowed down after failures; `now` is moved by hand."""

import asyncio
from datetime import timedelta

import argon2
import pytest

from saluhall.domain.sessions.model import (
    MEMORY,
    SIGN_IN_WAITS,
    Failures,
    InvalidCredentials,
    SignInThrottled,
    wait_after,
)
from saluhall.storage import Database
from tests.domain.signing_in import (
    FAR,
    NEAR,
    NOW,
    SECOND,
    counted,
    fail,
    failed_before,
    open_account,
    sign_in,
)


@pytest.fixture
async def user(db: Database) -> str:
    return await open_account(db, "anna")


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

    assert caught.value.retry_after_s == SIGN_IN_WAITS.max.total_seconds()
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
