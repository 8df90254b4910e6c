"""Who changed what and when: one question, however the change came in."""

import getpass
from typing import Any

from tests.hub import Hub, Shop
from tests.sellrapido import Client


def told(events: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(e["type"], e["actor"], e["source"], e["changes"]) for e in events]


async def test_the_history_says_who_changed_a_price_through_what_and_from_what_to_what(
    hub: Hub, shop: Shop
) -> None:
    account = shop.principal.account_name
    await shop.put("LAMP", price=10)
    await shop.put("OTHER", price=10)
    [known] = await shop.rows(
        """select c.number as catalog, n.id as connection, k.id as key, u.id as user
             from catalogs c, connections n, api_keys k, users u
            where c.account_id = %(account_id)s and n.account_id = %(account_id)s
              and k.account_id = %(account_id)s and u.account_id = %(account_id)s"""
    )
    catalog, connection = str(known["catalog"]), str(known["connection"])

    await shop.patch("LAMP", "price", {"price": 12})
    await hub.cli("offer", "create", "--account", account, "--connection", connection, "--catalog",
                  catalog, "--sku", "LAMP", "--price", "15")  # fmt: skip
    client = await Client.signed_in(shop)
    rows = [{"sku": sku, "catalog": known["catalog"], "price1": 13.5} for sku in ("LAMP", "OTHER")]
    status, _, answer = await client.call("PATCH", "/product", rows)
    assert status == 200, answer

    said = await hub.cli("history", "--account", account, "--sku", "LAMP", "--catalog", catalog)
    by_key, by_user = f"key:{known['key']}", f"user:{known['user']}"
    assert told(said["events"]) == [
        ("price.changed", by_user, "sellrapido", {"price": {"before": "12", "after": "13.5"}}),
        ("offer.changed", f"operator:{getpass.getuser()}", "cli", {
            "wanted": {"before": None, "after": "live"}, "price": {"before": None, "after": "15"}}),
        ("price.changed", by_key, "rheo", {"price": {"before": "10", "after": "12"}}),
        ("product.created", by_key, "rheo", {}),
    ]  # fmt: skip
    by_request = [e["request_id"] for e in said["events"]]
    assert None not in (by_request[0], by_request[2], by_request[3])
    assert len(set(by_request)) == len(by_request)
    whole = await hub.cli("history", "--account", account)
    assert {e["sku"] for e in whole["events"]} == {"LAMP", "OTHER"}
