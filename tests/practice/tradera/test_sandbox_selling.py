"""From the first bid to the parcel, and what can be changed on the way."""

from typing import Any

import pytest

from tests.practice.tradera.seller_client import SellerClient, auction, fixed

ITEMS = "/v4/listings/items"


async def test_an_auction_is_sold_to_the_highest_bidder_and_shipped(client: SellerClient) -> None:
    item_id = await client.list(auction(startPrice=100))
    await client.bid(item_id, 150, "anna")
    await client.bid(item_id, 300, "bo")
    await client.later(days=8)

    item = await client.item(item_id)
    assert item["status"] == {"ended": True, "gotBidders": True, "gotWinner": True}
    (order,) = await client.good("GET", "/v4/orders?queryDateMode=1")
    assert order["subTotal"] == item["maxBid"] == 160
    assert order["items"][0]["ownReferences"] == ["lst_1"]
    assert (order["buyer"]["alias"], order["shipTo"], order["createdDate"]) == (
        "bo",
        None,
        item["endDate"],
    )
    for _ in range(2):
        shipped = await client.good("POST", f"/v4/orders/{order['orderId']}/ship")
        assert shipped == {"orderId": order["orderId"]}
    (entry,) = await client.good("GET", "/sandbox/items")
    assert (entry["gotWinner"], entry["shipped"]) == (True, True)
    (sale,) = await client.good("GET", "/v4/listings/seller-transactions?filter=4")
    assert (sale["amount"], sale["isMarkedAsShipped"]) == (160, True)


async def test_shipping_moves_an_order_into_the_window_of_changes_once(
    client: SellerClient,
) -> None:
    item_id = await client.list(fixed())
    await client.good("POST", f"/sandbox/items/{item_id}/buy", {"buyer": "anna"})
    (order,) = await client.good("GET", "/v4/orders")
    await client.later(days=1)
    window = f"fromDate={(await client.good('GET', '/v4/reference-data/time'))}"

    before = await client.good("GET", f"/v4/orders?queryDateMode=1&{window}")
    await client.good("POST", f"/v4/orders/{order['orderId']}/ship")
    after = await client.good("GET", f"/v4/orders?queryDateMode=1&{window}")
    created = await client.good("GET", f"/v4/orders?queryDateMode=0&{window}")

    assert (before, len(after), created) == ([], 1, [])
    both = await client.good("GET", f"/v4/orders/{order['orderId']},17")
    assert [o["orderId"] for o in both] == [order["orderId"]]
    assert (await client.call("POST", "/v4/orders/17/ship")).status == 404
    assert (await client.call("GET", "/v4/orders/x")).status == 400


async def test_a_payment_shows_on_the_order(client: SellerClient) -> None:
    item_id = await client.list(fixed())
    await client.good("POST", f"/sandbox/items/{item_id}/buy", {"buyer": "anna"})
    (order,) = await client.good("GET", "/v4/orders")
    await client.good("POST", f"/sandbox/orders/{order['orderId']}/pay")
    (paid,) = await client.good("GET", "/v4/orders")

    assert (order["sellerOrderPayments"], order["shippingCost"]) == (None, 149)
    assert paid["sellerOrderPayments"][0]["amount"] == 649
    assert paid["shipTo"]["city"]


async def test_a_bought_item_is_gone(client: SellerClient) -> None:
    item_id = await client.list(fixed())
    buy = f"/sandbox/items/{item_id}/buy"

    assert (await client.call("POST", buy, {"buyer": "anna"})).status == 200
    assert (await client.call("POST", buy, {"buyer": "bo"})).status == 409
    assert (await client.call("DELETE", f"{ITEMS}/{item_id}")).status == 400


