"""What had gone is offered again as soon as the seller has pieces again."""

import asyncio
import time
from uuid import uuid4

from tests.dialects.sellrapido.products_client import ProductsClient
from tests.hub import Hub, Shop


async def test_what_had_gone_is_offered_again_when_there_are_pieces_again(hub: Hub) -> None:
    shop = await hub.open_selling_shop()
    client = await ProductsClient.of(shop)
    rheo = (await client.numbers())["RHEO"]
    names = ("SOLD", "NONE", "TAKEN-OFF")
    ads = {name: await shop.listed(name, title=f"{name} {uuid4().hex}") for name in names}
    await client.changed({"catalog": rheo, "sku": "NONE", "quantity": 0})
    await shop.patch("TAKEN-OFF", "status", {"status": "not_listed"})
    for name in ("NONE", "TAKEN-OFF"):
        await shop.heard("listing.ended", name)
    await hub.market.bid(ads["SOLD"], 1100)
    await hub.market.advance(8 * 86400)
    await shop.heard("item.sold", "SOLD")
    await until_unloaded(shop, "SOLD")

    await client.changed(*({"catalog": rheo, "sku": name, "quantity": 1} for name in names[:2]))
    await client.changed({"catalog": rheo, "sku": "TAKEN-OFF", "quantity": 5})

    for name in names[:2]:
        shown = await shop.until(name, rheoStatus="active", traderaStatus="active")
        assert shown["traderaAdId"] != str(ads[name])
    assert (await shop.get("TAKEN-OFF"))["rheoStatus"] == "not_listed"
    again = int((await shop.get("SOLD"))["traderaAdId"])
    await hub.market.bid(again, 1100)
    await hub.market.advance(8 * 86400)
    await until_unloaded(shop, "SOLD", orders=2)
    assert len(await shop.told("item.sold", "SOLD")) == 2


async def until_unloaded(shop: Shop, sku: str, *, orders: int = 1) -> None:
    """Wait until so many orders have taken their piece of a product."""
    deadline = time.monotonic() + 30
    while True:
        rows = await shop.rows(
            """
            select l.id from order_lines l join products p on p.account_id = l.account_id and p.id = l.product_id
             where l.account_id = %(account_id)s and p.sku = %(sku)s and l.units_taken = 1
            """,
            sku=sku,
        )
        if len(rows) == orders:
            return
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)
