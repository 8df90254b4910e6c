"""A person says of which product an order line is that matched none."""

import asyncio
from typing import Any

import pytest

from saluhall.domain.connections.model import Connection
from saluhall.domain.orders import matching, operations
from saluhall.domain.orders.model import (
    LineNotFound,
    MatchRefused,
    OrderNotFound,
    OrderStatus,
    StatusChange,
)
from saluhall.domain.products.model import ProductNotFound
from saluhall.storage import Database
from tests.domain.selling import Seller, order, row


@pytest.fixture
async def seller(db: Database) -> Seller:
    return await Seller.open(db)


async def sell_unknown(seller: Seller, *quantities: int) -> Connection:
    """Receive an order with a line of each quantity, of something that the hub has not listed."""
    connection = await seller.connect()
    lines = [row(f"70{n}", quantity=quantity) for n, quantity in enumerate(quantities)]
    await seller.receive(connection, order("1", lines, paid=True))
    return connection


async def match(
    seller: Seller, at: int = 0, *, sku: str = "A", **changes: Any
) -> list[dict[str, Any]]:
    """Match the line at a place; return the order's lines after that."""
    lines = await seller.order_lines()
    [catalog] = await seller.rows("select number from catalogs where account_id = %(account_id)s")
    facts: dict[str, Any] = {
        "order_id": lines[at]["order_id"],
        "line_id": lines[at]["id"],
        "sku": sku,
        "catalog": catalog["number"],
        **changes,
    }
    async with seller.db.transaction() as tx:
        await matching.match(tx, principal=seller.principal, **facts, now=seller.now)
    return await seller.order_lines()


async def test_a_matched_line_takes_its_units_from_stock_and_offers_follow(seller: Seller) -> None:
    connection = await sell_unknown(seller, 2, 1)
    product = await seller.stock("A", quantity=5, weight=3, brand="Volvo", vat_percent=25)
    await seller.offer(connection, product)

    [first, second] = await match(seller)
    [half] = await seller.orders()
    await match(seller, 1)
    await match(seller, 1)

    [stored] = await seller.orders()
    assert (first["product_id"], first["sku"], first["brand"]) == (product, "A", "Volvo")
    assert (first["title"], first["weight_kg"], first["units_taken"]) == ("Sold 700", 3, 2)
    assert first["product"]["sku"] == "A"
    assert (second["product_id"], half["attention"]) == (None, ["unmatched"])
    assert (stored["attention"], stored["weight_kg"]) == ([], 9)
    assert (await seller.product("A"))["quantity"] == 2
    [offer] = await seller.rows("select quantity from offers where account_id = %(account_id)s")
    assert offer["quantity"] <= 2


async def test_a_line_that_gets_too_few_units_is_oversold_and_ends_the_offer(
    seller: Seller,
) -> None:
    connection = await sell_unknown(seller, 3)
    product = await seller.stock("A", quantity=2)
    await seller.list_at(connection, product, "620")

    [line] = await match(seller)

    [stored] = await seller.orders()
    sold = await seller.product("A")
    assert (line["units_taken"], stored["attention"]) == (2, ["oversold"])
    assert (sold["quantity"], sold["status"]) == (0, "sold")
    assert (await seller.listings())["620"][0] == "ended"


async def test_what_was_sold_elsewhere_is_not_taken_again(seller: Seller) -> None:
    await sell_unknown(seller, 1)
    await seller.stock("A", quantity=1, status="sold")

    [line] = await match(seller)

    [stored] = await seller.orders()
    assert (line["units_taken"], stored["attention"]) == (0, ["oversold"])


async def test_a_cancelled_line_takes_nothing(seller: Seller) -> None:
    await sell_unknown(seller, 2)
    await seller.stock("A", quantity=5)
    [stored] = await seller.orders()
    change = StatusChange(index=0, order_id=stored["id"], status=OrderStatus.CANCELLED)
    async with seller.db.transaction() as tx:
        await operations.change_status(
            tx, principal=seller.principal, changes=[change], now=seller.now
        )

    [line] = await match(seller)

    assert (line["sku"], line["units_taken"]) == ("A", 0)
    assert (await seller.product("A"))["quantity"] == 5
    assert [each["attention"] for each in await seller.orders()] == [[]]


async def test_units_that_are_cancelled_after_the_match_return_to_stock(seller: Seller) -> None:
    await sell_unknown(seller, 2)
    await seller.stock("A", quantity=5)
    [line] = await match(seller)
    change = StatusChange(index=0, order_id=line["order_id"], status=OrderStatus.CANCELLED)
    async with seller.db.transaction() as tx:
        await operations.change_status(
            tx, principal=seller.principal, changes=[change], now=seller.now
        )

    assert (await seller.product("A"))["quantity"] == 5


async def test_what_is_not_there_and_what_is_matched_is_refused_and_changes_nothing(
    seller: Seller,
) -> None:
    await sell_unknown(seller, 1)
    await seller.stock("A")
    await seller.stock("B")
    await seller.stock("BOX", kind="container")
    [before] = await seller.order_lines()

    with pytest.raises(OrderNotFound, match="no order with the id 999"):
        await match(seller, order_id=999)
    with pytest.raises(LineNotFound, match=r"the order \d+ has no line 999"):
        await match(seller, line_id=999)
    with pytest.raises(ProductNotFound, match="no product 'C' in the catalog"):
        await match(seller, sku="C")
    with pytest.raises(ProductNotFound):
        await match(seller, catalog=999)
    with pytest.raises(MatchRefused, match="BOX is a container"):
        await match(seller, sku="BOX")
    assert await seller.order_lines() == [before]

    await match(seller)
    with pytest.raises(MatchRefused, match=r"is matched to A in the catalog \d+ already"):
        await match(seller, sku="B")
    assert (await seller.product("B"))["quantity"] == 1


async def test_what_is_matched_is_sold_in_the_category_of_its_product(seller: Seller) -> None:
    await sell_unknown(seller, 2)
    product = await seller.stock("A", quantity=5, category="lighting")

    before = await seller.rows("select * from sales where account_id = %(account_id)s")
    await match(seller)
    [sale] = await seller.rows("select * from sales where account_id = %(account_id)s")
    sums = await seller.rows(
        """
        select category, sum(units)::int as units from sale_sums
         where account_id = %(account_id)s group by category having sum(units) <> 0
        """
    )

    assert [(each["product_id"], each["category"]) for each in before] == [(None, "other")]
    assert (sale["product_id"], sale["category"], sale["units"]) == (product, "lighting", 2)
    assert sums == [{"category": "lighting", "units": 2}]


async def test_two_people_who_match_the_same_line_take_its_units_once(seller: Seller) -> None:
    await sell_unknown(seller, 2)
    await seller.stock("A", quantity=5)

    await asyncio.gather(match(seller), match(seller))

    assert (await seller.product("A"))["quantity"] == 3
