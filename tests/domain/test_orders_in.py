"""Orders come in: each is stored once, mapped whole, matched to what was listed, and followed when the marketplace changes it."""

from datetime import timedelta
from decimal import Decimal

import pytest

from saluhall.channel_orders import RemoteAddress
from saluhall.domain.orders.mapping import tax_in
from saluhall.storage import Database
from tests.domain.selling import EVA, NOW, Seller, order, row

HOUR = timedelta(hours=1)


@pytest.fixture
async def seller(db: Database) -> Seller:
    return await Seller.open(db)


async def test_an_order_is_mapped_into_head_and_row(seller: Seller) -> None:
    connection = await seller.connect()
    product = await seller.stock(
        "A-1", ean="7391", brand="Volvo", mpn="M1", weight=Decimal("2.5"), cost=3,
        image_urls=["https://a.example/1.jpg"],
    )  # fmt: skip
    listing = await seller.list_at(connection, product, "620")

    await seller.receive(connection, order("77", [row("620", listing=listing, vat=25)], paid=True))

    [head] = await seller.orders()
    [got] = await seller.order_lines()
    [number] = await seller.rows("select number from catalogs where account_id = %(account_id)s")
    wanted_head = {
        "connection_number": connection.number, "number": "77", "external_id": "77", "attention": [],
        "channel": "Tradera", "site": "Sweden", "site_country": "SWE",
        "placed_at": NOW, "created_at": NOW, "changed_at": NOW, "status": "paid", "previous_status": None,
        "paid_at": NOW, "currency": "SEK", "total": 9, "shipping_price": 5,
        "shipping_method": "PostNord", "payment_method": "TraderaPay", "fee": 1,
        "weight_kg": Decimal("2.5"), "tax": Decimal("0.80"),
        "buyer_id": "eva", "buyer_email": "eva@example.com",
    }  # fmt: skip
    address = {
        "name": "Eva Ek", "line1": "Storgatan 1", "line2": "2 tr", "zip": "411 05",
        "city": "Göteborg", "country": "SWE", "phone": "070-1740605",
    }  # fmt: skip
    for name, value in address.items():
        wanted_head |= {f"billing_{name}": value, f"shipping_{name}": value}
    assert {name: head[name] for name in wanted_head} == wanted_head
    wanted_row = {
        "order_id": head["id"], "product_id": product, "listing_external_id": "620", "external_id": "77-620",
        "catalog_number": number["number"], "sku": "A-1", "title": "Sold 620", "quantity": 1, "units_taken": 1,
        "unit_price": 4, "total": 4, "cost": 3, "shipping_price": 5, "shipping_method": "PostNord",
        "tax_percent": 25, "tax": Decimal("0.80"), "weight_kg": Decimal("2.5"), "ean": "7391",
        "brand": "Volvo", "mpn": "M1", "image_url": "https://a.example/1.jpg",
        "created_at": NOW, "changed_at": NOW,
    }  # fmt: skip
    assert {name: got[name] for name in wanted_row} == wanted_row
    assert (got["product"]["sku"], got["product"]["price"]) == ("A-1", 950.0)


async def test_what_is_shipped_elsewhere_goes_to_the_delivery_address(seller: Seller) -> None:
    elsewhere = RemoteAddress(name="Firma Ek", line1="Hamngatan 2", city="Malmö", country="DNK")

    await seller.receive(await seller.connect(), order("1", [row("9")], ship_to=elsewhere))

    [head] = await seller.orders()
    assert (head["billing_name"], head["billing_city"], head["billing_country"]) == (
        "Eva Ek",
        "Göteborg",
        "SWE",
    )
    assert (head["shipping_name"], head["shipping_city"], head["shipping_country"]) == (
        "Firma Ek",
        "Malmö",
        "DNK",
    )
    assert head["shipping_zip"] == ""
    assert head["shipping_phone"] == EVA.phone


async def test_shipping_is_paid_once_however_many_rows_there_are(seller: Seller) -> None:
    rows = [row("1", price=10, quantity=2), row("2", price=7)]

    await seller.receive(await seller.connect(), order("1", rows))

    [head] = await seller.orders()
    assert head["total"] == 32
    assert [(r["total"], r["shipping_price"]) for r in await seller.order_lines()] == [
        (20, 5),
        (7, 0),
    ]


async def test_an_unknown_item_is_stored_too_and_wants_attention(seller: Seller) -> None:
    await seller.receive(await seller.connect(), order("1", [row("404")]))

    [head] = await seller.orders()
    [got] = await seller.order_lines()
    assert head["attention"] == ["unmatched"]
    assert (got["product_id"], got["sku"], got["product"], got["units_taken"]) == (
        None,
        "",
        None,
        0,
    )
    assert got["title"] == "Sold 404"


