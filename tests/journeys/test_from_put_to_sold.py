"""The main job, end to end."""

from tests.hub import Hub, Shop


async def test_an_item_goes_from_put_to_sold(hub: Hub, shop: Shop) -> None:
    urls = [f"{hub.partner.url}/1.jpg", f"{hub.partner.url}/2.jpg"]

    await shop.put("A/B 1", imageUrls=urls, autoPublishTradera=True)

    created = await shop.heard("listing.created", "A/B 1")
    shown = await shop.get("A/B 1")
    assert shown["traderaStatus"] == "active"
    assert shown["traderaAdId"] == created["data"]["traderaAdId"]

    await hub.market.bid(int(shown["traderaAdId"]), 1100)
    await hub.market.advance(8 * 86400)

    sold = await shop.heard("item.sold", "A/B 1")
    assert sold["data"]["salePrice"] == 950  # one bidder pays the opening price
    assert (await shop.get("A/B 1"))["rheoStatus"] == "sold"
