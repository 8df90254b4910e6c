"""Two buyers never get one piece: stock goes down once for each row, and what offers pieces that are gone is ended first."""

import asyncio
from datetime import timedelta

import pytest

from saluhall.channel_orders import RemoteOrder
from saluhall.domain.connections.model import Connection
from saluhall.domain.orders import intake
from saluhall.storage import Database
from tests.domain.selling import MARKET, NOW, Seller, order, row

HOUR = timedelta(hours=1)
ENDS_FIRST = ("ended", "live", 0, True)
SOLD = ("ended", "sold", 6, False)
STANDS = ("live", "live", 6, False)


@pytest.fixture
async def seller(db: Database) -> Seller:
    return await Seller.open(db)


async def test_the_last_piece_sells_the_product_and_ends_its_other_listings_first(
    seller: Seller,
) -> None:
    here, there = await seller.connect("1"), await seller.connect("2")
    product = await seller.stock("A")
    await seller.list_at(here, product, "HERE")
    await seller.list_at(there, product, "THERE")

    await seller.receive(here, order("1", [row("HERE")]))

    sold = await seller.product("A")
    assert (sold["quantity"], sold["status"]) == (0, "sold")
    assert await seller.listings() == {"HERE": SOLD, "THERE": ENDS_FIRST}


async def test_only_as_many_listings_stay_as_pieces_are_left(seller: Seller) -> None:
    connections = [await seller.connect(str(n)) for n in range(4)]
    product = await seller.stock("A", quantity=3)
    for n, connection in enumerate(connections):
        seller.now = NOW + n * HOUR
        await seller.list_at(connection, product, f"L{n}")

    await seller.receive(connections[0], order("1", [row("L0")]))

    left = await seller.product("A")
    assert (left["quantity"], left["status"]) == (2, "active")
    assert await seller.listings() == {"L0": SOLD, "L1": STANDS, "L2": STANDS, "L3": ENDS_FIRST}


async def test_what_does_not_stand_yet_gives_way_first(seller: Seller) -> None:
    connections = [await seller.connect(str(n)) for n in range(3)]
    product = await seller.stock("A", quantity=2)
    await seller.list_at(connections[0], product, "WAITS", state="pending")
    seller.now += HOUR
    await seller.list_at(connections[1], product, "STANDS")
    await seller.list_at(connections[2], product, "SELLS")

    await seller.receive(connections[2], order("1", [row("SELLS")]))

    assert await seller.listings() == {
        "SELLS": SOLD,
        "STANDS": STANDS,
        "WAITS": ("ended", "pending", 0, True),
    }


async def test_a_row_takes_its_pieces_once_however_often_it_is_read(seller: Seller) -> None:
    connection = await seller.connect()
    listing = await seller.list_at(connection, await seller.stock("A", quantity=5), "620")
    bought = [row("620", listing=listing, quantity=2)]

    await seller.receive(connection, order("1", bought))
    await seller.receive(connection, order("1", bought), order("1", bought, later=HOUR, paid=True))

    assert (await seller.product("A"))["quantity"] == 3
    assert len(await seller.sales_told()) == 1


async def test_more_than_is_there_is_oversold_and_takes_what_is_there(seller: Seller) -> None:
    connection = await seller.connect()
    listing = await seller.list_at(connection, await seller.stock("A", quantity=2), "620")

    await seller.receive(connection, order("1", [row("620", listing=listing, quantity=3)]))

    [head] = await seller.orders()
    [got] = await seller.order_lines()
    assert (head["attention"], got["units_taken"], got["quantity"]) == (["oversold"], 2, 3)
    assert (await seller.product("A"))["quantity"] == 0


async def test_what_the_seller_sold_elsewhere_cannot_be_sold_again(seller: Seller) -> None:
    connection = await seller.connect()
    listing = await seller.list_at(connection, await seller.stock("A", status="sold"), "620")

    await seller.receive(connection, order("1", [row("620", listing=listing)]))

    [head] = await seller.orders()
    assert head["attention"] == ["oversold"]
    assert (await seller.product("A"))["quantity"] == 0


async def test_what_was_to_be_deleted_is_archived_when_it_sells(seller: Seller) -> None:
    connection = await seller.connect()
    stocked = await seller.stock("A")
    listing = await seller.list_at(connection, stocked, "620")
    await seller.run("update products set delete_wanted = true where id = %(id)s", id=stocked)

    await seller.receive(connection, order("1", [row("620", listing=listing)]))

    product = await seller.product("A")
    assert (product["status"], product["quantity"], product["delete_wanted"]) == (
        "archived",
        0,
        False,
    )


