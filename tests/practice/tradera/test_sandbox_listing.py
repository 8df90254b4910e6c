"""Listing: what is checked, what is seen when."""

from typing import Any

import pytest

from tests.practice.tradera.seller_client import SellerClient, auction, fixed, image, png

ITEMS = "/v4/listings/items"


async def test_an_uncommitted_request_is_seen_by_nobody(client: SellerClient) -> None:
    queued = await client.good("POST", ITEMS, auction())

    assert await client.result(queued["requestId"]) == 256
    assert await client.good("GET", "/v4/listings/seller-items") == []
    assert await client.good("GET", "/sandbox/items") == []
    assert (await client.call("GET", f"{ITEMS}/{queued['itemId']}")).status == 404


async def test_a_committed_request_waits_for_one_poll_and_is_then_ok(client: SellerClient) -> None:
    queued = await client.good("POST", ITEMS, auction())
    pending = f"{ITEMS}/{queued['requestId']}"
    await client.good("POST", f"{pending}/images", image(png()))
    await client.good("POST", f"{pending}/campaign-code", {"campaignCode": "SOMMAR"})
    await client.good("POST", f"{pending}/commit")

    assert [await client.result(queued["requestId"]) for _ in range(3)] == [128, 1, 1]
    item = await client.item(queued["itemId"])
    assert item["openingBid"] == 950
    assert item["status"] == {"ended": False, "gotBidders": False, "gotWinner": False}
    assert len(item["imageLinks"]) == 1
    (shown,) = await client.good("GET", "/sandbox/items")
    assert (shown["ownReferences"], shown["maxBid"], shown["images"]) == (["lst_1"], None, 1)


async def test_a_request_is_committed_once(client: SellerClient) -> None:
    queued = await client.good("POST", ITEMS, auction(autoCommit=True))
    pending = f"{ITEMS}/{queued['requestId']}"

    assert (await client.call("POST", f"{pending}/commit")).status == 400
    assert (await client.call("POST", f"{pending}/images", image(png()))).status == 400


@pytest.mark.parametrize("data", [b"not an image", png()[:-9], b"\xff\xd8\xff\xe0", b"GIF89a"])
async def test_a_broken_image_is_found_out_after_the_commit(
    client: SellerClient, data: bytes
) -> None:
    queued = await client.good("POST", ITEMS, auction())
    pending = f"{ITEMS}/{queued['requestId']}"
    await client.good("POST", f"{pending}/images", image(data))
    await client.good("POST", f"{pending}/commit")
    await client.result(queued["requestId"])

    assert await client.result(queued["requestId"]) == 2
    assert await client.good("GET", "/sandbox/items") == []


async def test_the_queue_takes_as_long_as_the_rules_say(client: SellerClient) -> None:
    await client.good("PUT", "/sandbox/rules", {"settle_s": 60, "settle_polls": 0})
    queued = await client.good("POST", ITEMS, auction(autoCommit=True))

    before = await client.result(queued["requestId"])
    await client.good("POST", "/sandbox/clock", {"advance_s": 61})

    assert (before, await client.result(queued["requestId"])) == (128, 1)


async def test_a_result_that_says_try_again_can_be_committed_again(client: SellerClient) -> None:
    await client.good("PUT", "/sandbox/rules", {"settle_polls": 0})
    await client.good("PUT", "/sandbox/results", [{"resultCode": 20, "times": 1}])
    queued = await client.good("POST", ITEMS, auction(autoCommit=True))

    before = await client.result(queued["requestId"])
    await client.good("POST", f"{ITEMS}/{queued['requestId']}/commit")

    assert (before, await client.result(queued["requestId"])) == (20, 1)


async def test_results_of_unknown_and_foreign_requests_are_left_out(client: SellerClient) -> None:
    queued = await client.good("POST", ITEMS, auction())
    await client.good("POST", "/sandbox/sellers", {"userId": 2, "token": "t2"})
    client.headers |= {"X-User-Id": "2", "X-User-Token": "t2"}

    path = f"/v4/listings/request-results?requestIds={queued['requestId']}&requestIds=1"
    assert await client.good("GET", path) == []
    assert (await client.call("POST", f"{ITEMS}/{queued['requestId']}/commit")).status == 404