@pytest.mark.parametrize(
    ("bids", "price", "leader"),
    [
        ([("a", 100)], 100, "a"),
        ([("a", 500)], 100, "a"),
        ([("a", 100), ("b", 105)], 105, "b"),
        ([("a", 200), ("b", 150)], 160, "a"),
        ([("a", 200), ("b", 200)], 200, "a"),
        ([("a", 200), ("b", 500)], 210, "b"),
        ([("a", 200), ("a", 400), ("b", 250)], 265, "a"),
    ],
)
async def test_the_marketplace_bids_for_the_bidder_up_to_its_limit(
    client: SellerClient, bids: list[tuple[str, int]], price: int, leader: str
) -> None:
    item_id = await client.list(auction(startPrice=100))

    shown = [await client.bid(item_id, limit, bidder) for bidder, limit in bids][-1]

    assert (shown["maxBid"], shown["leader"], shown["totalBids"]) == (price, leader, len(bids))


async def test_a_bid_jumps_to_the_reserve_or_stays_below_it_unsold(client: SellerClient) -> None:
    item_id = await client.list(auction(startPrice=100, reservePrice=400))
    low = await client.bid(item_id, 200, "anna")
    unreached = await client.item(item_id)
    high = await client.bid(item_id, 900, "bo")
    reached = await client.item(item_id)

    assert (low["maxBid"], unreached["reservePriceReached"]) == (200, False)
    assert (high["maxBid"], reached["reservePriceReached"]) == (400, True)

    unsold_id = await client.list(auction(startPrice=100, reservePrice=400))
    await client.bid(unsold_id, 399, "anna")
    await client.later(days=8)
    assert (await client.item(unsold_id))["status"]["gotWinner"] is False


async def test_a_bid_that_is_too_low_or_too_late_is_refused(client: SellerClient) -> None:
    item_id = await client.list(auction(startPrice=100))
    path = f"/sandbox/items/{item_id}/bids"

    assert (await client.call("POST", path, {"amount": 99, "bidder": "a"})).status == 400
    await client.bid(item_id, 100, "a")
    assert (await client.call("POST", path, {"amount": 104, "bidder": "b"})).status == 400
    assert (await client.call("POST", path, {"amount": 100, "bidder": "a"})).status == 400
    await client.later(days=8)
    assert (await client.call("POST", path, {"amount": 500, "bidder": "b"})).status == 409


async def test_buy_now_is_gone_after_the_first_bid(client: SellerClient) -> None:
    item_id = await client.list(auction(buyItNowPrice=2000))
    before = await client.item(item_id)
    await client.bid(item_id, 950, "a")
    after = await client.item(item_id)

    assert (before["buyItNowPriceSpecified"], after["buyItNowPriceSpecified"]) == (True, False)
    body = {"buyer": "b"}
    assert (await client.call("POST", f"/sandbox/items/{item_id}/buy", body)).status == 409


async def test_prices_change_until_there_is_a_bid(client: SellerClient) -> None:
    item_id = await client.list(auction())
    path = f"{ITEMS}/{item_id}/price"

    good = await client.good("PUT", path, {"openingPrice": 700})
    wrong = await client.good("PUT", path, {"openingPrice": 700, "binPrice": 600})
    await client.bid(item_id, 700, "a")
    late = await client.good("PUT", path, {"openingPrice": 500})

    assert good == {"isSuccessful": True, "validationErrors": []}
    assert wrong["isSuccessful"] is False
    assert late["isSuccessful"] is False
    assert late["validationErrors"][0] == {"itemId": item_id, "errorMessage": "The item has bids"}
    assert (await client.item(item_id))["openingBid"] == 700
    assert (await client.call("PUT", path, {"openingPrice": 7.5})).status == 400


async def test_setting_all_prices_decides_the_kind_of_listing(client: SellerClient) -> None:
    item_id = await client.list(fixed())
    path = f"{ITEMS}/prices"

    async def set_to(**prices: Any) -> bool:
        answer = await client.good("PUT", path, {"id": item_id} | prices)
        return bool(answer["isSuccessful"])

    assert await set_to(openingPrice=100, reservedPrice={"price": 200}, binPrice=None)
    item = await client.item(item_id)
    assert (item["itemType"], item["reservePrice"], item["buyItNowPriceSpecified"]) == (
        1,
        200,
        False,
    )
    assert not await set_to(openingPrice=100)
    assert not await set_to(openingPrice=300, reservedPrice={"price": 200})


