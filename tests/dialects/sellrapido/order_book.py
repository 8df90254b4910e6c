"""Orders to test with: the two golden ones, and any number like them."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

from saluhall.dialects.sellrapido.order_layout import HEAD, ROW, STATUS_WORDS
from saluhall.domain.accounts.model import Principal
from saluhall.domain.orders.extraction import Column
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
    await keep_in(shop.hub.db, shop.principal, *orders, connection_id=connection_id)


async def keep_in(
    db: Database, principal: Principal, *orders: Order, connection_id: UUID | None = None
) -> None:
    """Store orders with all that their keys say; elsewhere an order is known by its code."""
    heads = [_stored(each["head"], HEAD) for each in orders]
    lines = [_stored(row, ROW) for each in orders for row in each["rows"]]
    for head in heads:
        head["external_id"] = str(head["id"]) if connection_id is None else head["number"]
    async with db.transaction() as tx:
        for table, records in (("orders", heads), ("order_lines", lines)):
            for record in records:
                names = ", ".join(record)
                await tx.run(
                    f"""
                    insert into {table} (account_id, {names}{", connection_id" if table == "orders" else ""})
                    overriding system value
                    select %(account)s, {names}{", %(connection)s" if table == "orders" else ""}
                      from json_populate_record(null::{table}, %(record)s::text::json)
                    """,
                    {
                        "account": principal.account_id,
                        "connection": connection_id,
                        "record": json.dumps(record),
                    },
                )


def _stored(given: Mapping[str, Any], columns: Iterable[Column]) -> dict[str, Any]:
    """Turn the keys of an order, or of a row, into columns and extras."""
    stored: dict[str, Any] = {}
    extras: dict[str, str] = {}
    for column in columns:
        value = given.get(column.key)
        known = _PLAIN.fullmatch(column.sql)
        if column.key in _SPECIAL:
            stored |= _SPECIAL[column.key](value)
        elif known:
            stored[known[1]] = value
        elif column.key in given and value is not None:
            extras[column.key] = _as_text(value)
    return {**stored, "extras": extras}


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _sku_columns(value: str) -> dict[str, Any]:
    catalog, _, sku = value.partition("_")
    return {"catalog_number": int(catalog), "sku": sku}


_PLAIN = re.compile(r"[ol]\.(\w+)( \+ 0\.0)?")
_SPECIAL: Mapping[str, Callable[[Any], dict[str, Any]]] = {
    "status": lambda v: {"status": STATUS_WORDS[v]},
    "status_old": lambda v: {"previous_status": STATUS_WORDS.get(v)},
    "tags": lambda v: {"tags": [tag for tag in (v or "").split(";") if tag]},
    "price_discount_markup": lambda v: {"discount": -v},
    "is_b2b": lambda v: {"is_business": bool(v)},
    "dbClass": lambda _: {},
    "sku": _sku_columns,
    "stock_unloaded": lambda v: {"units_taken": v},
}


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
