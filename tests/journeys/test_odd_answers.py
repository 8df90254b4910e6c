"""An odd order among good ones: the good ones arrive, and whoever runs the hub sees the odd one everywhere."""

import asyncio
import json
import time
from datetime import timedelta
from typing import Any

from saluhall.kit.clock import utc_now
from tests.hub import Hub, Shop


def order(number: int, **changes: Any) -> dict[str, Any]:
    made_at = (utc_now() - timedelta(minutes=5)).isoformat()
    row = {"itemId": number, "title": f"Part {number}", "quantity": 1, "unitPrice": 100}
    whole = {"orderId": number, "createdDate": made_at, "lastUpdatedDate": made_at}
    return {**whole, "subTotal": 100, "items": [row], **changes}


async def answer(hub: Hub, *orders: object) -> None:
    """Let the marketplace tell of these orders."""
    body = json.dumps(orders)
    await hub.market.faults({"method": "GET", "path": "/v4/orders", "status": 200, "body": body})


async def codes(shop: Shop) -> list[str]:
    rows = await shop.rows(
        "select number as code from orders where account_id = %(account_id)s order by number"
    )
    return [row["code"] for row in rows]


async def waiting(shop: Shop) -> dict[str, dict[str, Any]]:
    """What the attention list shows, by its id at the marketplace."""
    listed = await shop.hub.cli("attention", "list", "--account", shop.principal.account_name)
    return {entry["remote_id"]: entry for entry in listed["entries"]}


async def connection_of(shop: Shop) -> dict[str, Any]:
    listed = await shop.hub.cli("connection", "list", "--account", shop.principal.account_name)
    return dict(listed["connections"][0])


async def until_orders(shop: Shop, *wanted: str) -> None:
    deadline = time.monotonic() + 30
    while (found := await codes(shop)) != list(wanted):
        assert time.monotonic() < deadline, found
        await asyncio.sleep(0.2)


async def until_waiting(shop: Shop, *wanted: str) -> dict[str, dict[str, Any]]:
    deadline = time.monotonic() + 30
    while sorted(found := await waiting(shop)) != list(wanted):
        assert time.monotonic() < deadline, found
        await asyncio.sleep(0.2)
    return found


async def is_shown_everywhere(shop: Shop) -> None:
    """See the odd orders 91 and 93, and one without a number, in the list, on the connection, in the log and in a metric."""
    found = await until_waiting(shop, "", "91", "93")
    assert "25/10/2026 12:00" in found["91"]["raw"]
    assert "createdDate cannot be read" in found["91"]["reason"]
    assert "could not be stored" in found["93"]["reason"]
    connection = await connection_of(shop)
    assert (connection["state"], connection["unreadable_entries"]) == ("connected", 3)
    assert "3 entries" in connection["reason"]
    log = [json.loads(line) for line in shop.hub.log.read_text().splitlines() if '"91"' in line]
    account_id = str(shop.principal.account_id)
    assert ("warning", account_id) in [(line["level"], line.get("account_id")) for line in log]
    _, _, metrics = await shop.hub.request("GET", "/metrics")
    assert b'saluhall_unreadable_entries_total{channel="tradera",kind="order"}' in metrics


async def test_odd_orders_wait_for_a_person_while_their_neighbours_arrive(
    hub: Hub, shop: Shop
) -> None:
    odd = order(91, createdDate="25/10/2026 12:00")
    huge = order(93, items=[{"itemId": 93, "quantity": 10**12, "unitPrice": 1}])
    try:
        await answer(hub, order(90), odd, None, huge, order(94))
        await until_orders(shop, "90", "94")
        await is_shown_everywhere(shop)

        await answer(hub, order(91), order(93))
        await until_orders(shop, "90", "91", "93", "94")
        left = await until_waiting(shop, "")

        await answer(hub)
        entry_id = left[""]["id"]
        await hub.cli("attention", "dismiss", entry_id, "--account", shop.principal.account_name)
        await until_waiting(shop)
        assert (await connection_of(shop))["reason"] is None
    finally:
        await hub.market.faults()
