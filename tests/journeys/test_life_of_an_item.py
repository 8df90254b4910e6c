"""The life of an item as its seller steers it: price, status, deletion, updates."""

import asyncio

from tests.hub import Shop

WEEK_AND_MORE = 8 * 86400


async def test_a_new_price_of_a_listed_item_reaches_its_ad(shop: Shop) -> None:
    patched, put = await asyncio.gather(shop.listed("PATCHED"), shop.listed("PUT"))

    await shop.patch("PATCHED", "price", {"price": 795})
    await shop.put("PUT", price=1250)
    await shop.settle()

    assert (await shop.hub.market.item(patched))["startPrice"] == 795
    assert (await shop.hub.market.item(put))["startPrice"] == 1250
    assert (await shop.get("PATCHED"))["price"] == 795
    assert len(await shop.ads()) == 2


async def test_a_delisted_item_is_taken_down_and_stays_in_the_hub(shop: Shop) -> None:
    ad = await shop.listed("A")

    await shop.patch("A", "status", {"status": "not_listed"})
    ended = await shop.heard("listing.ended", "A")

    assert ended["data"]["traderaAdId"] == str(ad)
    assert ended["data"]["salePrice"] == 0
    assert (await shop.hub.market.item(ad))["ended"]
    shown = await shop.get("A")
    assert (shown["rheoStatus"], shown["traderaStatus"]) == ("not_listed", "ended")


async def test_an_item_sold_elsewhere_is_told_as_sold_and_its_ad_goes(shop: Shop) -> None:
    ad = await shop.listed("A", price=640)

    await shop.patch("A", "status", {"status": "sold"})
    sold = await shop.heard("item.sold", "A")
    await shop.until("A", traderaStatus="ended")

    assert (sold["data"]["platform"], sold["data"]["salePrice"]) == ("rheo", 640)
    assert (await shop.hub.market.item(ad))["ended"]
    assert (await shop.get("A"))["rheoStatus"] == "sold"
    assert len(await shop.told("item.sold", "A")) == 1


async def test_the_documented_webhook_test_works_without_a_listing(shop: Shop) -> None:
    await shop.put("TEST_001", autoPublishTradera=False, price=100)
    await shop.patch("TEST_001", "status", {"status": "sold"})

    sold = await shop.heard("item.sold", "TEST_001")

    assert sold["data"]["salePrice"] == 100


async def test_a_deleted_item_is_gone_once_its_ad_is_down(shop: Shop) -> None:
    ad = await shop.listed("A")

    await shop.delete("A")

    assert (await shop.call("GET", shop.path("A")))[0] == 404
    ended = await shop.heard("listing.ended", "A")
    assert ended["data"]["traderaAdId"] == str(ad)
    assert (await shop.hub.market.item(ad))["ended"]
    await shop.settle()
    assert await shop.rows("select sku from products where account_id = %(account_id)s") == []


async def test_a_draft_that_is_deleted_is_gone_at_once(shop: Shop) -> None:
    await shop.put("A")

    await shop.delete("A")

    assert (await shop.call("GET", shop.path("A")))[0] == 404
    assert (await shop.call("DELETE", shop.path("A")))[0] == 404


async def test_an_item_deleted_while_it_is_being_listed_leaves_no_ad_behind(shop: Shop) -> None:
    await shop.hub.market.faults(
        {"method": "POST", "path": "/v4/listings/items", "delay_s": 1, "times": 1}
    )
    await shop.put("A", autoPublishTradera=True)
    await asyncio.sleep(0.5)

    await shop.delete("A")
    assert (await shop.call("GET", shop.path("A")))[0] == 404
    await asyncio.sleep(1.5)
    await shop.settle()

    assert [ad for ad in await shop.ads() if not ad["ended"]] == []
    assert await shop.rows("select sku from products where account_id = %(account_id)s") == []


async def test_an_item_that_tradera_sold_is_archived_when_deleted(shop: Shop) -> None:
    ad = await shop.listed("A")
    await shop.hub.market.bid(ad, 1000)
    await shop.hub.market.advance(WEEK_AND_MORE)
    await shop.heard("item.sold", "A")

    await shop.delete("A")

    assert (await shop.get("A"))["rheoStatus"] == "archived"


