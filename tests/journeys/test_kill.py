"""Kill -9 at any moment: nothing that was accepted is lost, nothing is doubled."""

import asyncio
import os
import random
from collections import defaultdict

import aiohttp
import pytest

from saluhall.practice.partner import Hosted
from tests.conftest import StartHub
from tests.hub import Hub, Shop
from tests.images import jpeg
from tests.safety.processes import processes_of, until_ended, worker_of

SEED = int(os.environ.get("SALUHALL_TEST_SEED") or random.SystemRandom().randrange(10**6))
ITEMS = [f"KILL-{number}" for number in range(24)]
KILLS = 5
SECONDS_OF_PUSHING = 5.0


async def push(shop: Shop, external_id: str, **item: object) -> None:
    """PUT until it is answered, as a careful client does."""
    urls = [f"{shop.hub.partner.url}/{external_id}.jpg", f"{shop.hub.partner.url}/2.jpg"]
    for _ in range(300):
        try:
            await shop.put(external_id, imageUrls=urls, autoPublishTradera=True, **item)
        except (aiohttp.ClientError, TimeoutError):
            await asyncio.sleep(0.1)
        else:
            return
    raise AssertionError(external_id)


async def take_off(shop: Shop, external_id: str) -> None:
    for _ in range(300):
        try:
            await shop.patch(external_id, "status", {"status": "not_listed"})
        except (aiohttp.ClientError, TimeoutError):
            await asyncio.sleep(0.1)
        else:
            return
    raise AssertionError(external_id)


async def kill_the_server(hub: Hub) -> None:
    children = processes_of(hub)
    await hub.kill()
    await until_ended(children)
    await hub.start()


async def kill_the_worker(hub: Hub) -> None:
    for _ in range(200):
        if worker := worker_of(hub):
            worker.kill()
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the server started no worker again")


async def kill_at_random(hub: Hub, chance: random.Random) -> None:
    victims = [kill_the_server, kill_the_worker] * KILLS
    for kill in chance.sample(victims[:KILLS], KILLS):
        await asyncio.sleep(chance.uniform(0.2, 1.5))
        await kill(hub)


def ids_of_events(shop: Shop) -> dict[tuple[str, str], set[str]]:
    found = defaultdict(set)
    for event in shop.events():
        found[event["eventType"], event["data"]["externalId"]].add(event["eventId"])
    return found


@pytest.mark.long
async def test_whoever_is_killed_whenever_each_item_is_listed_once_and_each_event_keeps_its_id(
    start_hub: StartHub,
) -> None:
    print(f"SALUHALL_TEST_SEED={SEED}")  # noqa: T201 - pytest shows it when the test fails
    chance = random.Random(SEED)  # noqa: S311 - not a secret
    hub = await start_hub()
    shop = await hub.open_selling_shop()
    for name in ITEMS:
        image = Hosted(body=jpeg(name), delay_s=chance.uniform(0, 0.3))
        hub.partner.images[f"/{name}.jpg"] = image

    async def push_in_time(name: str) -> None:
        await asyncio.sleep(chance.uniform(0, SECONDS_OF_PUSHING))
        await push(shop, name)

    await asyncio.gather(kill_at_random(hub, chance), *map(push_in_time, ITEMS))
    for name in ITEMS:
        await shop.heard("listing.created", name, timeout_s=60)
    ended, kept = ITEMS[:8], ITEMS[8:]
    await asyncio.gather(kill_the_worker(hub), *(take_off(shop, name) for name in ended))
    for name in ended:
        await shop.heard("listing.ended", name, timeout_s=60)
    await hub.settle(timeout_s=60)

    titles = sorted(item["title"] for item in await hub.market.items())
    assert titles == sorted(f"Part {name}" for name in ITEMS)
    for name in kept:
        assert (await shop.get(name))["traderaStatus"] == "active"
    events = ids_of_events(shop)
    assert {key: ids for key, ids in events.items() if len(ids) != 1} == {}
    told = ("item.created", "item.images_ready", "listing.created")
    assert {(event, name) for event in told for name in ITEMS} <= events.keys()
    assert {name for event, name in events if event == "listing.ended"} == set(ended)
    assert not [event for event, _ in events if event == "listing.failed"]