# Telling it once ----------------------------------------------------------------------------------------------------------


async def test_a_sale_seen_first_in_an_order_is_told_with_it_and_not_again(seller: Seller) -> None:
    connection = await seller.connect()
    listing = await seller.list_at(connection, await seller.stock("A"), "620")

    await seller.receive(connection, order("1", [row("620")]))
    await seller.see_sold(connection, "620")

    [head] = await seller.orders()
    assert await seller.sales_told() == [
        {
            "channel": "tradera",
            "currency": "SEK",
            "external_id": "620",
            "listing_id": str(listing),
            "sale_price": "4",
            "order_id": str(head["id"]),
        }
    ]


async def test_a_sale_seen_first_by_its_state_is_told_then_and_takes_stock_with_its_order(
    seller: Seller,
) -> None:
    here, there = await seller.connect("1"), await seller.connect("2")
    product = await seller.stock("A")
    listing = await seller.list_at(here, product, "HERE")
    await seller.list_at(there, product, "THERE")

    await seller.see_sold(here, "HERE")
    seen = await seller.product("A")
    assert (seen["status"], await seller.listings()) == (
        "sold",
        {"HERE": SOLD, "THERE": ENDS_FIRST},
    )
    await seller.receive(here, order("1", [row("HERE", listing=listing)]))

    [told] = await seller.sales_told()
    assert "order_id" not in told
    [head] = await seller.orders()
    [got] = await seller.order_lines()
    assert (head["attention"], got["units_taken"]) == ([], 1)
    assert (await seller.product("A"))["quantity"] == 0


async def test_a_piece_seen_sold_counts_before_its_order_comes(seller: Seller) -> None:
    connections = [await seller.connect(str(n)) for n in range(3)]
    product = await seller.stock("A", quantity=2)
    for n, connection in enumerate(connections):
        seller.now = NOW + n * HOUR
        await seller.list_at(connection, product, f"L{n}")

    await seller.see_sold(connections[0], "L0")
    assert (await seller.product("A"))["status"] == "active"
    assert await seller.listings() == {"L0": SOLD, "L1": STANDS, "L2": ENDS_FIRST}

    await seller.receive(connections[0], order("1", [row("L0")]))
    assert (await seller.product("A"))["quantity"] == 1
    assert await seller.listings() == {"L0": SOLD, "L1": STANDS, "L2": ENDS_FIRST}


async def test_a_second_buyer_of_one_piece_is_told_too_and_the_order_wants_attention(
    seller: Seller,
) -> None:
    here, there = await seller.connect("1"), await seller.connect("2")
    product = await seller.stock("A")
    await seller.list_at(here, product, "HERE")
    await seller.list_at(there, product, "THERE")

    await seller.receive(here, order("1", [row("HERE")]))
    await seller.receive(there, order("2", [row("THERE")]))

    assert [head["attention"] for head in await seller.orders()] == [[], ["oversold"]]
    assert [told["external_id"] for told in await seller.sales_told()] == ["HERE", "THERE"]


async def test_of_200_sales_of_one_piece_one_wins_and_none_is_lost(
    seller: Seller, db: Database
) -> None:
    connections = [await seller.connect(str(n)) for n in range(8)]
    product = await seller.stock("A")
    for n, connection in enumerate(connections):
        await seller.list_at(connection, product, f"L{n}")

    async def read(database: Database, connection: Connection, sold: RemoteOrder) -> None:
        async with database.transaction() as tx:
            await intake.receive(tx, connection, [sold], market=MARKET, now=NOW)

    async with Database(db.url, connections=12, timeout_s=120) as pool:
        await asyncio.gather(
            *(
                read(pool, connections[n % 8], order(str(n), [row(f"L{n % 8}")]))
                for n in range(200)
                for _ in range(2)  # each is read by two workers at once
            )
        )

    heads, rows = await seller.orders(), await seller.order_lines()
    assert len(heads) == len(rows) == 200
    assert [head["attention"] for head in heads].count([]) == 1
    assert {tuple(head["attention"]) for head in heads} == {(), ("oversold",)}
    assert sum(row["units_taken"] for row in rows) == 1
    left = await seller.product("A")
    assert (left["quantity"], left["status"]) == (0, "sold")
    told = [sale["order_id"] for sale in await seller.sales_told()]
    assert sorted(told) == sorted(str(head["id"]) for head in heads)
    assert set((await seller.listings()).values()) == {
        ("ended", "sold", 0, False),
        ("ended", "sold", 6, False),
    }
