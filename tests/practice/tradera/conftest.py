"""A sandbox over real HTTP, and a seller who speaks to it."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from saluhall.practice.tradera.market import Market
from saluhall.practice.tradera.server import create_app
from tests.practice.tradera.seller_client import SELLER, SellerClient


@pytest.fixture(name="client")
async def _client() -> AsyncIterator[SellerClient]:
    runner = web.AppRunner(create_app(Market(seed=1)), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    connector = aiohttp.TCPConnector(force_close=True)
    async with aiohttp.ClientSession(connector=connector) as http:
        client = SellerClient(http, f"http://127.0.0.1:{runner.addresses[0][1]}")
        await client.good("POST", "/sandbox/sellers", SELLER)
        yield client
    await runner.cleanup()
