"""Slow receivers and dead image hosts of some accounts keep no other account waiting."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from saluhall.practice.partner import Hosted
from tests.hub import Hub

SLOW_S = 8.0
SOON_S = 6.0  # beside other tests; alone it is well under two
SHOPS = 18


@pytest.fixture
async def silent_host() -> AsyncIterator[str]:
    """A host that takes connections and never answers."""
    writers: list[asyncio.StreamWriter] = []

    async def meet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)

    server = await asyncio.start_server(meet, "127.0.0.1", 0)
    yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()
    for writer in writers:
        writer.transport.abort()


async def test_an_item_is_listed_soon_beside_slow_receivers_and_dead_image_hosts(
    hub: Hub, silent_host: str
) -> None:
    neighbour = await hub.open_selling_shop()
    for _ in range(SHOPS):
        slow = await hub.open_shop()
        hub.partner.hooks[slow.hook] = Hosted(delay_s=SLOW_S)
        await slow.listen(["item.created"])
        await slow.put("A", imageUrls=[f"{silent_host}/{n}.jpg" for n in range(5)])

    began = time.monotonic()
    await neighbour.put("B", imageUrls=[f"{hub.partner.url}/1.jpg"], autoPublishTradera=True)
    await neighbour.heard("item.created", "B", timeout_s=SOON_S)
    await neighbour.heard("listing.created", "B", timeout_s=SOON_S)

    assert time.monotonic() - began < SOON_S


async def test_a_slow_endpoint_that_answers_stays_on_and_gets_few_calls_at_once(hub: Hub) -> None:
    shop = await hub.open_shop()
    hub.partner.hooks[shop.hook] = Hosted(delay_s=2.5)
    await shop.listen(["item.created"])
    names = [f"PART {n}" for n in range(20)]
    await asyncio.gather(*(shop.put(name) for name in names))

    await shop.logged(8)

    [endpoint] = await shop.rows(
        "select active, fail_count from endpoints where account_id = %(account_id)s"
    )
    assert (endpoint["active"], endpoint["fail_count"]) == (True, 0)
    arrivals = [r.at for r in shop.received()]
    assert max(sum(at <= other < at + 2 for other in arrivals) for at in arrivals) <= 8
    del hub.partner.hooks[shop.hook]
