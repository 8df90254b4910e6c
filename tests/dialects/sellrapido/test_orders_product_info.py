"""What a row says of the product that was sold: keys and kinds that clients read, whatever the product's extras are."""

import json
from pathlib import Path
from typing import Any

import pytest

from saluhall.dialects.sellrapido.order_product import PRODUCT_INFO
from saluhall.storage import Database
from tests.domain.selling import Seller, order, row

# The keys that partners' clients read of a product in an order, in order, each with a value of its kind.
EXPECTED: dict[str, Any] = json.loads(
    Path(__file__).with_name("product_info.json").read_text(encoding="utf-8")
)


async def product_info(db: Database, extras: str) -> dict[str, Any]:
    """Sell a product and read what its row says."""
    seller = await Seller.open(db)
    connection = await seller.connect()
    await seller.list_at(connection, await seller.stock("A", extras=extras), "620")
    await seller.receive(connection, order("1", [row("620")]))
    [found] = await seller.rows(
        f"select ({PRODUCT_INFO.replace('%%', '%')}) as text from order_lines l where account_id = %(account_id)s".replace(
            "[%", "[%%"
        )
    )
    told: dict[str, Any] = json.loads(found["text"])
    return told


async def test_the_product_in_a_row_has_the_keys_and_kinds_that_clients_read(db: Database) -> None:
    attributes = json.dumps([{"name": "Colour", "value": "red"}])

    got = await product_info(db, extras=json.dumps({"attributes": attributes}))

    assert list(got) == list(EXPECTED)
    assert {k: type(v) for k, v in got.items()} == {k: type(v) for k, v in EXPECTED.items()}
    assert list(got["listingFees"]) == list(EXPECTED["listingFees"])
    assert got["attributes"] == {"Colour": "red"}
    assert (got["price1"], got["listing_price"], got["title"]) == (950.0, 4.0, "Part A")
    assert (got["quantity"], got["variations"], got["on_demand"]) == (1.0, [], False)


@pytest.mark.parametrize(
    ("attributes", "variations"), [(None, {}), ("text", {}), ([1, {"value": 2}], {"a": 1})]
)
async def test_odd_attributes_and_variations_never_break_a_client(
    db: Database, attributes: object, variations: object
) -> None:
    extras = {"attributes": json.dumps(attributes), "variations": json.dumps(variations)}

    got = await product_info(db, extras=json.dumps(extras))

    assert (got["attributes"], got["variations"]) == ({}, [])
