"""Orders come in: each is stored once, mapped whole, matched to what was listed, and followed when the marketplace changes it."""

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from saluhall.channel import RemoteAddress
from saluhall.domain.orders.arriving import tax_in
from saluhall.domain.orders.product_info import product_info_from_facts
from saluhall.storage import Database
from tests.domain.selling import EVA, NOW, Seller, order, row

HOUR = timedelta(hours=1)
# The keys that partners' clients read of a product in an order, in order, each with a value of its kind.
PRODUCT_INFO = Path(__file__).with_name("product_info.json")


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

    [head] = await seller.heads()
    [got] = await seller.order_rows()
    [number] = await seller.rows("select number from catalogs where account_id = %(account_id)s")
    wanted_head = {
        "shop": connection.number, "code": "77", "remote_id": "77", "attention": None,
        "marketplace_code": "Tradera", "channel_code": "Sweden", "marketplace_country": "SWE",
        "date_order": NOW, "created": NOW, "modified": NOW, "status": "accepted", "status_old": "",
        "date_payment": NOW, "currency": "SEK", "price": 9, "shipping_price": 5,
        "shipping_code": "PostNord", "payment_code": "TraderaPay", "marketplace_fee": 1, "paypal_fee": 0,
        "weight": Decimal("2.5"), "total_tax": Decimal("0.80"), "wanted_status": None, "push_due_at": None,
        "buyer_user_id": "eva", "buyer_email": "eva@example.com",
    }  # fmt: skip
    address = {
        "name": "Eva Ek", "address1": "Storgatan 1", "address2": "2 tr", "zip": "411 05",
        "city": "Göteborg", "country": "SWE", "phone": "070-1740605",
    }  # fmt: skip
    for name, value in address.items():
        wanted_head |= {f"buyer_{name}": value, f"buyer_{name}_dd": value}
    assert {name: head[name] for name in wanted_head} == wanted_head
    wanted_row = {
        "order_id": head["id"], "product": product, "product_id": "620", "transaction_id": "77-620",
        "sku": f"{number['number']}_A-1", "title": "Sold 620", "quantity": 1, "stock_unloaded": 1,
        "price": 4, "price_total": 4, "price_cost": 3, "shipping_price": 5, "shipping_code": "PostNord",
        "vat_perc": 25, "product_tax": Decimal("0.80"), "weight": Decimal("2.5"), "ean": "7391",
        "brand": "Volvo", "mpn": "M1", "image_url": "https://a.example/1.jpg", "date_payment": None,
        "created": NOW, "modified": NOW, "no_vat": "false",
    }  # fmt: skip
    assert {name: got[name] for name in wanted_row} == wanted_row
    assert got["product_info"]["sku"] == "A-1"
    assert got["product_info"]["listing_price"] == 4.0


async def test_what_is_shipped_elsewhere_goes_to_the_delivery_address(seller: Seller) -> None:
    elsewhere = RemoteAddress(name="Firma Ek", line1="Hamngatan 2", city="Malmö", country="DNK")

    await seller.receive(await seller.connect(), order("1", [row("9")], ship_to=elsewhere))

    [head] = await seller.heads()
    assert (head["buyer_name"], head["buyer_city"], head["buyer_country"]) == (
        "Eva Ek",
        "Göteborg",
        "SWE",
    )
    assert (head["buyer_name_dd"], head["buyer_city_dd"], head["buyer_country_dd"]) == (
        "Firma Ek",
        "Malmö",
        "DNK",
    )
    assert head["buyer_zip_dd"] == ""
    assert head["buyer_phone_dd"] == EVA.phone


async def test_shipping_is_paid_once_however_many_rows_there_are(seller: Seller) -> None:
    rows = [row("1", price=10, quantity=2), row("2", price=7)]

    await seller.receive(await seller.connect(), order("1", rows))

    [head] = await seller.heads()
    assert head["price"] == 32
    assert [(r["price_total"], r["shipping_price"]) for r in await seller.order_rows()] == [
        (20, 5),
        (7, 0),
    ]


async def test_an_unknown_item_is_stored_too_and_wants_attention(seller: Seller) -> None:
    await seller.receive(await seller.connect(), order("1", [row("404")]))

    [head] = await seller.heads()
    [got] = await seller.order_rows()
    assert head["attention"] == "unmatched"
    assert (got["product"], got["sku"], got["product_info"], got["stock_unloaded"]) == (
        None,
        "",
        {},
        0,
    )
    assert got["title"] == "Sold 404"


async def test_an_item_is_known_by_its_id_without_our_reference(seller: Seller) -> None:
    connection = await seller.connect()
    product = await seller.stock("A")
    await seller.list_at(connection, product, "620")

    await seller.receive(connection, order("1", [row("620")]))

    [got] = await seller.order_rows()
    assert got["product"] == product


async def test_an_item_that_the_marketplace_listed_again_is_known_by_our_reference(
    seller: Seller,
) -> None:
    connection = await seller.connect()
    product = await seller.stock("A")
    listing = await seller.list_at(connection, product, "620", state="ended")

    await seller.receive(connection, order("1", [row("999", listing=listing)]))

    [got] = await seller.order_rows()
    assert got["product"] == product
    assert (await seller.product("A"))["status"] == "sold"


async def test_another_accounts_listing_is_nobodys(seller: Seller, db: Database) -> None:
    other = await Seller.open(db)
    there = await other.connect()
    theirs = await other.list_at(there, await other.stock("A"), "620")

    await seller.receive(await seller.connect(), order("1", [row("620", listing=theirs)]))

    [head] = await seller.heads()
    assert head["attention"] == "unmatched"
    assert (await other.product("A"))["quantity"] == 1


