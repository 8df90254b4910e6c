"""The real channel against the practice marketplace: shop items, with a fixed price and a quantity."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from saluhall.capabilities import Format
from saluhall.channel import (
    Change,
    Live,
    Offer,
    Progress,
    Refusal,
    Rejected,
    RemoteListing,
    RemoteState,
    Unavailable,
)
from saluhall.channel_orders import Acknowledged, Shipment
from saluhall.channels.tradera import shop
from saluhall.channels.tradera.items import remote_listing_from_item
from saluhall.channels.tradera.settings import Settings
from saluhall.channels.tradera.shop_changes import changed_content, refusals
from saluhall.channels.tradera.translate import shop_item_from_offer
from saluhall.channels.tradera.wire import Item, ItemStatus
from saluhall.kit.clock import utc_now
from tests.channels.tradera.practice import TOKEN, USER_ID, Market, offer, submit, submitted
from tests.contract.hub_side import Notebook, image

SHOP = "/v4/listings/shop-items"


def fixed(**changes: Any) -> Offer:
    return offer(**{"format": Format.FIXED, "quantity": 5} | changes)


def change(listing: Live, **wanted: Any) -> Change:
    return Change(external_id=listing.external_id, format=Format.FIXED, **wanted)


async def update(market: Market, *changes: Change) -> list[Exception | None]:
    return list(await market.channel().update(changes))


async def only(market: Market, listing: Live) -> RemoteListing:
    (there,) = await market.channel().read([listing.external_id])
    return there


async def buy(market: Market, listing: Live, quantity: int = 1) -> str:
    body = {"buyer": "eva", "quantity": quantity}
    bought = await market.turn("POST", f"items/{listing.external_id}/buy", body)
    return str(bought["orderId"])


async def test_a_shop_item_is_published_with_one_call(market: Market) -> None:
    made = await market.publish(fixed())

    (item,) = await market.items()
    assert (item["itemType"], item["quantity"], item["images"]) == (4, 5, 2)
    assert (item["buyItNowPrice"], item["ownReferences"][0]) == (950, fixed().key)
    assert (await market.calls())[0] == f"POST {SHOP}"
    there = await only(market, made)
    assert (there.format, there.state, there.price) == (
        Format.FIXED,
        RemoteState.LIVE,
        Decimal(950),
    )
    assert (there.quantity, there.ends_at) == (5, None)


@pytest.mark.parametrize("trouble", [{"drop": True}, {"status": 500}, {"status": 429}])
async def test_trouble_at_the_create_never_makes_two_shop_items(
    market: Market, trouble: dict[str, object]
) -> None:
    await market.fault("POST", SHOP, **trouble)
    notes = Notebook()
    with pytest.raises(Unavailable):
        await market.channel().publish(fixed(), progress=notes.progress, save=notes.save)
    market.turn_clock(minutes=3)

    made = await submit(market.channel(), fixed(), notes)

    assert (made.quantity, made.price) in {(5, Decimal(950)), (None, None)}
    assert len(await market.items()) == 1


async def test_what_may_still_be_in_the_queue_is_not_created_again(market: Market) -> None:
    await market.turn("PUT", "rules", {"settle_s": 60})
    await market.fault("POST", SHOP, drop=True)
    notes = Notebook()
    with pytest.raises(Unavailable):
        await market.channel().publish(fixed(), progress=notes.progress, save=notes.save)
    assert notes.progress.may_be_live

    with pytest.raises(Unavailable, match="in its queue") as error:
        await market.channel().publish(fixed(), progress=notes.progress, save=notes.save)
    assert error.value.retry_in is not None
    assert timedelta(seconds=100) < error.value.retry_in <= timedelta(minutes=2)
    await market.turn("POST", "clock", {"advance_s": 90})

    made = await market.channel().publish(fixed(), progress=notes.progress, save=notes.save)
    assert isinstance(made, Live)
    assert len(await market.items()) == 1


async def test_a_death_after_the_create_finds_the_shop_item_again(market: Market) -> None:
    notes = Notebook()
    await submitted(market.channel(), fixed(), notes)  # and the process dies before it is recorded

    made = await submit(market.channel(), fixed(), notes)

    assert len(await market.items()) == 1
    assert made.external_id == str((await market.items())[0]["itemId"])


async def test_a_seller_without_a_shop_reads_that_one_is_needed(market: Market) -> None:
    await market.turn("POST", "sellers", {"userId": USER_ID, "token": TOKEN, "shop": False})
    notes = Notebook()

    with pytest.raises(Rejected, match="has no active shop"):
        await market.channel().publish(fixed(), progress=Progress(), save=notes.save)

    assert notes.progress == Progress()


async def test_a_full_shop_refuses_the_item(market: Market) -> None:
    await market.turn("PUT", "results", [{"resultCode": 64}])
    channel = market.channel()
    progress = await submitted(channel, fixed(), Notebook())
    await channel.check({"a": progress})

    outcome = (await channel.check({"a": progress}))["a"]

    assert isinstance(outcome, Refusal)
    assert "as many items as it may" in outcome.reason


async def test_many_prices_are_changed_with_one_call(market: Market) -> None:
    made = [await market.publish(fixed(key=f"lst_{n}", images=[])) for n in range(3)]
    before = len(await market.calls())

    results = await update(
        market, *(change(each, price=Decimal(700 + n)) for n, each in enumerate(made))
    )

    assert results == [None] * 3
    assert (await market.calls())[before] == f"PUT {SHOP}/prices"
    assert [item["buyItNowPrice"] for item in await market.items()] == [700, 701, 702]


async def test_each_change_of_a_batch_has_its_own_result(market: Market) -> None:
    made = await market.publish(fixed())
    gone = Live(external_id="7", url="")

    wrong, missing, good = await update(
        market,
        Change(external_id="8", format=Format.FIXED, price=Decimal("9.50")),
        change(gone, price=Decimal(5)),
        change(made, price=Decimal(800)),
    )

    assert good is None
    assert "the price is 9.50 SEK" in str(wrong)
    assert isinstance(missing, Rejected)
    assert "does not exist" in str(missing)


async def test_a_price_that_tradera_has_not_decided_on_is_unclear(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shop, "PAUSES_S", (0.01, 0.01))
    made = await market.publish(fixed())
    await market.turn("PUT", "rules", {"settle_s": 3600})

    (failure,) = await update(market, change(made, price=Decimal(800)))

    assert isinstance(failure, Unavailable)
    assert failure.unclear


async def test_many_quantities_are_set_with_one_call_after_one_read(market: Market) -> None:
    made = [await market.publish(fixed(key=f"lst_{n}", images=[])) for n in range(3)]
    before = len(await market.calls())

    results = await update(
        market, *(change(e, quantity=n, known_quantity=5) for n, e in enumerate(made))
    )

    assert results == [None] * 3
    assert (await market.calls())[before:] == [
        "GET /v4/listings/seller-items",
        f"PUT {SHOP}/quantities",
    ]
    assert [item["quantity"] for item in await market.items()] == [0, 1, 2]


async def test_a_sale_that_the_hub_has_not_seen_is_not_sold_again(market: Market) -> None:
    made = await market.publish(fixed(quantity=2))
    await buy(market, made)

    (failure,) = await update(market, change(made, quantity=5, known_quantity=2))

    assert failure is None
    assert (await only(market, made)).quantity == 4


async def test_quantity_zero_stays_and_can_be_raised_again(market: Market) -> None:
    made = await market.publish(fixed())

    assert await update(market, change(made, quantity=0, known_quantity=5)) == [None]
    assert ((await only(market, made)).state, (await only(market, made)).quantity) == ("live", 0)
    assert await update(market, change(made, quantity=3, known_quantity=0)) == [None]
    assert (await only(market, made)).quantity == 3


@pytest.mark.parametrize("path", [f"{SHOP}/prices", f"{SHOP}/quantities", SHOP])
async def test_a_lost_response_to_a_change_is_unclear_and_the_next_one_is_right(
    market: Market, path: str
) -> None:
    made = await market.publish(fixed())
    changes: dict[str, dict[str, Any]] = {
        f"{SHOP}/prices": {"price": Decimal(800)},
        f"{SHOP}/quantities": {"quantity": 9, "known_quantity": 5},
        SHOP: {"content": fixed(title="Bromsok bak"), "quantity": 9, "known_quantity": 5},
    }
    wanted = changes[path]
    await market.fault("PUT", path, drop=True, times=2)  # aiohttp repeats an idempotent call once

    (failure,) = await update(market, change(made, **wanted))
    assert isinstance(failure, Unavailable)
    assert failure.unclear
    await market.turn("PUT", "faults", [])
    assert await update(market, change(made, **wanted)) == [None]

    (item,) = await market.items()
    assert item["quantity"] == wanted.get("quantity", 5)
    assert item["buyItNowPrice"] == wanted.get("price", 950)


async def test_content_is_changed_in_place_and_images_only_when_they_are_others(
    market: Market,
) -> None:
    first = fixed(images=[image(key="a")])
    made = await market.publish(first)
    texts = fixed(title="Bromsok bak", images=[image(key="a")])
    images = fixed(title="Bromsok bak", images=[image(key="b"), image(key="c")])

    assert await update(market, change(made, content=texts, price=Decimal(800))) == [None]
    (item,) = await market.items()
    assert (item["title"], item["images"], item["buyItNowPrice"]) == ("Bromsok bak", 1, 800)
    assert await update(market, change(made, content=images)) == [None]
    (item,) = await market.items()
    assert (item["itemId"], item["images"], item["quantity"]) == (int(made.external_id), 2, 5)
    assert item["ownReferences"][0] == fixed().key


def test_only_what_differs_from_the_item_is_sent() -> None:
    whole = shop_item_from_offer(fixed(), Settings())
    assert isinstance(whole.ownReferences, list)
    item = Item(
        id=1,
        shortDescription=str(whole.title),
        longDescription="old",
        categoryId=8300,
        itemAttributes=[2],
        ownReferences=whole.ownReferences,
    )

    data, has_other_images = changed_content(whole, item)

    assert not has_other_images
    assert data.description == whole.description
    assert {data.title, data.categoryId, data.price, data.absoluteQuantity} == {data.vat}  # unset


def test_a_refusal_that_names_no_item_leaves_all_of_them_unclear() -> None:
    failures = refusals({"1": 5, "2": 6}, [{"errorMessage": "no"}])
    assert all(isinstance(e, Unavailable) and e.unclear for e in failures.values())
    assert list(refusals({"1": 5, "2": 6}, [{"item": {"id": 2}}])) == ["2"]


async def test_a_shop_item_is_ended_and_ending_it_twice_is_fine(market: Market) -> None:
    made = await market.publish(fixed())
    channel = market.channel()

    assert await channel.end(made.external_id, Format.FIXED) is None
    there = await channel.end(made.external_id, Format.FIXED)

    assert there is not None
    assert there.state is RemoteState.ENDED
    assert await channel.end("7", Format.FIXED) is None


async def test_a_lost_response_to_an_end_is_unclear_and_the_next_one_finds_it_ended(
    market: Market,
) -> None:
    made = await market.publish(fixed())
    await market.fault("DELETE", f"{SHOP}/*", drop=True, times=2)
    with pytest.raises(Unavailable) as error:
        await market.channel().end(made.external_id, Format.FIXED)
    assert error.value.unclear
    await market.turn("PUT", "faults", [])

    there = await market.channel().end(made.external_id, Format.FIXED)
    assert there is None or there.state is RemoteState.ENDED


async def test_sales_of_a_shop_item_are_orders_with_quantity_and_address(market: Market) -> None:
    made = await market.publish(fixed(price=Decimal(100)))
    channel = market.channel()
    start = await channel.changes(None, [made.external_id])
    order_id = await buy(market, made, quantity=2)

    (order,) = (await channel.orders(None)).orders
    changed = await channel.changes(start.cursor, [made.external_id])

    (row,) = order.lines
    assert (order.external_id, order.total - order.shipping_price) == (order_id, Decimal(200))
    assert (row.quantity, row.unit_price, row.own_references[0]) == (2, Decimal(100), fixed().key)
    assert order.ship_to is not None
    assert [(each.state, each.quantity) for each in changed.listings] == [(RemoteState.LIVE, 3)]
    assert await channel.ship(order_id, Shipment()) == Acknowledged()


async def test_an_item_that_sells_out_stays_live_with_nothing_left(market: Market) -> None:
    made = await market.publish(fixed(quantity=1))
    await buy(market, made)

    there = await only(market, made)
    assert (there.state, there.quantity) == (RemoteState.LIVE, 0)


@pytest.mark.parametrize("left", [0, 2])
def test_an_ended_shop_item_is_sold_when_nothing_is_left(left: int) -> None:
    item = Item(id=1, itemType=4, remainingQuantity=left, status=ItemStatus(ended=True))
    state = remote_listing_from_item(item, utc_now()).state
    assert state is (RemoteState.ENDED if left else RemoteState.SOLD)