async def test_an_item_deleted_and_put_again_is_listed_once(shop: Shop) -> None:
    await asyncio.gather(shop.listed("AT ONCE"), shop.listed("LATER"), shop.listed("UNLISTED"))

    await shop.delete("AT ONCE")
    await shop.put("AT ONCE", autoPublishTradera=True, price=500)
    await shop.delete("UNLISTED")
    await shop.put("UNLISTED", autoPublishTradera=False)
    await shop.delete("LATER")
    await shop.heard("listing.ended", "LATER")
    await shop.settle()
    await shop.put("LATER", autoPublishTradera=True, price=700)
    await asyncio.gather(
        shop.until("AT ONCE", traderaStatus="active"),
        shop.until("LATER", traderaStatus="active"),
        shop.until("UNLISTED", rheoStatus="active"),
    )
    await shop.settle()

    running = [ad for ad in await shop.ads() if not ad["ended"]]
    assert sorted((ad["title"], ad["startPrice"]) for ad in running) == [
        ("Part AT ONCE", 500),
        ("Part LATER", 700),
    ]


async def test_an_item_put_again_while_its_ad_is_being_taken_down_is_listed_again(
    shop: Shop,
) -> None:
    first = await shop.listed("A")
    await shop.hub.market.faults({"method": "DELETE", "path": "*", "delay_s": 1, "times": 1})
    await shop.delete("A")
    await asyncio.sleep(0.5)

    await shop.put("A", autoPublishTradera=True)
    await shop.heard("listing.ended", "A")
    shown = await shop.until("A", traderaStatus="active")

    assert shown["traderaAdId"] != str(first)
    await shop.settle()
    assert [ad["ended"] for ad in await shop.ads()] == [True, False]


async def test_an_auction_without_bids_ends_and_is_told(shop: Shop) -> None:
    ad = await shop.listed("A")

    await shop.hub.market.advance(WEEK_AND_MORE)
    ended = await shop.heard("listing.ended", "A")
    await shop.put("A", price=500)
    await shop.settle()

    assert ended["data"]["traderaAdId"] == str(ad)
    shown = await shop.get("A")
    assert (shown["rheoStatus"], shown["traderaStatus"]) == ("active", "ended")
    assert len(await shop.ads()) == 1  # an update never lists again
    assert len(await shop.told("listing.ended", "A")) == 1


async def test_an_update_keeps_what_it_leaves_out_and_clears_what_is_null(shop: Shop) -> None:
    await shop.put(
        "A",
        description="Begagnat original",
        weightKg=3.2,
        metadata={"shelf": "B4"},
        domain={"domain": "auto_parts", "part": {"oemNumber": "31400452"}},
    )
    first = await shop.get("A")

    await shop.put("A", title="A new title")
    kept = await shop.get("A")
    await shop.put("A", title="A new title", metadata=None, domain=None, description=None)
    cleared = await shop.get("A")

    assert kept == first | {"title": "A new title"}
    assert kept["metadata"] == {"shelf": "B4"}
    assert cleared["metadata"] == {}
    assert "part" not in cleared["extendedAttributes"]
    [row] = await shop.rows(
        "select description, weight_kg from products where account_id = %(account_id)s"
    )
    assert (row["description"], float(row["weight_kg"])) == (None, 3.2)


async def test_only_a_new_item_with_auto_publish_is_ever_listed(shop: Shop) -> None:
    await shop.put("QUIET", autoPublishTradera=False)
    await shop.put("SILENT")
    await shop.put("QUIET", autoPublishTradera=True)
    await shop.put("CAR", type="container", autoPublishTradera=True)
    await shop.put("DOOR", parentExternalId="CAR", autoPublishTradera=True)
    await shop.heard("listing.created", "DOOR")
    await shop.put("CAR", type="item", autoPublishTradera=True)
    await shop.settle()

    assert [ad["title"] for ad in await shop.ads()] == ["Part DOOR"]
    for external_id in ("QUIET", "SILENT", "CAR"):
        assert (await shop.get(external_id))["traderaStatus"] is None


async def test_a_change_while_an_item_is_being_listed_makes_no_second_ad(shop: Shop) -> None:
    await shop.hub.market.faults(
        {"method": "POST", "path": "/v4/listings/items", "delay_s": 1, "times": 1}
    )
    await shop.put("A", autoPublishTradera=True)
    await asyncio.sleep(0.5)

    await shop.put("A", price=500)
    await shop.patch("A", "price", {"price": 600})
    await shop.heard("listing.created", "A")
    await shop.settle()

    assert [ad["startPrice"] for ad in await shop.ads()] == [600]
    assert len(await shop.told("listing.created", "A")) == 1