async def test_an_item_is_known_by_its_id_without_our_reference(seller: Seller) -> None:
    connection = await seller.connect()
    product = await seller.stock("A")
    await seller.list_at(connection, product, "620")

    await seller.receive(connection, order("1", [row("620")]))

    [got] = await seller.order_lines()
    assert got["product_id"] == product


async def test_an_item_that_the_marketplace_listed_again_is_known_by_our_reference(
    seller: Seller,
) -> None:
    connection = await seller.connect()
    product = await seller.stock("A")
    listing = await seller.list_at(connection, product, "620", state="ended")

    await seller.receive(connection, order("1", [row("999", listing=listing)]))

    [got] = await seller.order_lines()
    assert got["product_id"] == product
    assert (await seller.product("A"))["status"] == "sold"


async def test_another_accounts_listing_is_nobodys(seller: Seller, db: Database) -> None:
    other = await Seller.open(db)
    there = await other.connect()
    theirs = await other.list_at(there, await other.stock("A"), "620")

    await seller.receive(await seller.connect(), order("1", [row("620", listing=theirs)]))

    [head] = await seller.orders()
    assert head["attention"] == ["unmatched"]
    assert (await other.product("A"))["quantity"] == 1


async def test_an_order_that_is_read_again_is_stored_once_and_uses_up_no_number(
    seller: Seller,
) -> None:
    connection = await seller.connect()
    again = order("1", [row("9")])
    for _ in range(3):
        await seller.receive(connection, again, again)
    await seller.receive(connection, order("2", [row("9")]))

    first, second = await seller.orders()
    assert second["id"] == first["id"] + 1
    assert len(await seller.order_lines()) == 2


async def test_the_same_number_at_another_connection_is_another_order(seller: Seller) -> None:
    await seller.receive(await seller.connect("1"), order("1", [row("9")]))
    await seller.receive(await seller.connect("2"), order("1", [row("9")]))

    one, other = await seller.orders()
    assert one["connection_number"] != other["connection_number"]


async def test_a_payment_that_comes_later_makes_the_order_accepted(seller: Seller) -> None:
    connection = await seller.connect()
    await seller.receive(connection, order("1", [row("9")]))
    [waiting] = await seller.orders()
    seller.now += 2 * HOUR

    await seller.receive(connection, order("1", [row("9")], later=HOUR, paid=True))

    [paid] = await seller.orders()
    assert (waiting["status"], waiting["paid_at"]) == ("pending", None)
    assert (paid["status"], paid["previous_status"]) == ("paid", "pending")
    assert (paid["paid_at"], paid["payment_method"]) == (NOW + HOUR, "TraderaPay")
    assert (paid["created_at"], paid["changed_at"]) == (NOW, NOW + 2 * HOUR)
    assert len(await seller.order_lines()) == 1


@pytest.mark.parametrize("status", ["shipped", "cancelled", "paid"])
async def test_a_poll_never_sets_a_sellers_status_back(seller: Seller, status: str) -> None:
    connection = await seller.connect()
    await seller.receive(connection, order("1", [row("9")]))
    await seller.run(
        "update orders set status = %(status)s, paid_at = %(at)s where account_id = %(account_id)s",
        status=status,
        at=NOW - HOUR,
    )

    await seller.receive(connection, order("1", [row("9")], later=HOUR, paid=True))

    [head] = await seller.orders()
    assert (head["status"], head["previous_status"], head["paid_at"]) == (status, None, NOW - HOUR)


async def test_an_older_word_never_overwrites_a_newer_one(seller: Seller) -> None:
    connection = await seller.connect()
    await seller.receive(connection, order("1", [row("9")], later=HOUR, paid=True))

    await seller.receive(connection, order("1", [row("9")], currency="EUR"))

    [head] = await seller.orders()
    assert (head["currency"], head["status"]) == ("SEK", "paid")


async def test_a_row_that_is_added_later_takes_its_piece_too(seller: Seller) -> None:
    connection = await seller.connect()
    listings = [
        await seller.list_at(connection, await seller.stock(sku), sku) for sku in ("A", "B")
    ]
    first, second = (row(sku, listing=at) for sku, at in zip("AB", listings, strict=True))
    await seller.receive(connection, order("1", [first]))

    await seller.receive(connection, order("1", [first, second], later=HOUR))

    assert [r["listing_external_id"] for r in await seller.order_lines()] == ["A", "B"]
    assert [(await seller.product(sku))["quantity"] for sku in "AB"] == [0, 0]
    [head] = await seller.orders()
    assert (head["total"], head["attention"]) == (13, [])


@pytest.mark.parametrize(
    ("total", "vat", "tax"), [("13.11", "22", "2.36"), ("100", "25", "20.00"), ("4", "0", "0.00")]
)
def test_the_tax_in_a_price_is_what_its_rate_says(total: str, vat: str, tax: str) -> None:
    assert str(tax_in(Decimal(total), Decimal(vat))) == tax