async def test_an_order_that_is_read_again_is_stored_once_and_uses_up_no_number(
    seller: Seller,
) -> None:
    connection = await seller.connect()
    again = order("1", [row("9")])
    for _ in range(3):
        await seller.receive(connection, again, again)
    await seller.receive(connection, order("2", [row("9")]))

    first, second = await seller.heads()
    assert second["id"] == first["id"] + 1
    assert len(await seller.order_rows()) == 2


async def test_the_same_number_at_another_connection_is_another_order(seller: Seller) -> None:
    await seller.receive(await seller.connect("1"), order("1", [row("9")]))
    await seller.receive(await seller.connect("2"), order("1", [row("9")]))

    one, other = await seller.heads()
    assert one["shop"] != other["shop"]


async def test_a_payment_that_comes_later_makes_the_order_accepted(seller: Seller) -> None:
    connection = await seller.connect()
    await seller.receive(connection, order("1", [row("9")]))
    [waiting] = await seller.heads()
    seller.now += 2 * HOUR

    await seller.receive(connection, order("1", [row("9")], later=HOUR, paid=True))

    [paid] = await seller.heads()
    assert (waiting["status"], waiting["date_payment"]) == ("standby", None)
    assert (paid["status"], paid["status_old"]) == ("accepted", "standby")
    assert (paid["date_payment"], paid["payment_code"]) == (NOW + HOUR, "TraderaPay")
    assert (paid["created"], paid["modified"]) == (NOW, NOW + 2 * HOUR)
    assert len(await seller.order_rows()) == 1


@pytest.mark.parametrize("status", ["sent", "cancelled", "accepted"])
async def test_a_poll_never_sets_a_sellers_status_back(seller: Seller, status: str) -> None:
    connection = await seller.connect()
    await seller.receive(connection, order("1", [row("9")]))
    await seller.run(
        "update order_heads set status = %(status)s, date_payment = %(at)s where account_id = %(account_id)s",
        status=status,
        at=NOW - HOUR,
    )

    await seller.receive(connection, order("1", [row("9")], later=HOUR, paid=True))

    [head] = await seller.heads()
    assert (head["status"], head["status_old"], head["date_payment"]) == (status, "", NOW - HOUR)


async def test_an_older_word_never_overwrites_a_newer_one(seller: Seller) -> None:
    connection = await seller.connect()
    await seller.receive(connection, order("1", [row("9")], later=HOUR, paid=True))

    await seller.receive(connection, order("1", [row("9")], currency="EUR"))

    [head] = await seller.heads()
    assert (head["currency"], head["status"]) == ("SEK", "accepted")


async def test_a_row_that_is_added_later_takes_its_piece_too(seller: Seller) -> None:
    connection = await seller.connect()
    listings = [
        await seller.list_at(connection, await seller.stock(sku), sku) for sku in ("A", "B")
    ]
    first, second = (row(sku, listing=at) for sku, at in zip("AB", listings, strict=True))
    await seller.receive(connection, order("1", [first]))

    await seller.receive(connection, order("1", [first, second], later=HOUR))

    assert [r["product_id"] for r in await seller.order_rows()] == ["A", "B"]
    assert [(await seller.product(sku))["quantity"] for sku in "AB"] == [0, 0]
    [head] = await seller.heads()
    assert (head["price"], head["attention"]) == (13, None)


@pytest.mark.parametrize(
    ("total", "vat", "tax"), [("13.11", "22", "2.36"), ("100", "25", "20.00"), ("4", "0", "0.00")]
)
def test_the_tax_in_a_price_is_what_its_rate_says(total: str, vat: str, tax: str) -> None:
    assert str(tax_in(Decimal(total), Decimal(vat))) == tax


async def test_the_product_in_a_row_has_the_keys_and_kinds_that_clients_read(
    seller: Seller,
) -> None:
    connection = await seller.connect()
    attributes = json.dumps([{"name": "Colour", "value": "red"}])
    product = await seller.stock("A", extras=json.dumps({"attributes": attributes}))
    await seller.list_at(connection, product, "620")
    await seller.receive(connection, order("1", [row("620")]))

    [text] = await seller.rows(
        "select product_info::text as text from order_rows where account_id = %(account_id)s"
    )
    got: dict[str, Any] = json.loads(text["text"])
    wanted: dict[str, Any] = json.loads(PRODUCT_INFO.read_text(encoding="utf-8"))

    assert list(got) == list(wanted)
    assert {k: type(v) for k, v in got.items()} == {k: type(v) for k, v in wanted.items()}
    assert list(got["listingFees"]) == list(wanted["listingFees"])
    assert got["attributes"] == {"Colour": "red"}
    assert (got["quantity"], got["variations"], got["on_demand"]) == (1.0, [], False)


async def test_odd_attributes_and_variations_never_break_a_client(seller: Seller) -> None:
    await seller.stock("A")
    [facts] = await seller.rows(
        """
        select p.*, 1 as catalog_number, 'RHEO' as catalog_code, 'RHEO' as catalog_name
          from products p where p.account_id = %(account_id)s
        """
    )
    odd: list[tuple[object, object]] = [(None, {}), ("text", {}), ([1, {"value": 2}], {"a": 1})]
    for attributes, variations in odd:
        told = product_info_from_facts(
            {
                **facts,
                "extras": {
                    "attributes": json.dumps(attributes),
                    "variations": json.dumps(variations),
                },
            },
            unit_price=Decimal(1),
        )
        assert (told["attributes"], told["variations"]) == ({}, [])
