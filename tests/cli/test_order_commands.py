"""Orders on the command line: listed, shown, shipped, cancelled, refunded and tagged."""

import asyncio
import json
from typing import Any

import pytest

from saluhall.storage import Database
from tests.cli.command import Saluhall
from tests.domain.selling import EVA, Seller, order, row
from tests.postgres import Postgres


class Orders(Saluhall):
    """Commands on a database with a seller who has orders 1 to 5: of 2 units of A, the last two with something unknown."""

    account: str

    def order(self, verb: str, *words: str) -> dict[str, Any]:
        return self.json("order", verb, *words, "--account", self.account)

    def refusal(self, verb: str, *words: str) -> tuple[int, str, str]:
        ran = self.run("order", verb, *words, "--account", self.account, "--json")
        error = json.loads(ran.out)["error"]
        return ran.code, error["code"], error["message"]

    def of(self, number: str) -> dict[str, Any]:
        found = [each for each in self.order("list")["orders"] if each["number"] == number]
        assert len(found) == 1
        return dict(found[0])

    def id_of(self, number: str) -> str:
        return str(self.of(number)["order_id"])


@pytest.fixture(scope="module")
def orders(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Orders:
    url = postgres.new_database()
    command = Orders(tmp_path_factory.mktemp("orders"), {"SALUHALL_DATABASE_URL": url})
    command.account = asyncio.run(_sell(url))
    return command


async def _sell(url: str) -> str:
    async with Database(url, connections=1) as db:
        seller = await Seller.open(db)
        connection = await seller.connect()
        listing = await seller.list_at(connection, await seller.stock("A", quantity=12), "620")
        for number in ("1", "2", "3", "4", "5"):
            lines = [row("620", listing=listing, quantity=2, price=10), row("700")]
            lines = lines if number in {"4", "5"} else lines[:1]
            await seller.receive(connection, order(number, lines, paid=True))
        return seller.principal.account_name


def test_orders_are_listed_by_status_and_by_what_wants_attention(orders: Orders) -> None:
    listed = orders.of("5")
    orders.order("ship", orders.id_of("3"), "--carrier", "PostNord", "--tracking", "P3")

    assert list(listed) == [
        "order_id", "number", "channel", "connection_id", "status", "placed_at", "currency", "total", "buyer", "lines",
        "tags", "attention",
    ]  # fmt: skip
    assert (listed["channel"], listed["status"], listed["currency"]) == ("tradera", "paid", "SEK")
    assert (listed["total"], listed["buyer"]) == (29, EVA.name)
    assert listed["lines"] == [
        {"sku": "A", "quantity": 2, "shipped": 0, "cancelled": 0},
        {"sku": "", "quantity": 1, "shipped": 0, "cancelled": 0},
    ]
    assert listed["attention"] == ["unmatched"]
    assert orders.of("3")["tags"] == orders.of("3")["attention"] == []
    shipped = orders.order("list", "--status", "shipped")["orders"]
    wanting = orders.order("list", "--attention")["orders"]
    assert "3" in [each["number"] for each in shipped]
    assert {each["status"] for each in shipped} == {"shipped"}
    assert "5" in [each["number"] for each in wanting]
    assert all(each["attention"] for each in wanting)
    table = orders.run("order", "list", "--account", orders.account).out
    assert all(word in table for word in ("Eva Ek", "2 x A", "unmatched", "29 SEK"))
    assert len(orders.order("list", "--limit", "1")["orders"]) == 1
    created = orders.json("history", "--account", orders.account, "--limit", "1000")["events"]
    assert next(e["data"]["lines"] for e in created if e["type"] == "order.created") == [
        {"sku": "A", "quantity": 2},
        {"sku": "", "quantity": 1},
    ]


def test_a_history_shows_the_lines_of_an_order_as_json(orders: Orders) -> None:
    table = orders.run("history", "--account", orders.account, "--limit", "1000").out
    assert '"quantity":2' in table


def test_a_history_of_nothing_is_a_wrong_command_line(orders: Orders) -> None:
    for words in (("--limit", "0"), ("--limit", "-1"), ("--catalog", "1")):
        assert orders.run("history", "--account", orders.account, *words).code == 2


def test_parcels_are_shipped_line_by_line_until_nothing_is_open(orders: Orders) -> None:
    order_id = orders.id_of("1")
    [line] = orders.order("show", order_id)["lines"]
    one = ("--line", f"{line['line_id']}=1")

    first = orders.order("ship", order_id, "--carrier", "DHL", "--tracking", "D1", *one)
    partly = orders.of("1")
    second = orders.order("ship", order_id, "--carrier", "DHL", "--tracking", "D2")
    shown = orders.order("show", order_id)

    assert (partly["status"], partly["lines"][0]["shipped"]) == ("paid", 1)
    assert (shown["status"], shown["lines"][0]["shipped"]) == ("shipped", 2)
    assert [(p["id"], p["tracking"], p["lines"]) for p in shown["parcels"]] == [
        (first["parcel_id"], "D1", {str(line["line_id"]): 1}),
        (second["parcel_id"], "D2", {str(line["line_id"]): 1}),
    ]
    assert [(u["kind"], u["state"], u["attempts"]) for u in shown["updates"]] == [
        ("shipped", "due", 0)
    ]
    assert orders.refusal("ship", order_id, *one) == (
        1, "too_many_units", f"the line {line['line_id']} has nothing left to ship: its units are shipped or cancelled"
    )  # fmt: skip
    assert orders.refusal("cancel", order_id)[:2] == (1, "order_shipped")
    assert orders.of("1")["status"] == "shipped"
    text = orders.run("order", "show", order_id, "--account", orders.account).out
    assert all(word in text for word in ("Lines", "D2", "Refunds: none", "due"))


def test_what_cannot_be_shipped_is_refused_in_one_sentence(orders: Orders) -> None:
    order_id = orders.id_of("4")
    line = orders.order("show", order_id)["lines"][0]["line_id"]

    refused = orders.refusal("ship", order_id, "--line", f"{line}=3", "--carrier", "DHL")
    assert refused == (
        1, "too_many_units", f"the line {line} has 2 left to ship: name 1 to 2 units, not 3"
    )  # fmt: skip
    assert orders.refusal("ship", order_id, "--line", "999=1")[1] == "line_not_found"
    assert orders.refusal("ship", order_id, "--tracking", "T")[1] == "tracking_without_carrier"
    assert orders.refusal("ship", "999") == (
        1, "order_not_found",
        "the account has no order with the id 999: order list shows the ids beside the marketplace's numbers",
    )  # fmt: skip
    for words in (("--line", "x"), ("--line", f"{line}=1", "--line", f"{line}=1")):
        assert orders.refusal("ship", order_id, *words)[:2] == (2, "usage")


def test_an_order_is_cancelled_and_refunded_and_says_what_the_channel_cannot_be_notified_of(
    orders: Orders,
) -> None:
    order_id = orders.id_of("2")

    orders.order("cancel", order_id, "--reason", "broken in storage")
    orders.order("cancel", order_id)
    orders.order("refund", order_id, "20.50", "--reason", "broken in storage")
    shown = orders.order("show", order_id)

    assert (shown["status"], shown["lines"][0]["cancelled"]) == ("cancelled", 2)
    assert [(r["amount"], r["reason"]) for r in shown["refunds"]] == [(20.5, "broken in storage")]
    assert [(u["kind"], u["state"]) for u in shown["updates"]] == [
        ("cancelled", "not_supported"),
        ("refunded", "not_supported"),
    ]
    assert shown["updates"][1]["answer"] == (
        "Done here only: Tradera 1 cannot be notified that an order is refunded."
    )
    assert orders.refusal("refund", order_id, "5")[:2] == (1, "refund_refused")
    assert orders.refusal("refund", order_id, "much")[:2] == (2, "usage")
    assert orders.refusal("ship", order_id) == (
        1, "order_cancelled", f"the order {order_id} is cancelled, and stays so"
    )  # fmt: skip


def test_a_line_is_matched_to_a_product(orders: Orders) -> None:
    order_id = orders.id_of("4")
    line = str(orders.order("show", order_id)["lines"][1]["line_id"])
    catalog = str(
        orders.json("catalog", "list", "--account", orders.account)["catalogs"][0]["catalog_id"]
    )

    refused = orders.refusal("match", order_id, line, "--sku", "Z", "--catalog", catalog)
    shown = orders.order("match", order_id, line, "--sku", "A", "--catalog", catalog)

    assert refused[:2] == (1, "product_not_found")
    assert (shown["attention"], shown["lines"][1]["sku"]) == ([], "A")
    again = orders.order("match", order_id, line, "--sku", "A", "--catalog", catalog)
    assert again == shown
    assert orders.refusal("match", order_id, line, "--sku", "B", "--catalog", catalog) == (
        1, "match_refused", f"the line {line} is matched to A in the catalog {catalog} already"
    )  # fmt: skip


def test_an_order_is_tagged(orders: Orders) -> None:
    order_id = orders.id_of("4")

    orders.order("tag", order_id, "--add", "gift", "--add", "fragile")
    left = orders.order("tag", order_id, "--remove", "gift")

    assert left == {"order_id": int(order_id), "tags": ["fragile"]}
    assert orders.of("4")["tags"] == ["fragile"]
    assert orders.refusal("tag", order_id, "--add", "a;b")[:2] == (1, "tag_refused")
