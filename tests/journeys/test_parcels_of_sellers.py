"""A seller ships by their own means, and reports the parcel over the API that told of the sale."""

from typing import Any

from tests.hub import Hub, Shop

WEEK_AND_A_DAY_S = 8 * 86400
PARCEL = {"carrier": "schenker", "trackingNumber": "SE123456789"}


async def sold(shop: Shop, name: str, **item: Any) -> str:
    """Sell an item; return the order's id as `item.sold` tells it."""
    await shop.put(name, title=f"{shop.user_id} {name}", autoPublishTradera=True, **item)
    shown = await shop.until(name, traderaStatus="active")
    await shop.hub.market.bid(int(shown["traderaAdId"]), 1100)
    await shop.hub.market.advance(WEEK_AND_A_DAY_S)
    told = await shop.heard("item.sold", name)
    return str(told["data"]["orderId"])


async def report(shop: Shop, order_id: str, parcel: object = None) -> tuple[int, Any]:
    path = f"/integration/v1/orders/{order_id}/tracking"
    return await shop.call("POST", path, parcel or PARCEL)


async def order_of(shop: Shop, order_id: str) -> dict[str, Any]:
    [order] = await shop.rows(
        "select * from orders where account_id = %(account_id)s and id = %(id)s",
        id=int(order_id),
    )
    return order


async def test_a_parcel_is_reported_once_and_the_marketplace_hears_of_it(
    hub: Hub, shop: Shop
) -> None:
    order_id = await sold(shop, "PARCEL", shippingStrategy="seller_shipped")
    eve = await hub.open_shop()

    assert (await report(eve, order_id))[0] == 404
    status, first = await report(shop, order_id)
    assert (status, first) == (200, {"shipmentId": first["shipmentId"], **first, **PARCEL})
    assert await report(shop, order_id) == (200, first)
    order = await order_of(shop, order_id)
    assert (order["status"], order["tracking"], order["carrier"]) == (
        "shipped",
        "SE123456789",
        "schenker",
    )
    await shop.settle()
    for _ in range(600):
        if await hub.market.calls_to(f"/v4/orders/{order['external_id']}/ship"):
            break
        await shop.settle()
    assert await hub.market.calls_to(f"/v4/orders/{order['external_id']}/ship")

    status, second = await report(shop, order_id, {"carrier": "bring", "trackingNumber": "2"})
    assert status == 200
    assert second["shipmentId"] != first["shipmentId"]
    assert (await order_of(shop, order_id))["tracking"] == "2"


async def test_what_the_seller_does_not_ship_has_no_tracking(shop: Shop) -> None:
    order_id = await sold(shop, "INTEGRATED")

    status, answer = await report(shop, order_id)

    assert (status, answer["code"]) == (409, "NOT_SELLER_SHIPPED")
    assert (await order_of(shop, order_id))["status"] == "pending"