ROW = {"cost": 49, "shippingProviderId": 1}
BAD: list[dict[str, Any]] = [
    {"title": "x" * 81},
    {"title": "  "},
    {"description": "x" * 7001},
    {"startPrice": 99.5},
    {"startPrice": 100.0},
    {"startPrice": 0},
    {"startPrice": 2**31},
    {"reservePrice": 950},
    {"reservePrice": 1000, "buyItNowPrice": 1000},
    {"duration": 15},
    {"duration": 0},
    {"restarts": 3},
    {"itemType": 4},
    {"itemType": 3, "buyItNowPrice": 0},
    {"categoryId": 520},
    {"categoryId": 999_999},
    {"categoryId": 344482},
    {"shippingOptions": [{"shippingProviderId": 1}]},
    {"shippingOptions": [{"cost": 1}]},
    {"shippingOptions": [ROW | {"shippingOptionId": 1}]},
    {"shippingOptions": [ROW] * 3},
    {"shippingOptions": [ROW] * 3 + [{"cost": 0, "shippingOptionId": 8}]},
    {"ownReferences": ["x" * 61]},
    {"vat": 7},
    {"customEndDate": "2001-01-01T00:00:00Z"},
    {"restartedFromItemId": 17},
    {"attributeValues": {"terms": [{"id": 101, "values": ["Trabant"]}]}},
    {"attributeValues": {"terms": [{"id": 77, "values": ["Volvo"]}]}},
]


@pytest.mark.parametrize("change", BAD, ids=str)
async def test_a_listing_against_the_rules_is_refused_at_once(
    client: SellerClient, change: dict[str, Any]
) -> None:
    answer = await client.call("POST", ITEMS, auction(**change))

    assert answer.status == 400, answer
    assert answer.content["error"]["code"] == "BadRequest"
    assert answer.content["error"]["message"]


async def test_the_two_known_oddities_of_the_real_one_are_there(client: SellerClient) -> None:
    region = await client.call("POST", ITEMS, auction(acceptedBidderId=0))
    crash = await client.call(
        "POST", ITEMS, auction(shippingOptions=[{"cost": 1, "shippingOptionId": 10}])
    )

    assert (region.status, region.content["error"]["message"]) == (400, "AllowedBuyerRegionInvalid")
    assert (crash.status, crash.content["error"]["code"]) == (500, "InternalServerError")


async def test_pickup_makes_room_for_a_third_way_to_send(client: SellerClient) -> None:
    rows = [ROW, ROW, {"cost": 0, "shippingOptionId": 8}]

    item = await client.item(await client.list(auction(shippingOptions=rows)))

    assert item["acceptsPickup"] is True
    assert len(item["shippingOptions"]) == 3


async def test_a_category_may_require_attributes(client: SellerClient) -> None:
    given = {"terms": [{"id": 103, "values": ["Gott skick"]}]}

    item = await client.item(await client.list(auction(categoryId=344482, attributeValues=given)))

    assert item["attributeValues"]["termAttributeValues"] == [
        {"id": 103, "name": "Skick", "values": ["Gott skick"]}
    ]


async def test_a_restricted_seller_may_only_list_long_plain_auctions(client: SellerClient) -> None:
    body = {"userId": 300124, "token": "token-of-the-seller", "restricted": True}
    await client.good("POST", "/sandbox/sellers", body)

    assert (await client.call("POST", ITEMS, fixed())).status == 400
    assert (await client.call("POST", ITEMS, auction(duration=6))).status == 400
    assert (await client.call("POST", ITEMS, auction(buyItNowPrice=2000))).status == 400
    assert (await client.call("POST", ITEMS, auction(duration=7))).status == 200


async def test_a_fixed_price_item_is_live_for_thirty_days(client: SellerClient) -> None:
    item_id = await client.list(fixed(duration=5))

    await client.later(days=29)
    before = await client.item(item_id)
    await client.later(days=2)
    after = await client.item(item_id)

    assert (before["duration"], before["status"]["ended"]) == (30, False)
    assert after["status"] == {"ended": True, "gotBidders": False, "gotWinner": False}
