"""Access to the marketplace that is missing, wrong or over: told once for each waiting item, resumed by itself."""

import asyncio
from datetime import timedelta

import pytest

from saluhall.kit.clock import utc_now
from tests.hub import Hub, Shop

EXPIRED = "Tradera token has expired. Partner must reconnect their Tradera account."


@pytest.fixture
async def shut_shop(hub: Hub) -> Shop:
    """An account that hears every event and is connected nowhere."""
    shop = await hub.open_shop()
    await shop.listen()
    return shop


@pytest.mark.parametrize("how", ["its time is over", "the marketplace says so"])
async def test_an_expired_token_is_told_once_per_item_and_reconnecting_resumes(
    shut_shop: Shop, how: str
) -> None:
    shop = shut_shop
    is_over = how == "its time is over"
    if is_over:
        await shop.connect(expires_at=utc_now() - timedelta(minutes=1))
    else:
        await shop.hub.market.seller(shop.user_id, "another token")
        await shop.connect("tok", known=False)

    await asyncio.gather(*(shop.put(name, autoPublishTradera=True) for name in "ABC"))
    for name in "ABC":
        failed = await shop.heard("listing.failed", name)
        assert failed["data"]["error"] == EXPIRED
    await shop.until("A", traderaStatus="sync_error", traderaError=EXPIRED)
    calls = len(await shop.calls())
    await shop.put("A", price=700)
    await shop.put("LATE", autoPublishTradera=True)
    await shop.heard("listing.failed", "LATE")
    await asyncio.sleep(2.5)  # time for a poll

    assert len(await shop.calls()) == calls <= (0 if is_over else 5)  # three creates, two of a poll
    assert [await shop.failures(name) for name in "ABC"] == [[EXPIRED]] * 3
    listed = await shop.hub.cli("connection", "list", "--account", shop.principal.account_name)
    assert [(c["state"], c["reason"]) for c in listed["connections"]] == [("disconnected", EXPIRED)]

    await shop.connect("a new token")
    await asyncio.gather(*(shop.heard("listing.created", name) for name in ("A", "B", "C", "LATE")))
    assert sorted(ad["startPrice"] for ad in await shop.ads()) == [700, 950, 950, 950]
    assert (await shop.get("A"))["traderaError"] is None


async def test_a_token_that_is_revoked_parks_changes_of_standing_ads_too(shop: Shop) -> None:
    ad, other = await asyncio.gather(shop.listed("A"), shop.listed("B"))
    await shop.hub.market.seller(shop.user_id, "another token")

    await shop.patch("A", "price", {"price": 800})
    await shop.delete("B")
    await asyncio.gather(shop.heard("listing.failed", "A"), shop.heard("listing.failed", "B"))
    await shop.patch("A", "price", {"price": 810})
    await shop.connect("another token")
    await shop.heard("listing.ended", "B")
    await shop.settle()

    assert (await shop.hub.market.item(ad))["startPrice"] == 810
    assert (await shop.hub.market.item(other))["ended"]
    assert await shop.failures("A") == [EXPIRED]


async def test_a_first_connection_lists_what_waited_for_one(shut_shop: Shop) -> None:
    shop = shut_shop
    urls = [f"{shop.hub.partner.url}/1.jpg"]
    for name in ("A", "UNWANTED", "GONE"):
        await shop.put(name, imageUrls=urls, autoPublishTradera=True)
        failed = await shop.heard("listing.failed", name)
        assert failed["data"]["error"].startswith("No Tradera account is connected.")
    await shop.put("A", price=800)
    await shop.patch("UNWANTED", "status", {"status": "not_listed"})
    await shop.delete("GONE")
    await shop.settle()
    assert (await shop.get("UNWANTED"))["traderaError"] is None

    await shop.connect()
    await shop.heard("listing.created", "A")
    await shop.settle()

    assert [(ad["title"], ad["startPrice"]) for ad in await shop.ads()] == [("Part A", 800)]
    assert len(await shop.failures("A")) == 1


async def test_what_is_not_wanted_any_more_needs_no_access(shut_shop: Shop) -> None:
    shop = shut_shop
    await shop.connect(expires_at=utc_now() - timedelta(minutes=1))
    await shop.put("A", autoPublishTradera=True)
    await shop.heard("listing.failed", "A")

    await shop.patch("A", "status", {"status": "not_listed"})
    shown = await shop.until("A", traderaStatus="ended", traderaError=None)

    assert shown["rheoStatus"] == "not_listed"
    assert await shop.failures("A") == [EXPIRED]


async def test_a_failure_of_the_old_token_does_not_stop_the_new_one(shut_shop: Shop) -> None:
    shop = shut_shop
    await shop.connect()
    await shop.hub.market.faults(
        {"method": "POST", "path": "/v4/listings/items", "delay_s": 6, "times": 1, "status": 403}
    )
    await shop.put("A", autoPublishTradera=True)
    await asyncio.sleep(2.5)
    await (
        shop.connect()
    )  # the log-in made again; what the old one is told after this counts no more

    await shop.heard("listing.created", "A")
    assert await shop.failures("A") == []
