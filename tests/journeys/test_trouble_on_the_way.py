"""Trouble between the hub and the marketplace: lost and late answers, failures. Whatever happens, an item has one ad."""

import asyncio

import pytest

from tests.conftest import StartHub
from tests.hub import Market, Shop

CREATE = "/v4/listings/items"
IMAGES = "/v4/listings/items/*/images"
COMMIT = "/v4/listings/items/*/commit"
RESULTS = "/v4/listings/request-results"


@pytest.mark.parametrize("path", [CREATE, IMAGES, COMMIT])
async def test_a_lost_answer_makes_no_second_listing(
    shop: Shop, calm_market: Market, path: str
) -> None:
    await calm_market.faults({"method": "POST", "path": path, "drop": True, "times": 1})

    await shop.listed("A", imageUrls=[f"{shop.hub.partner.url}/1.jpg"])
    await shop.settle()

    assert len(await shop.ads()) == 1
    assert (await shop.calls(path))[0]["dropped"]
    assert len(await shop.told("listing.created", "A")) == 1
    assert await shop.failures("A") == []


async def test_failures_on_every_path_only_cost_time(shop: Shop, calm_market: Market) -> None:
    await calm_market.faults(
        *({"method": "POST", "path": p, "status": 500, "times": 2} for p in (CREATE, IMAGES)),
        {"method": "POST", "path": COMMIT, "status": 503, "times": 1},
        {"method": "GET", "path": RESULTS, "status": 502, "times": 1},
    )
    urls = [f"{shop.hub.partner.url}/1.jpg"]

    names = ["A", "B", "C", "D", "E"]
    await asyncio.gather(*(shop.listed(name, imageUrls=urls) for name in names))
    await shop.settle()

    ads = await shop.ads()
    assert sorted(ad["title"] for ad in ads) == [f"Part {name}" for name in names]
    assert {call["status"] for call in await shop.calls()} >= {500, 502, 503}
    for name in names:
        assert len(await shop.told("listing.created", name)) == 1
        assert await shop.failures(name) == []


@pytest.mark.long
async def test_a_price_change_and_an_end_survive_failures_and_lost_answers(
    shop: Shop, calm_market: Market
) -> None:
    names = ["PRICE 1", "PRICE 2", "END 1", "END 2"]
    ads = dict(zip(names, await asyncio.gather(*map(shop.listed, names)), strict=True))
    await calm_market.faults(
        {"method": "PUT", "path": "/v4/listings/items/*/price", "status": 500, "times": 1},
        {"method": "PUT", "path": "/v4/listings/items/*/price", "drop": True, "times": 1},
        {"method": "DELETE", "path": "/v4/listings/items/*", "status": 500, "times": 1},
        {"method": "DELETE", "path": "/v4/listings/items/*", "drop": True, "times": 1},
    )

    for name in names[:2]:
        await shop.patch(name, "price", {"price": 700})
    for name in names[2:]:
        await shop.delete(name)
    await asyncio.gather(*(shop.heard("listing.ended", name) for name in names[2:]))
    await shop.settle()

    shelf = {ad["itemId"]: ad for ad in await shop.ads()}
    assert [shelf[ads[name]]["startPrice"] for name in names[:2]] == [700, 700]
    assert [shelf[ads[name]]["ended"] for name in names] == [False, False, True, True]
    assert [len(await shop.told("listing.ended", name)) for name in names[2:]] == [1, 1]


@pytest.mark.long
async def test_a_seller_hears_once_of_a_marketplace_that_keeps_failing(
    shop: Shop, calm_market: Market
) -> None:
    await calm_market.faults({"method": "POST", "path": CREATE, "status": 503})
    await shop.put("A", autoPublishTradera=True)
    reason = "Tradera is in trouble: Trouble was ordered"
    async with asyncio.timeout(30):
        while not ((item := await shop.get("A"))["traderaError"] or "").startswith(reason):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.05)
    # From the first failure on the item says why it waits, and until when.
    assert (item["traderaStatus"], "traderaNextTryAt" in item) == ("pending_sync", True)

    failed = await shop.heard("listing.failed", "A", timeout_s=60)
    assert (await shop.get("A"))["traderaStatus"] == "sync_error"
    await calm_market.faults()
    await shop.patch("A", "price", {"price": 800})  # new data does not wait for the next try
    await shop.heard("listing.created", "A")

    assert "Trouble was ordered" in failed["data"]["error"]
    assert len(await shop.failures("A")) == 1
    assert [ad["startPrice"] for ad in await shop.ads()] == [800]
    shown = await shop.get("A")
    assert (shown["traderaError"], "traderaNextTryAt" in shown) == (None, False)
    lines = [line for line in shop.hub.lines() if line.get("name") == "tradera"]
    assert "channel unavailable" in {line["event"] for line in lines}


@pytest.mark.long
async def test_answers_that_come_after_the_time_limit_make_no_second_listing(
    start_hub: StartHub,
) -> None:
    hub = await start_hub(SALUHALL_TRADERA_TIMEOUT_S="1")
    shop = await hub.open_selling_shop()
    await hub.market.faults(
        *({"path": path, "delay_s": 1.5, "times": 1} for path in (CREATE, COMMIT, RESULTS))
    )

    await asyncio.gather(shop.listed("A"), shop.listed("B"))
    await shop.settle()

    assert sorted(ad["title"] for ad in await shop.ads()) == ["Part A", "Part B"]
    assert await shop.failures("A") + await shop.failures("B") == []


async def test_an_outcome_that_asks_to_try_again_is_tried_again(
    shop: Shop, calm_market: Market
) -> None:
    await calm_market.control("PUT", "/results", [{"resultCode": 20, "times": 1}])

    await shop.listed("A")
    await shop.settle()

    assert len([ad for ad in await shop.ads() if not ad["ended"]]) == 1


@pytest.mark.long
async def test_the_last_price_stands_there_when_the_answer_to_an_earlier_one_was_lost(
    shop: Shop, calm_market: Market
) -> None:
    ad = await shop.listed("A", price=950)
    path = "/v4/listings/items/*/price"
    await calm_market.faults({"method": "PUT", "path": path, "drop": True, "times": 1})

    await shop.patch("A", "price", {"price": 800})
    async with asyncio.timeout(30):
        while (await calm_market.item(ad))["startPrice"] != 800:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.05)
    await shop.patch("A", "price", {"price": 950})
    await shop.settle()

    assert (await calm_market.item(ad))["startPrice"] == 950
    assert await shop.failures("A") == []
