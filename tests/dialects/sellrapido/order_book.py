"""Orders to test with: the two golden ones, and any number like them."""

import json
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

from saluhall.domain.accounts.model import Principal
from saluhall.domain.orders import operations
from saluhall.kit.clock import utc_now
from saluhall.kit.ids import new_id
from saluhall.storage import Database
from tests.hub import Shop
from tests.sellrapido import Client

Order = dict[str, Any]
GOLDEN: Mapping[str, Any] = json.loads(
    (Path(__file__).parent / "golden_orders.json").read_text(encoding="utf-8")
)
_ids = count(100_001)


def golden_orders() -> list[Order]:
    """The golden orders, newest first, free to change."""
    orders: list[Order] = json.loads(json.dumps(GOLDEN["orders"]))
    return orders


def order(*, rows: int = 1, **head: Any) -> Order:
    """Make an order like the second golden one, with ids of its own."""
    made = golden_orders()[1]
    made["head"] |= {"id": next(_ids), "courier_code": "", "tracking": "", **head}
    made["rows"] = [
        {**made["rows"][0], "id": next(_ids), "order_head": made["head"]["id"]} for _ in range(rows)
    ]
    return made


async def keep(shop: Shop, *orders: Order, connection_id: UUID | None = None) -> None:
    """Take orders in at a running hub."""
    await keep_in(shop.hub.db, shop.by, *orders, connection_id=connection_id)


async def keep_in(
    db: Database, by: Principal, *orders: Order, connection_id: UUID | None = None
) -> None:
    heads = [each["head"] for each in orders]
    rows = [{**row, "order_id": row["order_head"]} for each in orders for row in each["rows"]]
    async with db.transaction() as tx:
        await operations.take_in(
            tx, by=by, heads=heads, rows=rows, connection_id=connection_id, now=utc_now()
        )


async def kept(client: Client, **head: Any) -> Order:
    made = order(**{"status": "standby", "status_old": "", "code": f"C-{new_id().hex}", **head})
    await keep(client.shop, made)
    head_kept: Order = made["head"]
    return head_kept


async def change(client: Client, *elements: Any) -> list[dict[str, Any]]:
    status, headers, errors = await client.call("POST", "/order/status", list(elements))
    assert status == 200, errors
    assert headers["content-type"].startswith("application/json")
    told: list[dict[str, Any]] = errors
    return told


async def head(client: Client, given: Order) -> Order:
    _, _, answer = await client.call("GET", f"/order?code={given['code']}")
    [found] = answer["orders"]
    read: Order = found["head"]
    return read