async def test_an_auction_with_bids_cannot_be_ended(client: SellerClient) -> None:
    item_id = await client.list(auction())
    await client.bid(item_id, 950, "a")

    refused = await client.call("DELETE", f"{ITEMS}/{item_id}")
    await client.good("PUT", "/sandbox/rules", {"end_refusal": "false"})
    response = await client.good("DELETE", f"{ITEMS}/{item_id}")

    assert (refused.status, refused.content["error"]["code"]) == (400, "BadRequest")
    assert response is False


async def test_an_auction_without_bids_ends_at_once_and_restarts_as_another(
    client: SellerClient,
) -> None:
    item_id = await client.list(auction())
    restart = f"{ITEMS}/{item_id}/restart"

    early = await client.good("POST", restart)
    assert await client.good("DELETE", f"{ITEMS}/{item_id}") is True
    done = await client.good("POST", restart)
    again = await client.good("POST", restart)

    assert (early["isSuccessful"], early["validationError"]) == (False, "Item is not ended")
    assert done["newItemId"] not in (None, item_id)
    assert again["validationError"] == "Item has already been restarted"
    line = await client.good("GET", f"/v4/items/{item_id}/restarts")
    assert (line["ancestorItemId"], line["lastRestartedItemId"]) == (item_id, done["newItemId"])
    assert (await client.item(done["newItemId"]))["status"]["ended"] is False


async def test_an_unsold_auction_restarts_by_itself_as_often_as_asked(client: SellerClient) -> None:
    await client.list(auction(restarts=2))
    await client.later(days=30)

    items = await client.good("GET", "/sandbox/items")

    assert [entry["ended"] for entry in items] == [True, True, True]
    assert [entry["restartedAs"] for entry in items] == [
        items[1]["itemId"],
        items[2]["itemId"],
        None,
    ]


async def test_the_row_version_rises_with_every_change(client: SellerClient) -> None:
    first, second = await client.list(auction()), await client.list(auction())

    async def changed(since: int) -> tuple[list[int], int]:
        path = f"/v4/listings/updated-seller-items?rowVersion={since}"
        rows = await client.good("GET", path)
        return [row["id"] for row in rows], max([since, *(row["rowVersion"] for row in rows)])

    ids, seen = await changed(0)
    assert ids == [first, second]
    await client.bid(first, 950, "a")
    ids, seen = await changed(seen)
    assert ids == [first]
    await client.good("PUT", f"{ITEMS}/{second}/price", {"openingPrice": 800})
    ids, seen = await changed(seen)
    assert ids == [second]
    await client.later(days=8)
    ids, seen = await changed(seen)
    assert sorted(ids) == [first, second]
    assert (await changed(seen))[0] == []


async def test_seller_items_are_filtered(client: SellerClient) -> None:
    running = await client.list(auction())
    ended = await client.list(fixed(categoryId=521))
    await client.good("DELETE", f"{ITEMS}/{ended}")

    async def ids(query: str) -> list[int]:
        return [i["id"] for i in await client.good("GET", f"/v4/listings/seller-items?{query}")]

    assert await ids("") == [running, ended]
    assert await ids("filterActive=1") == [running]
    assert await ids("filterActive=2") == [ended]
    assert await ids("filterItemType=2") == [ended]
    assert await ids("categoryId=520") == [running]
    assert await ids("minEndDate=2001-01-01T00:00:00Z&maxEndDate=2002-01-01") == []
    assert (await client.call("GET", "/v4/listings/seller-items?filterActive=9")).status == 400


async def test_marks_are_set_on_transactions(client: SellerClient) -> None:
    item_id = await client.list(fixed())
    await client.good("POST", f"/sandbox/items/{item_id}/buy", {"buyer": "anna"})
    (sale,) = await client.good("GET", "/v4/listings/seller-transactions")
    path = "/v4/listings/transaction-status"

    marked = await client.good(
        "PUT", path, {"transactionId": sale["id"], "markAsPaidConfirmed": True}
    )

    assert (marked["isMarkedAsPaidConfirmed"], marked["isMarkedAsShipped"]) == (True, False)
    assert (marked["buyer"], marked["item"], sale["buyer"]["alias"]) == (None, None, "anna")
    assert (await client.call("PUT", path, {"transactionId": sale["id"]})).status == 400
