"""A sale at the marketplace becomes an order here; what the seller says of it goes back there, whatever is in the way."""

import asyncio
import time
from typing import Any

import pytest

from saluhall.domain.orders import operations
from saluhall.domain.orders.model import OrderStatus, StatusChange
from saluhall.kit.clock import utc_now
from tests.conftest import StartHub
from tests.hub import Hub, Market, Shop

WEEK_AND_A_DAY_S = 8 * 86400


async def sell(shop: Shop, name: str) -> dict[str, Any]:
    """List an item and have it bought; return its order as stored."""
    item_id = await shop.listed(name)
    await shop.hub.market.bid(item_id, 1100)
    await shop.hub.market.advance(WEEK_AND_A_DAY_S)
    await shop.heard("item.sold", name)
    return await until(shop, str(item_id))


async def until(
    shop: Shop, item_id: str, *, timeout_s: float = 30, **wanted: object
) -> dict[str, Any]:
    """Wait until the order of an item shows these values."""
    deadline = time.monotonic() + timeout_s
    while True:
        found = await shop.rows(
            """
            select o.*, l.listing_external_id, l.sku, l.units_taken, u.kind as due, u.attempts, u.claimed_by
              from orders o
              join order_lines l on l.account_id = o.account_id and l.order_id = o.id
              left join order_updates u
                on u.account_id = o.account_id and u.order_id = o.id and u.due_at is not null
             where o.account_id = %(account_id)s and l.listing_external_id = %(item)s
            """,
            item=item_id,
        )
        if found and all(found[0][name] == value for name, value in wanted.items()):
            return found[0]
        assert time.monotonic() < deadline, f"wanted {wanted}, still {found}"
        await asyncio.sleep(0.1)


async def say(shop: Shop, order: dict[str, Any], status: OrderStatus) -> None:
    """Set an order's status; only the sweeper rings for it, as when a bell is lost."""
    change = StatusChange(
        index=0, order_id=order["id"], status=status, carrier="DHL", tracking="T1"
    )
    async with shop.hub.db.transaction() as tx:
        refused = await operations.change_status(
            tx, principal=shop.principal, changes=[change], now=utc_now()
        )
    assert refused == []


async def there(hub: Hub, order: dict[str, Any]) -> dict[str, Any]:
    """Look at the order at the marketplace."""
    orders = await hub.market.control("GET", "/orders")
    return next(o for o in orders if str(o["orderId"]) == order["external_id"])


async def shipments(hub: Hub, order: dict[str, Any]) -> list[int]:
    """The answers to what was told of its shipping."""
    calls = await hub.market.calls_to(f"/v4/orders/{order['external_id']}/ship")
    return [call["status"] for call in calls]


async def test_a_sale_becomes_an_order_is_paid_and_is_shipped_at_the_marketplace(
    hub: Hub, shop: Shop
) -> None:
    order = await sell(shop, "O/1")

    told = await shop.heard("item.sold", "O/1")
    assert told["data"]["orderId"] == str(order["id"])
    assert len(await shop.told("item.sold", "O/1")) == 1
    assert (order["status"], order["attention"], order["units_taken"]) == ("pending", [], 1)
    assert (order["total"], order["currency"], order["channel"]) == (950, "SEK", "Tradera")
    assert (order["buyer_id"], order["billing_country"]) == ("anna", "SWE")

    await hub.market.control("POST", f"/orders/{order['external_id']}/pay")
    paid = await until(shop, order["listing_external_id"], status="paid")
    assert paid["paid_at"] is not None

    await say(shop, paid, OrderStatus.SHIPPED)
    sent = await until(shop, order["listing_external_id"], due=None)
    assert (sent["status"], sent["status_message"], sent["acknowledged"]) == (
        "shipped",
        "",
        "shipped",
    )
    assert (await there(hub, order))["shipped"] is True
    assert await shipments(hub, order) == [200]


async def test_what_the_seller_says_is_paid_is_marked_where_the_marketplace_has_a_word(
    hub: Hub, shop: Shop
) -> None:
    order = await sell(shop, "O/2")

    await say(shop, order, OrderStatus.PAID)

    told = await until(shop, order["listing_external_id"], due=None)
    assert (told["status"], told["status_message"]) == ("paid", "")
    marked = await hub.market.calls_to("/v4/listings/transaction-status", "PUT")
    assert [call["status"] for call in marked][-1] == 200


