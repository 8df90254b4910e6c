import json
from typing import Any
from urllib.parse import quote

import pytest

from tests.dialects.sellrapido.order_book import GOLDEN, golden_orders, keep, order
from tests.hub import Hub, Shop
from tests.sellrapido import Client


async def by_body(client: Client, body: object) -> tuple[int, Any]:
    """Ask in both ways of the older generation, which answer alike."""
    status, headers, answer = await client.key_call("POST", "/order/{key}", body)
    text = body.decode() if isinstance(body, bytes) else json.dumps(body)
    path = "/export/order/{key}?body=" + quote(text, safe="")
    again = await client.key_call("GET", path)
    assert again[0] == status
    if status == 200:
        assert again[2] == answer
    assert "deprecation" in headers
    return status, answer


async def test_a_recorded_body_of_v1_finds_its_orders(client: Client) -> None:
    await keep(client.shop, *golden_orders(), order(code="another", status="standby"))
    body = {
        "startDate": "1970-01-01",
        "endDate": "2025-12-31",
        "code": ["15690", "11-13067-60538"],
        "format": "json",
        "status": "sent,accepted",
        "columnSeparator": "$",
        "writeHeading": True,
        "offset": 0,
        "limit": 3,
        "tags": ["menu-tags6", "menu-tags2"],
    }

    status, answer = await by_body(client, body)

    assert status == 200
    assert json.dumps(answer) == json.dumps(GOLDEN)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({}, 2),
        ({"limit": None, "status": None}, 2),
        ({"status": ["sent"]}, 2),
        ({"status": "standby"}, 0),
        ({"code": "15690"}, 1),
        ({"start_date": "2025-05-01", "startDate": "2020-01-01"}, 1),
    ],
)
async def test_v1_takes_lists_and_texts(client: Client, body: object, found: int) -> None:
    await keep(client.shop, *golden_orders())

    status, answer = await by_body(client, body)

    assert (status, answer["totalCount"]) == (200, found)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"limit": "100"}, "wrong limit"),
        ({"limit": True}, "wrong limit"),
        ({"limit": 1.5}, "wrong limit"),
        ({"offset": "0"}, "wrong offset"),
        ({"code": [1]}, "wrong code"),
        ({"code": ["a\0"]}, "wrong code"),
        ({"status": {}}, "wrong status"),
        ({"startDate": 20250101}, "wrong startDate"),
        ({"writeHeading": 1}, "wrong writeHeading"),
        ({"columnSeparator": ""}, "wrong columnSeparator"),
        ([], "must be an object"),
        (b"not JSON", "must be JSON"),
        (b'{"limit": 1', "must be JSON"),
    ],
)
async def test_a_bad_body_of_v1_is_named(idle_client: Client, body: object, told: str) -> None:
    status, answer = await by_body(idle_client, body)

    assert status == 400
    assert told in answer["root"]


async def test_an_export_without_filters_gives_the_newest(client: Client) -> None:
    await keep(client.shop, *golden_orders())

    status, _, answer = await client.key_call("GET", "/export/order/{key}")

    assert (status, answer["totalCount"], answer["limit"]) == (200, 2, 1000)


async def test_a_wrong_key_reads_nothing(hub: Hub, shop: Shop) -> None:
    await keep(shop, *golden_orders())
    for key in ("5f0f3ea1-0000-4000-8000-000000000000", "nonsense"):
        path = f"/sr_company_ws/api/order/{key}"
        status, _, body = await hub.request("POST", path, body=b"{}")

        assert status == 401
        assert "wrong api" in json.loads(body)["root"]
