"""The process, the same story twice, and its speed."""

import asyncio
import json
import os
import signal
import sys
from typing import Any

import aiohttp

from saluhall.practice.tradera.market import Market
from saluhall.practice.tradera.model import Item
from saluhall.practice.tradera.selling import create
from saluhall.practice.tradera.wire import ItemRequest
from tests.practice.tradera.seller_client import SELLER, SellerClient, auction, fixed


async def story(client: SellerClient) -> list[Any]:
    await client.good("POST", "/sandbox/sellers", SELLER)
    sold, bought = await client.list(auction()), await client.list(fixed())
    await client.bid(sold, 1000, "anna")
    await client.bid(sold, 1500, "bo")
    await client.good("POST", f"/sandbox/items/{bought}/buy", {"buyer": "cecilia"})
    await client.later(days=8)
    orders = await client.good("GET", "/v4/orders")
    for order in orders:
        del order["createdDate"], order["lastUpdatedDate"]
    return [sold, bought, orders, await client.good("GET", "/v4/users/me")]


async def test_the_same_seed_and_the_same_calls_have_the_same_results(client: SellerClient) -> None:
    await client.good("POST", "/sandbox/reset")
    first = await story(client)
    await client.good("POST", "/sandbox/reset")
    assert await client.good("GET", "/sandbox/items") == []
    assert await client.good("GET", "/sandbox/calls") == []

    assert await story(client) == first


async def test_the_program_says_where_it_listens_and_stops_on_a_signal() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "saluhall.practice.tradera", "--port", "0", "--app-id", "9"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "SALUHALL_DIE_WITH_PARENT": "1"},
    )
    assert process.stdout
    url = json.loads(await process.stdout.readline())["url"]
    async with aiohttp.ClientSession() as http:
        wrong = await http.get(f"{url}/v4/categories", headers={"X-App-Id": "8", "X-App-Key": "k"})
        right = await http.get(f"{url}/v4/categories", headers={"X-App-Id": "9", "X-App-Key": "k"})
        assert (wrong.status, right.status) == (401, 200)
        process.send_signal(signal.SIGTERM)
        _, errors = await process.communicate()

    assert process.returncode == 0
    assert errors.decode() == f"listening on {url}\n"


async def test_ten_thousand_items_end_and_are_found() -> None:
    market = Market(seed=1)
    seller = market.enrol(1)
    body = ItemRequest(
        title="t",
        categoryId=521,
        itemType=1,
        duration=1,
        startPrice=1,
        acceptedBidderId=1,
        autoCommit=True,
    )

    items: list[Item] = [
        create(market, seller=seller, body=body, now=market.catch_up()).item for _ in range(10_000)
    ]
    seen = items[-1].row_version
    market.clock.advance(seconds=86_401)
    market.catch_up()
    changed = market.changed_since(seller, seen)

    assert len(changed) == 10_000
    assert all(item.is_ended for item in changed)


PARENT = """
import os, subprocess, sys, time
child = subprocess.Popen(
    [sys.executable, "-m", "saluhall.practice.tradera", "--port", "0"],
    stdout=subprocess.PIPE,
    env={**os.environ, "SALUHALL_DIE_WITH_PARENT": "1"},
)
print(child.stdout.readline().decode(), flush=True)
time.sleep(60)
"""


async def test_the_program_goes_when_its_parent_is_killed() -> None:
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PARENT),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert parent.stdout
    url = json.loads(await parent.stdout.readline())["url"]
    parent.kill()
    await parent.communicate()

    async with aiohttp.ClientSession() as http:
        for _ in range(100):
            try:
                async with http.get(f"{url}/sandbox/calls"):
                    await asyncio.sleep(0.05)
            except aiohttp.ClientConnectionError:
                return
    raise AssertionError("still there after five seconds")