async def test_what_the_marketplace_has_no_word_for_is_done_here_and_says_so(
    hub: Hub, shop: Shop
) -> None:
    order = await sell(shop, "O/3")

    await say(shop, order, OrderStatus.CANCELLED)

    told = await until(shop, order["listing_external_id"], due=None)
    assert told["status"] == "cancelled"
    assert (
        told["status_message"]
        == f"Done here only: Tradera {shop.user_id} cannot be notified that an order is cancelled."
    )
    assert told["acknowledged"] is None
    assert await shipments(hub, order) == []


@pytest.mark.long
async def test_a_marketplace_in_trouble_is_told_later_and_the_trouble_is_seen(
    hub: Hub, shop: Shop
) -> None:
    order = await sell(shop, "O/4")
    path = f"/v4/orders/{order['external_id']}/ship"
    await hub.market.faults({"method": "POST", "path": path, "status": 503, "times": 2})

    await say(shop, order, OrderStatus.SHIPPED)

    tried = await until(shop, order["listing_external_id"], attempts=1)
    assert tried["status"] == "shipped"
    assert "Tradera is in trouble" in tried["status_message"]
    sent = await until(shop, order["listing_external_id"], due=None)
    assert (sent["status_message"], sent["acknowledged"]) == ("", "shipped")
    assert await shipments(hub, order) == [503, 503, 200]


async def test_what_the_marketplace_refuses_is_not_asked_again(hub: Hub, shop: Shop) -> None:
    order = await sell(shop, "O/5")
    path = f"/v4/orders/{order['external_id']}/ship"
    await hub.market.faults({"method": "POST", "path": path, "status": 400})

    await say(shop, order, OrderStatus.SHIPPED)

    refused = await until(shop, order["listing_external_id"], due=None)
    assert refused["status"] == "shipped"
    assert refused["status_message"].startswith("Tradera refused")
    assert await shipments(hub, order) == [400]
    await hub.market.faults()


async def test_without_access_a_status_waits_until_the_account_is_connected_again(
    hub: Hub, shop: Shop
) -> None:
    order = await sell(shop, "O/6")
    await hub.market.seller(shop.user_id, "another")

    await say(shop, order, OrderStatus.SHIPPED)

    waiting = await until(
        shop,
        order["listing_external_id"],
        status_message="Tradera token has expired. Partner must reconnect their Tradera account.",
    )
    assert (waiting["status"], waiting["due"]) == ("shipped", "shipped")
    await shop.connect("another")
    sent = await until(shop, order["listing_external_id"], due=None)
    assert sent["status_message"] == ""
    assert (await there(hub, order))["shipped"] is True


@pytest.mark.long
async def test_a_worker_killed_while_it_tells_loses_nothing(start_hub: StartHub) -> None:
    hub = await start_hub()
    shop = await hub.open_selling_shop()
    order = await sell(shop, "KILLED")
    path = f"/v4/orders/{order['external_id']}/ship"
    await hub.market.faults(
        {"method": "POST", "path": path, "status": 500, "delay_s": 30, "times": 1}
    )
    await say(shop, order, OrderStatus.SHIPPED)
    deadline = time.monotonic() + 30
    while not (await until(shop, order["listing_external_id"]))["claimed_by"]:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)

    await hub.kill()
    await say(shop, order, OrderStatus.SHIPPED)  # told twice by a client that heard no answer
    await hub.market.faults()
    await hub.start()

    sent = await until(shop, order["listing_external_id"], due=None)
    assert (sent["status"], sent["tracking"]) == ("shipped", "T1")
    assert (await there(hub, order))["shipped"] is True


async def test_trouble_with_orders_does_not_hold_up_a_sale(shop: Shop, calm_market: Market) -> None:
    item_id = await shop.listed("ALONE")
    await calm_market.faults({"method": "GET", "path": "/v4/orders*", "status": 503})
    await calm_market.bid(item_id, 1100)
    await calm_market.advance(WEEK_AND_A_DAY_S)

    told = await shop.heard("item.sold", "ALONE")
    assert "orderId" not in told["data"]
    await calm_market.faults()

    order = await until(shop, str(item_id))
    assert (order["attention"], order["units_taken"]) == ([], 1)
    assert len(await shop.told("item.sold", "ALONE")) == 1
