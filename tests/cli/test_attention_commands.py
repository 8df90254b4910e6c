"""What needs a person, on the command line: each with the command that helps."""

import asyncio
import shlex

import pytest

from saluhall.channel import UnreadableEntry
from saluhall.domain.attention import operations
from saluhall.storage import Database
from tests.cli.command import Saluhall
from tests.domain.selling import NOW, Seller, order, row
from tests.postgres import Postgres


@pytest.fixture
def command(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Saluhall:
    url = postgres.new_database()
    return Saluhall(tmp_path_factory.mktemp("attention"), {"SALUHALL_DATABASE_URL": url})


async def _trouble(url: str) -> str:
    """Make a seller with an order that was not paid, of something unknown, and with an entry that cannot be read."""
    async with Database(url, connections=1) as db:
        seller = await Seller.open(db)
        connection = await seller.connect()
        await seller.stock("A", quantity=3)
        await seller.receive(connection, order("77", [row("700")]))
        await seller.run("update orders set placed_at = now() - interval '10 days'")
        async with db.transaction() as tx:
            entry = UnreadableEntry(kind="order", remote_id="9", raw="{odd}", reason="no date")
            await operations.record(tx, connection, [entry], now=NOW)
        return seller.principal.account_name


def test_each_thing_is_listed_with_the_command_that_ends_it(command: Saluhall) -> None:
    account = asyncio.run(_trouble(command.env["SALUHALL_DATABASE_URL"]))
    of_account = ("--account", account)
    endpoint = command.json("webhook", "set", "https://shop.example/hook", *of_account)
    [listed] = command.json("webhook", "list", *of_account)["endpoints"]
    command.json("webhook", "disable", listed["endpoint_id"], *of_account)
    catalog = command.json("catalog", "list", *of_account)["catalogs"][0]["catalog_id"]

    found = command.json("attention", "list", *of_account)
    items = {item["kind"]: item for item in found["attention"]}
    table = command.run("attention", "list", *of_account).out
    later = command.json("attention", "list", *of_account, "--payment-days", "11")["attention"]

    assert endpoint["webhookUrl"] == "https://shop.example/hook"
    assert set(items) == {
        "payment_missing", "line_unmatched", "endpoint_disabled", "entry_unreadable"
    }  # fmt: skip
    assert all(
        list(item) == ["id", "kind", "since", "subject", "message", "remedy"]
        for item in items.values()
    )
    assert found["entries"][0]["raw"] == "{odd}"
    assert "switched off by a person" in items["endpoint_disabled"]["message"]
    assert "Order 77" in table
    assert "payment_missing" not in {item["kind"] for item in later}

    for item in items.values():
        words = item["remedy"].replace("SKU", "A").replace("NUMBER", str(catalog))
        line = words.partition("saluhall ")[2].partition(". ")[0]
        command.json(*shlex.split(line))
    assert command.json("attention", "list", *of_account) == {"attention": [], "entries": []}


def test_only_unreadable_entries_are_dismissed(command: Saluhall) -> None:
    account = asyncio.run(_trouble(command.env["SALUHALL_DATABASE_URL"]))
    items = command.json("attention", "list", "--account", account)["attention"]
    ids = {item["kind"]: item["id"] for item in items}

    refused = command.run("attention", "dismiss", ids["line_unmatched"], "--account", account)
    command.json("attention", "dismiss", ids["entry_unreadable"], "--account", account)

    assert refused.refuses("anything else is listed until its cause is gone", 2)
    left = command.json("attention", "list", "--account", account)["attention"]
    assert "entry_unreadable" not in {item["kind"] for item in left}
