"""Two requests that wait for each other are both answered."""

import asyncio

from tests.hub import Hub
from tests.shop import Shop

# Somebody else holds the second item, waits until the first one is held, and asks for it.
HOLD = "select id from products where account_id = %(account_id)s and sku = %(sku)s for update"

WAITING = "select count(*) as waits from pg_locks where not granted"


async def test_a_request_that_postgresql_undoes_is_answered_all_the_same(
    hub: Hub, shop: Shop
) -> None:
    await shop.put("a")
    await shop.put("b")
    owner = shop.principal.account_id
    body = {"items": [item("a"), item("b")]}
    async with hub.db.transaction() as tx:
        await tx.run(HOLD, {"account_id": owner, "sku": "b"})
        batch = asyncio.create_task(shop.call("POST", "/integration/v1/items/batch", body))
        await until_waiting(hub)
        # Ours has waited for no time yet: PostgreSQL undoes the batch, which has.
        await tx.run("set local deadlock_timeout = '60s'", {})
        await tx.run(HOLD, {"account_id": owner, "sku": "a"})
    status, answer = await batch

    assert (status, answer["accepted"]) == (202, 2)
    for sku in ("a", "b"):
        assert (await shop.get(sku))["title"] == "Put by a batch"


def item(sku: str) -> dict[str, object]:
    return {"externalId": sku, "title": "Put by a batch", "price": 10, "shippingCost": 1}


async def until_waiting(hub: Hub) -> None:
    async with hub.db.statement() as tx:
        for _ in range(1200):
            if await tx.one(lambda row: row["waits"], WAITING):
                return
            await asyncio.sleep(0.05)
    raise AssertionError("nobody waits")
