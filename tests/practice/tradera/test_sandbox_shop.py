"""Shop items: changed in place, with a quantity."""

from typing import Any

from tests.practice.tradera.seller_client import SELLER, SellerClient

SHOP = "/v4/listings/shop-items"


def thing(**changes: Any) -> dict[str, Any]:
    return {
        "title": "Bromsbelägg",
        "description": "Nya",
        "categoryId": 8290,
        "price": 300,
        "absoluteQuantity": 5,
        "acceptedBuyerId": 1,
    } | changes


async def test_a_shop_item_is_made_changed_sold_and_removed(client: SellerClient) -> None:
    item_id = (await client.good("POST", SHOP, thing()))["itemId"]
    change = {"itemId": item_id, "itemData": {"title": "Bromsbelägg fram", "quantity": -2}}
    await client.good("PUT", SHOP, change)
    await client.good("POST", f"/sandbox/items/{item_id}/buy", {"buyer": "a", "quantity": 2})

    item = await client.item(item_id)
    (order,) = await client.good("GET", "/v4/orders")
    assert (item["shortDescription"], item["remainingQuantity"]) == ("Bromsbelägg fram", 1)
    assert (item["buyItNowPrice"], order["subTotal"]) == (300, 600)

    await client.good("DELETE", f"{SHOP}/{item_id}")
    assert (await client.item(item_id))["status"]["ended"] is True


async def test_prices_are_queued_and_quantities_are_set_at_once(client: SellerClient) -> None:
    item_id = (await client.good("POST", SHOP, thing()))["itemId"]

    prices = {"shopItems": [{"id": item_id, "price": 250}, {"id": 7, "price": 1}]}
    priced = await client.good("PUT", f"{SHOP}/prices", prices)
    amounts = {"shopItems": [{"id": item_id, "quantity": 8}, {"id": item_id, "quantity": -9}]}
    counted = await client.good("PUT", f"{SHOP}/quantities", amounts)

    (queued,) = priced["queuedRequestResponses"]
    assert [await client.result(queued["requestId"]) for _ in range(2)] == [128, 1]
    assert priced["validationErrors"][0]["item"]["id"] == 7
    assert counted["successfulUpdates"] == 1
    item = await client.item(item_id)
    assert (item["buyItNowPrice"], item["remainingQuantity"]) == (250, 8)


async def test_quantities_are_differences_by_a_rule(client: SellerClient) -> None:
    await client.good("PUT", "/sandbox/rules", {"shop_quantity": "delta"})
    item_id = (await client.good("POST", SHOP, thing()))["itemId"]

    await client.good("PUT", f"{SHOP}/quantities", {"shopItems": [{"id": item_id, "quantity": 3}]})

    assert (await client.item(item_id))["remainingQuantity"] == 8


async def test_more_than_five_hundred_at_once_are_refused(client: SellerClient) -> None:
    item_id = (await client.good("POST", SHOP, thing()))["itemId"]
    rows = [{"id": item_id, "quantity": 0}] * 500

    assert (await client.call("PUT", f"{SHOP}/quantities", {"shopItems": rows})).status == 200
    more = {"shopItems": [*rows, rows[0]]}
    assert (await client.call("PUT", f"{SHOP}/quantities", more)).status == 400


async def test_a_shop_item_is_hidden_until_its_time(client: SellerClient) -> None:
    item_id = (await client.good("POST", SHOP, thing(activateDate="2100-01-01T00:00:00Z")))[
        "itemId"
    ]

    assert await client.good("GET", "/v4/listings/seller-items") == []
    await client.later(days=365 * 80)
    assert [i["id"] for i in await client.good("GET", "/v4/listings/seller-items")] == [item_id]


async def test_a_shop_item_against_the_rules_is_refused(client: SellerClient) -> None:
    for change in ({"quantity": 1}, {"price": None}, {"price": 0}, {"categoryId": 520}):
        assert (await client.call("POST", SHOP, thing(**change))).status == 400
    await client.good("POST", "/sandbox/sellers", SELLER | {"shop": False})
    assert (await client.call("POST", SHOP, thing())).status == 403
