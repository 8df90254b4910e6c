"""The bucket of a key and tier: exact, whoever asks and however many at once."""

import asyncio
from collections import Counter
from uuid import UUID

import pytest

from saluhall.domain.accounts import operations as accounts
from saluhall.domain.accounts.model import Principal, RateLimited, Tier, UnknownKey
from saluhall.kit.clock import utc_now
from saluhall.kit.ids import new_id
from saluhall.storage import Database

SLOW = Tier("slow", 1)  # one token, and one more each second
BUCKET = "select full_at > clock_timestamp() as is_used from rate_buckets"


async def new_key(db: Database) -> str:
    name = new_id().hex
    now = utc_now()
    async with db.transaction() as tx:
        account_id: UUID = await accounts.create_account(
            tx, name=name, username=name, password="p", now=now
        )
        principal = Principal(account_id=account_id, account_name=name)
        return await accounts.create_api_key(
            tx, principal=principal, name="test", prefix="key_", now=now
        )


async def authenticate(db: Database, key: str, tier: Tier | None) -> int | RateLimited | None:
    """Return how many calls are left, or the refusal."""
    async with db.statement() as tx:
        try:
            return (
                await accounts.authenticate_key(tx, key=key, tier=tier, now=utc_now())
            ).remaining
        except RateLimited as refusal:
            return refusal


async def freeze(db: Database, tier: Tier) -> None:
    """Move the bucket's clock far ahead, then empty it: nothing trickles in while we count."""
    async with db.statement() as tx:
        await tx.run(
            "update rate_buckets set full_at = clock_timestamp() + interval '1 hour' where tier = %s",
            [tier.name],
        )


@pytest.mark.parametrize("size", [1, 7, 50])
async def test_many_at_once_get_exactly_as_many_tokens_as_there_are(
    db: Database, size: int
) -> None:
    key = await new_key(db)
    # A second's worth is `size`; at one second per `size` tokens nothing is refilled while a machine is merely slow,
    # so the count below allows for what time alone brings.
    tier = Tier("tier", size)
    async with Database(db.url, connections=16) as many:
        loop = asyncio.get_running_loop()
        started = loop.time()
        got = await asyncio.gather(*(authenticate(many, key, tier) for _ in range(3 * size + 10)))
        passed = loop.time() - started

    allowed = sum(isinstance(left, int) for left in got)
    assert min(size, len(got)) <= allowed <= size + int(passed * size) + 1
    turns = Counter(refused.retry_after_s for refused in got if isinstance(refused, RateLimited))
    assert max(turns.values()) <= size + int(passed * size) + 1


async def test_refused_calls_are_told_to_come_back_one_after_another(db: Database) -> None:
    key = await new_key(db)
    tier = Tier("tier", 10)
    async with Database(db.url, connections=16) as many:
        got = await asyncio.gather(*(authenticate(many, key, tier) for _ in range(70)))

    waits = sorted(refused.retry_after_s for refused in got if isinstance(refused, RateLimited))
    assert len(waits) >= 40
    assert all(wait <= 2 + place // 10 for place, wait in enumerate(waits))
    assert all(wait >= place // 10 - 1 for place, wait in enumerate(waits))


async def test_turns_are_given_a_minute_ahead_and_then_shared(db: Database) -> None:
    key = await new_key(db)
    await authenticate(db, key, SLOW)

    refused = [await authenticate(db, key, SLOW) for _ in range(150)]

    waits = [each.retry_after_s for each in refused if isinstance(each, RateLimited)]
    assert 58 <= max(waits) <= 61
    assert Counter(waits)[max(waits) - 5] >= 2
    assert max(Counter(waits).values()) <= 4


async def test_a_turn_that_is_over_holds_nobody_up(db: Database) -> None:
    key = await new_key(db)
    tier = Tier("tier", 10)
    await asyncio.gather(*(authenticate(db, key, tier) for _ in range(40)))
    async with db.statement() as tx:
        await tx.run(
            "update rate_buckets set full_at = full_at - interval '1 hour', turn_at = turn_at - interval '1 hour'"
        )

    got = [await authenticate(db, key, tier) for _ in range(12)]

    assert got[0] == 9
    assert all(each.retry_after_s == 1 for each in got if isinstance(each, RateLimited))


async def test_an_empty_bucket_says_in_whole_seconds_when_to_come_back(db: Database) -> None:
    key = await new_key(db)
    assert await authenticate(db, key, SLOW) == 0
    await freeze(db, SLOW)

    refused = await authenticate(db, key, SLOW)

    assert isinstance(refused, RateLimited)
    assert 3599 <= refused.retry_after_s <= 3600
    assert refused.tier is SLOW


async def test_a_refusal_costs_nothing(db: Database) -> None:
    key = await new_key(db)
    await authenticate(db, key, SLOW)
    refusals = [await authenticate(db, key, SLOW) for _ in range(20)]
    assert any(isinstance(left, RateLimited) for left in refusals)

    await asyncio.sleep(1.05)

    assert await authenticate(db, key, SLOW) == 0


async def test_a_bucket_holds_no_more_than_a_seconds_worth(db: Database) -> None:
    key = await new_key(db)
    tier = Tier("tier", 3)
    assert await authenticate(db, key, tier) == 2
    async with db.statement() as tx:
        await tx.run("update rate_buckets set full_at = full_at - interval '1 hour'")

    assert await authenticate(db, key, tier) == 2


async def test_tiers_and_keys_have_buckets_of_their_own(db: Database) -> None:
    one, other = await new_key(db), await new_key(db)
    assert await authenticate(db, one, SLOW) == 0
    await freeze(db, SLOW)

    assert isinstance(await authenticate(db, one, SLOW), RateLimited)
    assert await authenticate(db, one, Tier("fast", 5)) == 4
    assert await authenticate(db, other, SLOW) == 0
    assert await authenticate(db, one, None) is None


async def test_a_key_that_is_unknown_or_revoked_has_no_bucket(db: Database) -> None:
    key = await new_key(db)
    async with db.statement() as tx:
        await tx.run("update api_keys set revoked_at = now()")

    for name in (key, "nobody's", ""):
        with pytest.raises(UnknownKey):
            await authenticate(db, name, SLOW)
    async with db.statement() as tx:
        assert await tx.all(dict, BUCKET) == []


async def test_when_a_key_was_last_used_is_noted(db: Database) -> None:
    key = await new_key(db)

    await authenticate(db, key, None)

    async with db.statement() as tx:
        used = await tx.one(lambda row: row["used"], "select last_used_at > now() - interval '1 minute' as used from api_keys")  # fmt: skip
    assert used is True
