"""The proxy does to a call what it says, and the marketplace hears of it or does not."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.chaos.moves import CallFault
from tests.chaos.proxy import Proxy
from tests.hub import Market

CLIENT_TIMEOUT_S = 0.4


@pytest.fixture
async def proxy(market: Market) -> AsyncIterator[Proxy]:
    async with Proxy(market.url, seed=1, client_timeout_s=CLIENT_TIMEOUT_S) as started:
        yield started


async def call(proxy: Proxy, mark: str) -> str:
    """Call once; tell what came: the status and whether it is JSON, or that nothing came."""
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session,
            session.post(
                f"{proxy.url}/v4/listings/items?mark={mark}", allow_redirects=False
            ) as answer,
        ):
            await answer.read()
            return str(answer.status)
    except aiohttp.ClientError:
        return "none"


@pytest.mark.parametrize(
    ("fault", "came", "is_heard"),
    [
        (None, "401", True),
        ("drop_before", "none", False),
        ("drop_after", "none", True),
        ("status_500", "500", False),
        ("lost_500", "500", True),
        ("status_302", "302", False),
        ("garbage", "200", True),
        ("truncated", "none", True),
        ("delay", "401", True),
        ("late", "none", True),
    ],
)
async def test_a_call_meets(
    proxy: Proxy, market: Market, fault: CallFault | None, came: str, *, is_heard: bool
) -> None:
    mark = f"chaos-{fault}"
    proxy.mistreat(fault)
    assert await call(proxy, mark) == came
    heard = [each for each in await market.calls() if mark in str(each["query"])]
    assert bool(heard) is is_heard
    assert sum(proxy.met.values()) == (fault is not None)
