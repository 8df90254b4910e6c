"""What the marketplace, or our own check, refuses: the seller hears why, and nothing is lost."""

import asyncio

from tests.hub import Market, Shop

WEEK_AND_MORE = 8 * 86400


async def test_a_price_that_bids_forbid_is_told_and_stays_in_the_hub(shop: Shop) -> None:
    ad = await shop.listed("A", price=500)
    await shop.hub.market.bid(ad, 800)

    await shop.patch("A", "price", {"price": 400})
    failed = await shop.heard("listing.failed", "A")
    await shop.put("A", price=400, description="The same price does not ask again.")

    assert failed["data"]["error"].startswith("Tradera kept the old price")
    shown = await shop.until("A", traderaStatus="active")
    assert (shown["price"], shown["rheoStatus"]) == (400, "active")
    assert shown["traderaError"] == failed["data"]["error"]
    assert len(await shop.failures("A")) == 1
    assert (await shop.hub.market.item(ad))["startPrice"] == 500


async def test_an_auction_with_bids_cannot_be_ended_and_is_sold_in_the_end(shop: Shop) -> None:
    names = ["UNLISTED", "DELETED", "SOLD ELSEWHERE"]
    ads = await asyncio.gather(*(shop.listed(name, price=300) for name in names))
    for ad in ads:
        await shop.hub.market.bid(ad, 350)

    await shop.patch("UNLISTED", "status", {"status": "not_listed"})
    await shop.delete("DELETED")
    await shop.patch("SOLD ELSEWHERE", "status", {"status": "sold"})
    failures = await asyncio.gather(*(shop.heard("listing.failed", name) for name in names))
    for name, status in zip(names, ("not_listed", "archived", "sold"), strict=True):
        await shop.until(name, rheoStatus=status, traderaStatus="active")
    await shop.hub.market.advance(WEEK_AND_MORE)

    for name, status in zip(names, ("sold", "archived", "sold"), strict=True):
        await shop.until(name, rheoStatus=status, traderaStatus="sold")
        [sold] = await shop.told("item.sold", name)
        platform = "rheo" if name == "SOLD ELSEWHERE" else "tradera"
        assert (sold["data"]["platform"], sold["data"]["salePrice"]) == (platform, 300)
    assert {f["data"]["error"] for f in failures} == {"The auction has bids and cannot be ended"}
    [_, oversold] = await shop.failures("SOLD ELSEWHERE")
    assert "one of the two sales must be cancelled" in oversold


async def test_an_auction_sold_before_its_end_was_asked_for_is_a_sale(shop: Shop) -> None:
    ad = await shop.listed("A")
    await shop.hub.market.bid(ad, 950)

    await shop.hub.market.advance(WEEK_AND_MORE)
    await shop.delete("A")
    sold = await shop.heard("item.sold", "A")

    assert sold["data"]["salePrice"] == 950
    assert (await shop.get("A"))["rheoStatus"] == "archived"
    assert await shop.told("listing.ended", "A") == []


async def test_refused_data_is_told_and_new_data_is_listed(shop: Shop) -> None:
    reason = "Tradera takes whole SEK only; the price is 949.50 SEK"
    body = {"title": "Part A", "price": 949.50, "shippingCost": 49, "autoPublishTradera": True}
    _, answer = await shop.call("PUT", shop.path("A"), body)
    assert answer["message"].endswith(f"Not listed: {reason}.")
    failed = await shop.heard("listing.failed", "A")
    assert failed["data"]["error"] == reason
    assert (await shop.get("A"))["traderaStatus"] == "sync_error"

    await shop.patch("A", "price", {"price": 949})
    await shop.heard("listing.created", "A")

    assert [ad["startPrice"] for ad in await shop.ads()] == [949]
    assert len(await shop.failures("A")) == 1
    assert (await shop.get("A"))["traderaError"] is None


async def test_new_data_that_comes_while_old_data_is_being_refused_is_listed(shop: Shop) -> None:
    market = shop.hub.market
    await market.faults(
        {"method": "POST", "path": "/v4/listings/items", "status": 400, "delay_s": 1, "times": 1}
    )
    await shop.put("A", autoPublishTradera=True)
    await shop.until_called("/v4/listings/items", "POST")

    await shop.put("A", title="A better title")
    await shop.heard("listing.created", "A")

    assert [ad["title"] for ad in await shop.ads()] == ["A better title"]


async def test_a_listing_the_marketplace_refused_later_is_told_and_listed_with_new_data(
    shop: Shop, calm_market: Market
) -> None:
    await shop.hub.settle()  # what another journey has left may not take the refusal
    await calm_market.control("PUT", "/results", [{"resultCode": 4, "times": 1}])
    await shop.put("A", autoPublishTradera=True)
    failed = await shop.heard("listing.failed", "A")

    await shop.put("A", title="Another title", autoPublishTradera=True)
    await shop.heard("listing.created", "A")

    assert failed["data"]["error"].startswith("Tradera refused the listing")
    assert [ad["title"] for ad in await shop.ads() if not ad["ended"]] == ["Another title"]
