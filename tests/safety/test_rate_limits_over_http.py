"""Rate limits hold over all processes, and each key has its own."""

import asyncio
import json
import math
import time
from collections import Counter

import pytest

from tests.conftest import StartHub
from tests.hub import Hub, Shop

BURST = 10
PER_SECOND = 10


async def fire(shop: Shop, calls: int, *, method: str = "PUT", prefix: str = "R") -> list[int]:
    """Send calls at once; whatever is refused must say when to come back."""

    async def one(number: int) -> int:
        status, headers, body = await shop.hub.request(
            method,
            f"/integration/v1/items/{prefix}-{number}",
            headers={"x-api-key": shop.api_key, "content-type": "application/json"},
            body=b'{"title":"Part","price":5}' if method == "PUT" else b"",
        )
        if status == 429:
            answer = json.loads(body)
            assert answer["code"] == "RATE_LIMIT_EXCEEDED"
            assert int(headers["retry-after"]) >= 1
            assert headers["retry-after"].isdecimal()
            assert headers["ratelimit"].startswith('"')
        else:
            assert "ratelimit-policy" in headers
        return status

    return await asyncio.gather(*map(one, range(calls)))


@pytest.fixture(scope="module")
async def limiting_hub(start_module_hub: StartHub) -> Hub:
    """A hub of two processes that limits rates."""
    args = ("--no-worker", "--processes", "2")
    return await start_module_hub(*args, SALUHALL_RATE_LIMITS="on")


async def test_sixty_at_once_over_two_processes_get_what_the_tier_gives_and_waiting_helps(
    limiting_hub: Hub,
) -> None:
    hub = limiting_hub
    first, second = await hub.open_shop(), await hub.open_shop()
    await asyncio.gather(*(hub.request("GET", "/readyz") for _ in range(40)))  # connections open

    started = time.monotonic()
    got, others, reads = await asyncio.gather(
        fire(first, 60), fire(second, BURST), fire(first, 20, method="GET", prefix="N")
    )
    refilled = math.ceil((time.monotonic() - started) * PER_SECOND)

    counts = Counter(got)
    assert set(counts) <= {202, 429}
    assert BURST <= counts[202] <= BURST + refilled
    if refilled < 40:
        assert counts[429] >= 60 - BURST - refilled
    assert set(others) == {202}  # another key has a bucket of its own
    assert set(reads) == {404}  # and so has another tier
    await asyncio.sleep(1.05)
    assert set(await fire(first, BURST)) == {202}  # who waits as told gets in


async def retried(shop: Shop, number: int) -> tuple[int, int]:
    """PUT as the official client does: three times more, after as many seconds as it is told; return the status and the retries."""
    status = 0
    for retries in range(4):
        status, headers, _ = await shop.hub.request(
            "PUT",
            f"/integration/v1/items/T-{number}",
            headers={"x-api-key": shop.api_key, "content-type": "application/json"},
            body=b'{"title":"Part","price":5}',
        )
        if status != 429:
            return status, retries
        assert headers["ratelimit"] == f'"item-sync";r=0;t={headers["retry-after"]}'
        await asyncio.sleep(int(headers["retry-after"]))
    return status, 4


async def test_sixty_at_once_get_through_a_client_that_tries_three_times_more(
    limiting_hub: Hub,
) -> None:
    shop = await limiting_hub.open_shop()

    got = await asyncio.gather(*(retried(shop, number) for number in range(60)))

    assert {status for status, _ in got} == {202}
    assert sum(retries for _, retries in got) <= 75  # most are right the first time


async def test_limits_that_are_off_refuse_nobody(hub: Hub) -> None:
    shop = await hub.open_shop()

    assert set(await fire_unlimited(shop)) == {202}


async def fire_unlimited(shop: Shop) -> list[int]:
    calls = (
        shop.call("PUT", shop.path(f"U-{n}"), {"title": "Part", "price": 5}) for n in range(40)
    )
    return [status for status, _ in await asyncio.gather(*calls)]
