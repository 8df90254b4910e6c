"""A seller connects by the marketplace's own login page; the browser comes back to the hub."""

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp

from tests.hub import Hub
from tests.shop import Shop

ADDRESS = re.compile(r"http://\S+/token-login\S+")


class Seller:
    """Somebody at a terminal, and in front of a browser."""

    def __init__(self, process: asyncio.subprocess.Process, address: str) -> None:
        self._process = process
        self.address = address

    async def answer(self, word: str) -> str:
        """Answer the login page; return what the browser shows in the end."""
        async with aiohttp.ClientSession() as browser:
            form = {"answer": word, "userId": "77"}
            async with browser.post(self.address, data=form) as shown:
                return await shown.text()

    async def printed(self) -> tuple[int, Any]:
        out, _ = await asyncio.wait_for(self._process.communicate(), 30)
        return self._process.returncode or 0, json.loads(out)


@asynccontextmanager
async def logging_in(hub: Hub, shop: Shop) -> AsyncIterator[Seller]:
    """Begin a login; the marketplace sends browsers back to this hub."""
    back = f"{hub.base}/connect/tradera"
    app = {"acceptUrl": back, "rejectUrl": back, "displayToken": True}
    await hub.market.control("PUT", "/app", app)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "saluhall", "connection", "add", "tradera", "--login", "--json"),
        *("--account", shop.principal.account_name),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=hub.env,
    )
    try:
        assert process.stderr is not None
        async with asyncio.timeout(30):
            while (found := ADDRESS.search((await process.stderr.readline()).decode())) is None:
                pass
        yield Seller(process, found[0])
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def state_of(address: str) -> str:
    extra = parse_qs(urlsplit(address).query)["ruparams"][0]
    return parse_qs(extra)["state"][0]


async def back(hub: Hub, query: str) -> tuple[int, str]:
    status, _, page = await hub.request("GET", f"/connect/tradera?{query}")
    return status, page.decode()


async def test_a_seller_who_logs_in_at_the_marketplace_is_connected_once(hub: Hub) -> None:
    shop = await hub.open_shop()
    async with logging_in(hub, shop) as seller:
        state = state_of(seller.address)
        await hub.request("HEAD", f"/connect/tradera?userId=77&state={state}")  # uses nothing up
        wrong = await back(hub, f"userId=77&state={state[:-1]}x")
        page = await seller.answer("accept")
        code, printed = await seller.printed()
    again = await back(hub, f"userId=77&state={state}")

    assert "Connected. You may close this window." in page
    assert (wrong[0], again[0]) == (400, 400)
    assert "was used already" in again[1]
    [listed] = (await hub.cli("connection", "list", "--account", shop.principal.account_name))[
        "connections"
    ]
    assert (code, printed["connection_id"]) == (0, listed["connection_id"])
    assert (listed["user_id"], listed["state"]) == ("77", "connected")
    assert listed["expires_at"] > "2027"
    seen = await hub.market.control("GET", "/calls")
    assert "/v4/auth/token" in {call["path"] for call in seen}
    log = hub.log.read_text()
    assert "token=" not in log
    assert state not in log


async def test_a_seller_who_gives_no_access_is_not_connected(hub: Hub) -> None:
    shop = await hub.open_shop()
    async with logging_in(hub, shop) as seller:
        page = await seller.answer("reject")  # the marketplace gives no state back then
        status, _ = await back(hub, f"state={state_of(seller.address)}")  # another one does
        code, printed = await seller.printed()

    assert "Tradera gave no access" in page
    assert (status, code) == (400, 1)
    assert "gave no access" in printed["error"]["message"]
    assert (await hub.cli("connection", "list", "--account", shop.principal.account_name))[
        "connections"
    ] == []


async def test_a_login_that_nobody_makes_ends_and_says_so(hub: Hub) -> None:
    shop = await hub.open_shop()
    async with logging_in(hub, shop) as seller:
        async with hub.db.transaction() as tx:
            await tx.run(
                "update login_attempts set expires_at = now() where account_id = %(account_id)s",
                {"account_id": shop.principal.account_id},
            )
        code, printed = await seller.printed()
        status, page = await back(hub, f"userId=77&state={state_of(seller.address)}")

    assert (code, status) == (1, 400)
    assert "nobody logged in within 15 minutes" in printed["error"]["message"]
    assert "has expired" in page
