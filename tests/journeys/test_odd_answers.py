"""An odd order among good ones: the good ones arrive, and whoever runs the hub sees the odd one everywhere."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
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


async def until(read: Callable[[], Awaitable[Any]], wanted: object) -> None:
    deadline = time.monotonic() + 30
    while (found := await read()) != wanted:
        assert time.monotonic() < deadline, found
        await asyncio.sleep(0.2)


async def test_odd_orders_wait_for_a_person_while_their_neighbours_arrive(
    hub: Hub, shop: Shop
) -> None:
    name = shop.by.account_name

    async def codes() -> list[str]:
        rows = await shop.rows(
            "select code from order_heads where account_id = %(owner)s order by 1"
        )
        return [row["code"] for row in rows]

    async def waiting() -> list[str]:
        listed = await hub.cli("attention", "list", "--account", name)
        return sorted(entry["remote_id"] for entry in listed["entries"])

    huge = [{"itemId": 93, "quantity": 10**12, "unitPrice": 1}]
    try:
        await answer(
            hub,
            order(90),
            order(91, createdDate="25/10/2026 12:00"),
            None,
            order(93, items=huge),
            order(94),
        )
        await until(codes, ["90", "94"])
        await until(waiting, ["", "91", "93"])

        listed = await hub.cli("attention", "list", "--account", name)
        by_id = {entry["remote_id"]: entry for entry in listed["entries"]}
        assert "25/10/2026 12:00" in by_id["91"]["raw"]
        assert "createdDate cannot be read" in by_id["91"]["reason"]
        assert "could not be stored" in by_id["93"]["reason"]
        [connection] = (await hub.cli("connection", "list", "--account", name))["connections"]
        assert (connection["state"], connection["unreadable_entries"]) == ("connected", 3)
        assert "3 entries" in connection["reason"]
        warned = [json.loads(line) for line in hub.log.read_text().splitlines() if '"91"' in line]
        assert any(
            line["level"] == "warning" and line["account_id"] == str(shop.by.account_id)
            for line in warned
        )
        _, _, metrics = await hub.request("GET", "/metrics")
        assert b'saluhall_unreadable_entries_total{channel="tradera",kind="order"}' in metrics

        await answer(hub, order(91), order(93))
        await until(codes, ["90", "91", "93", "94"])
        await until(waiting, [""])
        [left] = (await hub.cli("attention", "list", "--account", name))["entries"]
        await answer(hub)
        await hub.cli("attention", "dismiss", left["id"], "--account", name)
        await until(waiting, [])
        [connection] = (await hub.cli("connection", "list", "--account", name))["connections"]
        assert connection["reason"] is None
    finally:
        await hub.market.faults()
