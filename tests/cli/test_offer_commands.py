"""Offers and policies on the command line: made, listed, ended; what is wrong is said in one sentence and stores nothing."""

import asyncio
import json
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from saluhall.bootstrap import now
from saluhall.domain.accounts.queries import principal_of_account
from saluhall.domain.listings.operations import put_products
from saluhall.domain.products.fields import ProductPatch
from saluhall.storage import Database
from tests.cli.command import Saluhall
from tests.postgres import Postgres

PASSWORD = ("--password", "a good password")


class Seller(Saluhall):
    """Commands on a database with Anna, who has products of 3 units and 100 SEK, and BOOK in EUR; and with Bo, who has none."""

    connection: str
    catalog: str

    def offer(self, *words: str, sku: str = "LAMP") -> tuple[str, ...]:
        where = ("--connection", self.connection, "--catalog", self.catalog, "--sku", sku)
        return ("offer", "create", "--account", "Anna", *where, *words)

    def offers(self, *words: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.json("offer", "list", "--account", "Anna", *words)[
            "offers"
        ]
        return found

    def policy(self, *words: str) -> dict[str, Any]:
        return self.json("policy", "set", self.connection, "--account", "Anna", *words)


@pytest.fixture(scope="module")
def seller(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Seller:
    url = postgres.new_database()
    command = Seller(tmp_path_factory.mktemp("offers"), {"SALUHALL_DATABASE_URL": url})
    for name in ("Anna", "Bo"):
        command.json("account", "create", name, "--username", name.lower(), *PASSWORD)
    asyncio.run(_put(url))
    login = ("--account", "Anna", "--user-id", "17", "--token", "t")
    command.connection = command.json("connection", "add", "tradera", *login)["connection_id"]
    command.catalog = str(
        command.json("catalog", "list", "--account", "Anna")["catalogs"][0]["catalog_id"]
    )
    return command


async def _put(url: str) -> None:
    async with Database(url, connections=1) as db, db.transaction() as tx:
        principal = await principal_of_account(tx, "Anna")
        patches = [
            ProductPatch(
                sku=sku,
                title=sku,
                description=sku,
                price=Decimal(100),
                default_currency="SEK",
                quantity=3,
            )
            for sku in ("LAMP", "VASE", "STOOL", "BOWL")
        ]
        patches.append(
            ProductPatch(sku="BOOK", title="BOOK", price=Decimal(9), default_currency="EUR")
        )
        await put_products(tx, principal=principal, catalog="RHEO", products=patches, now=now())


def refusal(ran: Any, code: str, words: str) -> bool:
    """Exit code 1, and one sentence with these words."""
    error = json.loads(ran.out)["error"]
    return bool(ran.code == 1 and error["code"] == code and words in error["message"])


def test_a_product_is_offered_listed_and_its_offer_ended(seller: Seller) -> None:
    made = seller.json(*seller.offer("--format", "fixed", "--price", "120", "--max-quantity", "2"))
    [listed] = seller.offers("--sku", "LAMP")
    table = seller.run("offer", "list", "--account", "Anna").out
    ended = seller.json("offer", "end", made["offer_id"], "--account", "Anna")
    [over] = seller.offers("--sku", "LAMP")

    assert set(made) == {"offer_id"}
    assert (listed["offer_id"], listed["connection_id"]) == (made["offer_id"], seller.connection)
    assert (listed["channel"], listed["catalog_id"]) == ("tradera", int(seller.catalog))
    assert (listed["format"], listed["wanted"], listed["currency"]) == ("fixed", "live", "SEK")
    assert (listed["price"], listed["quantity"]) == (120, 2)
    assert listed["listing"] == {
        "state": "pending", "external_id": None, "url": None, "price": None, "quantity": None,
        "confirmed_at": listed["listing"]["confirmed_at"], "units_sold": 0, "error": None,
    }  # fmt: skip
    assert "LAMP" in table
    assert "120" in table
    assert ended == made
    assert over["wanted"] == "ended"


def test_an_offer_that_the_channel_cannot_show_is_refused_in_one_sentence(seller: Seller) -> None:
    def refused(words: str, *options: str) -> bool:
        return refusal(
            seller.run(*seller.offer(*options, "--json", sku="VASE")), "offer_refused", words
        )

    assert refused("the price is 0", "--price", "0")
    assert refused("the price is -5", "--price", "-5")
    assert refused("whole SEK only", "--price", "99.50")
    assert refused("the price is 3000000000", "--price", "3000000000")
    assert refused("at least 1 unit", "--max-quantity", "0")
    assert refused("99999999999 are offered", "--format", "fixed", "--max-quantity", "99999999999")
    assert refused("2 are offered", "--format", "auction", "--max-quantity", "2")
    in_euro = seller.run(*seller.offer("--json", sku="BOOK"))
    assert refusal(in_euro, "offer_refused", "sells in SEK only; the price is in EUR")
    assert seller.run(*seller.offer("--format", "barter", "--json")).code == 2
    assert seller.run(*seller.offer("--price", "NaN", "--json")).code == 2
    assert seller.offers("--sku", "VASE") == []


def test_what_the_account_does_not_have_is_not_found(seller: Seller) -> None:
    strange = str(uuid4())
    made = seller.json(*seller.offer(sku="BOWL"))["offer_id"]

    def not_found(code: str, *words: str) -> bool:
        return refusal(seller.run(*words, "--json"), code, "the account has no ")

    of_bo = [word if word != "Anna" else "Bo" for word in seller.offer()]
    elsewhere = [word if word != seller.connection else strange for word in seller.offer()]
    assert not_found("product_not_found", *seller.offer(sku="TABLE"))
    assert not_found("connection_not_found", *elsewhere)
    assert not_found("connection_not_found", *of_bo)
    assert not_found("offer_not_found", "offer", "end", made, "--account", "Bo")
    assert not_found("offer_not_found", "offer", "end", strange, "--account", "Anna")
    for verb in ("set", "show"):
        assert not_found(
            "connection_not_found", "policy", verb, seller.connection, "--account", "Bo"
        )
    assert seller.json("offer", "list", "--account", "Bo") == {"offers": []}
    assert seller.offers("--sku", "BOWL")[-1]["wanted"] == "live"


def test_a_policy_is_shown_under_the_names_of_the_options_and_set_changes_what_is_named(
    seller: Seller,
) -> None:
    before = seller.json("policy", "show", seller.connection, "--account", "Anna")
    seller.policy("--price-percent", "-10", "--price-round", ".90", "--quantity-buffer", "1")
    seller.policy("--categories", "lamps=536", "--hold", "start", "--no-quantity-returns")
    after = seller.json("policy", "show", seller.connection, "--account", "Anna")
    reset = seller.policy(*(f"--reset={name.replace('_', '-')}" for name in after))

    assert (before["products"], before["format"], before["price_list"]) == ("none", None, 1)
    changed = {name: value for name, value in after.items() if value != before[name]}
    assert changed == {
        "price_percent": -10, "price_round": ".90", "quantity_buffer": 1, "categories": {"lamps": "536"}, "hold": "start",
        "quantity_returns": False,
    }  # fmt: skip
    assert reset == before
    assert (
        "price_percent" in seller.run("policy", "show", seller.connection, "--account", "Anna").out
    )


def test_offers_follow_a_changed_policy(seller: Seller) -> None:
    seller.json(*seller.offer("--format", "fixed", sku="STOOL"))
    before = seller.offers("--sku", "STOOL")[-1]
    seller.policy("--price-plus", "50", "--quantity-max", "2")
    after = seller.offers("--sku", "STOOL")[-1]
    seller.policy("--reset", "price-plus", "--reset", "quantity-max")

    assert (before["price"], before["quantity"]) == (100, 3)
    assert (after["price"], after["quantity"]) == (150, 2)


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ("price lists are 1 to 6", ("--price-list", "7")),
        ("less than 100 percent", ("--price-percent", "-100")),
        ("does not sell in XXX", ("--currency", "XXX")),
        ("needs the currency", ("--exchange-rate", "1.5")),
        ("exchange rate is more than 0", ("--exchange-rate", "0", "--currency", "SEK")),
        ("lowest price is 0", ("--price-floor=-1",)),
        ("kept back", ("--quantity-buffer", "-1")),
        ("shown at most", ("--quantity-max", "0")),
        ("1 to 100 percent", ("--quantity-percent", "101")),
        ("below its lowest", ("--filter-min-price", "9", "--filter-max-price", "8")),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(
    seller: Seller, words: str, options: tuple[str, ...]
) -> None:
    ran = seller.run("policy", "set", seller.connection, "--account", "Anna", *options, "--json")
    shown = seller.json("policy", "show", seller.connection, "--account", "Anna")

    assert refusal(ran, "policy_refused", words)
    assert (shown["price_list"], shown["currency"], shown["quantity_max"]) == (1, None, None)


def test_a_filter_names_catalogs_of_the_account(seller: Seller) -> None:
    options = ("--products", "filter", "--filter-catalogs", "999", "--json")
    ran = seller.run("policy", "set", seller.connection, "--account", "Anna", *options)

    assert refusal(ran, "catalog_not_found", "no catalog with the number 999")


def test_a_catalog_has_a_type(seller: Seller) -> None:
    made = seller.json(
        "catalog", "create", "Shop", "--account", "Bo", "--code", "S", "--type", "supplier"
    )
    listed = seller.json("catalog", "list", "--account", "Bo")["catalogs"]

    assert [(c["code"], c["type"]) for c in listed] == [("RHEO", "data_entry"), ("S", "supplier")]
    assert listed[1]["catalog_id"] == made["catalog_id"]
    assert seller.run("catalog", "create", "X", "--account", "Bo", "--type", "toys").code == 2
