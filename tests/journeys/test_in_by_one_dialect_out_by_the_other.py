"""An item goes in by Rheo's API; its order comes out by Sellrapido's, and what is said of it there ships it at the marketplace."""

import asyncio
import time
from typing import Any

from tests.hub import Hub, Shop
from tests.sellrapido import Client

WEEK_AND_A_DAY_S = 8 * 86400


async def order_of(client: Client, item_id: int, *, is_pushed: bool = False) -> dict[str, Any]:
    """Read orders until that of an item is there; `is_pushed`: and the marketplace has heard of it."""
    deadline = time.monotonic() + 30
    while True:
        status, _, answer = await client.call("GET", "/order?limit=-1")
        assert status == 200, answer
        for order in answer["orders"]:
            is_it = order["rows"][0]["product_id"] == str(item_id)
            if is_it and ("upload_status" in order["head"] or not is_pushed):
                return dict(order)
        assert time.monotonic() < deadline, answer
        await asyncio.sleep(0.1)


async def test_an_item_of_rheo_is_sold_and_shipped_by_sellrapido(hub: Hub, shop: Shop) -> None:
    item_id = await shop.listed("PART/1", weightKg=3.2)
    client = await Client.signed_in(shop)
    _, _, shown = await client.call("GET", "/product?fields=sku,quantity&published=true")
    assert shown == b"sku|quantity\nPART/1|1\n"

    await hub.market.bid(item_id, 1100)
    await hub.market.advance(WEEK_AND_A_DAY_S)
    sold = await order_of(client, item_id)
    assert (sold["head"]["status"], sold["rows"][0]["product_info"]["sku"]) == ("standby", "PART/1")

    update = {
        "id": sold["head"]["id"],
        "status": " sent ",
        "tracking": "280340324736",
        "courier_code": "BARTOLINI1",
        "payment_date": "Oct 20, 2020, 2:30:00 AM",
    }
    status, _, errors = await client.call("POST", "/order/status", [update])
    assert (status, errors) == (200, [])

    sent = (await order_of(client, item_id, is_pushed=True))["head"]
    told = ("status", "status_old", "status_message", "tracking", "courier_code", "date_payment")
    assert [sent[name] for name in told] == [
        "sent", "standby", "", "280340324736", "BARTOLINI1", "2020-10-20T02:30:00Z"
    ]  # fmt: skip
    orders = await hub.market.control("GET", "/orders")
    assert [o["shipped"] for o in orders if str(o["orderId"]) == sent["code"]] == [True]
    _, _, shown = await client.call("GET", "/product?fields=sku,quantity&published=true")
    assert shown == b"sku|quantity\n"
