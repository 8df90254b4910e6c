"""Requests that their callers named; `now` is moved by hand."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from saluhall.domain.accounts.model import Principal
from saluhall.domain.idempotency import operations as requests
from saluhall.domain.idempotency.model import (
    IN_FLIGHT_TIMEOUT,
    RequestDiffers,
    RequestInFlight,
    ResponseUnreadable,
    StoredResponse,
    is_key,
)
from saluhall.kit.ids import new_id
from saluhall.kit.secrets import Undecryptable, Vault
from saluhall.storage import Database, Transaction

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DAY = timedelta(hours=24)
VAULT = Vault("a key for tests")
RESPONSE = StoredResponse(status=200, headers={"a": "b"}, body='{"secret":"whsec_4711"}')


def somebody() -> Principal:
    return Principal(account_id=new_id(), account_name="anna")


async def find_response(
    tx: Transaction,
    principal: Principal,
    key: str = "k",
    fingerprint: bytes = b"a",
    *,
    now: datetime = NOW,
) -> StoredResponse | None:
    return await requests.find_response(
        tx, principal=principal, key=key, fingerprint=fingerprint, vault=VAULT, now=now
    )


async def store_response(
    tx: Transaction,
    principal: Principal,
    key: str = "k",
    fingerprint: bytes = b"a",
    *,
    now: datetime = NOW,
) -> None:
    await requests.store_response(
        tx,
        principal=principal,
        key=key,
        fingerprint=fingerprint,
        response=RESPONSE,
        vault=VAULT,
        now=now,
    )


async def answered(
    db: Database, principal: Principal, key: str = "k", *, now: datetime = NOW
) -> None:
    async with db.transaction() as tx:
        assert await find_response(tx, principal, key, now=now) is None
        await store_response(tx, principal, key, now=now)


async def test_an_answer_is_kept_for_a_day(db: Database) -> None:
    principal = somebody()
    await answered(db, principal)

    async with db.transaction() as tx:
        assert await find_response(tx, principal, now=NOW + DAY - timedelta(seconds=1)) == RESPONSE
        assert await find_response(tx, principal, now=NOW + DAY) is None
    await answered(db, principal, now=NOW + DAY)
    async with db.transaction() as tx:
        assert await find_response(tx, principal, now=NOW + DAY + timedelta(hours=1)) == RESPONSE


async def test_a_key_names_one_request(db: Database) -> None:
    principal = somebody()
    await answered(db, principal)

    async with db.transaction() as tx:
        with pytest.raises(RequestDiffers):
            await find_response(tx, principal, fingerprint=b"b")


async def test_a_key_of_one_account_is_free_in_another(db: Database) -> None:
    anna, eve = somebody(), somebody()
    await answered(db, anna)
    async with db.transaction() as theirs:
        assert await find_response(theirs, anna, "open") is None
        await answered(db, eve, "open")

    async with db.transaction() as tx:
        assert await find_response(tx, eve) is None


async def test_a_key_is_taken_until_the_transaction_is_over(db: Database) -> None:
    principal = somebody()
    async with db.transaction() as first:
        assert await find_response(first, principal) is None
        async with db.transaction() as second:
            with pytest.raises(RequestInFlight):
                await find_response(second, principal)
        await store_response(first, principal)

    async with db.transaction() as third:
        assert await find_response(third, principal) == RESPONSE


async def test_what_is_rolled_back_leaves_the_key_free(db: Database) -> None:
    principal = somebody()

    async def break_off() -> None:
        async with db.transaction() as tx:
            assert await find_response(tx, principal) is None
            await store_response(tx, principal)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await break_off()
    await answered(db, principal)


async def test_whoever_comes_the_moment_after_sees_the_answer(db: Database) -> None:
    """A key is released only when its answer can be seen: of many who try, one works and the rest wait or see."""
    principal = somebody()
    worked = 0

    async def insist() -> None:
        nonlocal worked
        while True:
            try:
                async with db.transaction() as tx:
                    if await find_response(tx, principal) is None:
                        worked += 1
                        await store_response(tx, principal)
                    return
            except RequestInFlight:
                await asyncio.sleep(0)

    await asyncio.gather(*(insist() for _ in range(20)))

    assert worked == 1


async def begin(db: Database, principal: Principal, *, now: datetime = NOW) -> None:
    async with db.transaction() as tx:
        assert await find_response(tx, principal, now=now) is None
        await requests.store_response(
            tx, principal=principal, key="k", fingerprint=b"a", response=None, vault=VAULT, now=now
        )


async def test_a_request_that_waits_for_somebody_else_is_in_flight_until_it_is_answered(
    db: Database,
) -> None:
    principal = somebody()
    await begin(db, principal)

    async with db.transaction() as tx:
        with pytest.raises(RequestInFlight):
            await find_response(tx, principal, now=NOW + IN_FLIGHT_TIMEOUT - timedelta(seconds=1))
        with pytest.raises(RequestDiffers):
            await find_response(tx, principal, fingerprint=b"b")
    async with db.transaction() as tx:
        await store_response(tx, principal)
    async with db.transaction() as tx:
        assert await find_response(tx, principal) == RESPONSE


async def test_a_request_whose_answer_never_came_is_free_again(db: Database) -> None:
    principal = somebody()
    await begin(db, principal)
    await begin(db, principal, now=NOW + IN_FLIGHT_TIMEOUT)
    async with db.transaction() as tx:
        await requests.release(tx, principal=principal, key="k", now=NOW)
    await answered(db, principal)
    async with db.transaction() as tx:
        await requests.release(tx, principal=principal, key="k", now=NOW)
    async with db.transaction() as tx:
        assert await find_response(tx, principal) == RESPONSE


async def test_old_answers_go_as_new_ones_come(db: Database) -> None:
    principal, other = somebody(), somebody()
    for number in range(150):
        await answered(db, principal, f"old {number}")
    await answered(db, other)

    await answered(db, principal, "new 1", now=NOW + DAY)
    assert await count(db, principal) == 51
    await answered(db, principal, "new 2", now=NOW + DAY)
    assert await count(db, principal) == 2
    assert await count(db, other) == 1


async def count(db: Database, principal: Principal) -> int | None:
    async with db.statement() as tx:
        return await tx.one(
            lambda row: int(row["n"]),
            "select count(*) as n from requests where account_id = %(id)s",
            {"id": principal.account_id},
        )


async def test_what_is_kept_is_sealed_for_its_account_and_key(db: Database) -> None:
    principal = somebody()
    await answered(db, principal)

    async with db.statement() as tx:
        sealed = await tx.one(
            lambda row: bytes(row["answer"]),
            "select answer from requests where account_id = %(id)s",
            {"id": principal.account_id},
        )
    assert sealed is not None
    assert b"4711" not in sealed
    with pytest.raises(Undecryptable):
        VAULT.open(sealed, purpose=f"answer {principal.account_id} another")


async def test_an_answer_that_another_key_sealed_is_told_apart_and_its_name_stays_taken(
    db: Database,
) -> None:
    principal, other = somebody(), Vault("the key after a change")
    await answered(db, principal)

    for _ in range(2):
        async with db.transaction() as tx:
            with pytest.raises(ResponseUnreadable):
                await requests.find_response(
                    tx, principal=principal, key="k", fingerprint=b"a", vault=other, now=NOW
                )
    async with db.transaction() as tx:
        with pytest.raises(RequestDiffers):
            await requests.find_response(
                tx, principal=principal, key="k", fingerprint=b"b", vault=other, now=NOW
            )
    async with db.transaction() as tx:
        assert (
            await requests.find_response(
                tx, principal=principal, key="k", fingerprint=b"a", vault=other, now=NOW + DAY
            )
            is None
        )


@pytest.mark.parametrize("key", ["a", "order 17", "x" * 255, '"5f0c"', "~"])
def test_printable_characters_make_a_key(key: str) -> None:
    assert is_key(key)


@pytest.mark.parametrize("key", ["", "x" * 256, "å", "a\tb", "a\nb", "a\n", "\x7f"])
def test_anything_else_makes_none(key: str) -> None:
    assert not is_key(key)
