"""Who is let in, how often, and what goes wrong on order."""

import asyncio
from typing import Any

import aiohttp
import pytest

from tests.practice.tradera.seller_client import SELLER, SellerClient, auction, image

ME = "/v4/users/me"


@pytest.mark.parametrize(
    ("header", "value", "status", "code"),
    [
        ("X-App-Id", "", 401, "Unauthorized"),
        ("X-App-Id", "one", 401, "Unauthorized"),
        ("X-App-Key", "", 401, "Unauthorized"),
        ("X-User-Id", "17", 403, "Forbidden"),
        ("X-User-Token", "wrong", 403, "Forbidden"),
        ("X-User-Token", "", 403, "Forbidden"),
    ],
)
async def test_wrong_headers_are_refused(
    client: SellerClient, header: str, value: str, status: int, code: str
) -> None:
    client.headers[header] = value

    answer = await client.call("GET", ME)

    assert (answer.status, answer.content["error"]["code"]) == (status, code)


async def test_public_calls_need_an_application_but_no_user(client: SellerClient) -> None:
    del client.headers["X-User-Id"], client.headers["X-User-Token"]

    tree = {c["categoryId"]: c for c in await client.good("GET", "/v4/categories")}
    assert [c["categoryId"] for c in tree[520]["subCategories"]] == list(range(8290, 8301))
    assert tree[521]["subCategories"] == []
    needed = await client.good("GET", "/v4/categories/344482/attribute-definitions")
    assert needed[0]["minNumberOfValues"] == 1
    for table in ("accepted-bidder-types", "item-types", "counties", "expo-item-types"):
        assert await client.good("GET", f"/v4/reference-data/{table}")
    assert (await client.good("GET", "/v4/reference-data/item-field-values"))["vat"] == [
        0,
        6,
        12,
        25,
    ]
    assert (await client.good("GET", "/v4/reference-data/shipping-options"))[
        "productsPerWeightSpan"
    ]
    assert (await client.call("GET", ME)).status == 403


async def test_anybody_sees_a_published_item(client: SellerClient) -> None:
    item_id = await client.list(auction())
    del client.headers["X-User-Id"], client.headers["X-User-Token"]

    assert (await client.good("GET", f"/v4/items/{item_id}"))["id"] == item_id
    assert len(await client.good("GET", "/v4/items/seller/300124")) == 1
    assert (await client.call("GET", "/v4/items/1")).status == 404


async def test_a_token_stops_opening_when_it_expires(client: SellerClient) -> None:
    body = SELLER | {"expires": "2190-01-01T00:00:00Z"}
    await client.good("POST", "/sandbox/sellers", body)

    assert (await client.call("GET", ME)).status == 200
    await client.later(days=366 * 170)
    assert (await client.call("GET", ME)).status == 403
    await client.good("POST", "/sandbox/sellers", SELLER)
    assert (await client.call("GET", ME)).status == 200


async def test_a_dropped_call_takes_effect_and_gets_no_answer(client: SellerClient) -> None:
    fault = {"method": "POST", "path": "/v4/listings/items", "drop": True, "times": 1}
    await client.good("PUT", "/sandbox/faults", [fault])

    with pytest.raises(aiohttp.ClientConnectionError):
        await client.list(auction(ownReferences=["lost"]))
    await client.list(auction(ownReferences=["found"]))

    items = await client.good("GET", "/sandbox/items")
    assert [entry["ownReferences"] for entry in items] == [["lost"], ["found"]]
    calls = await client.good("GET", "/sandbox/calls")
    assert [(c["method"], c["status"], c["dropped"]) for c in calls] == [
        ("POST", 200, True),
        ("POST", 200, False),
    ]


async def test_a_wrong_status_on_order_has_no_effect_and_ends_by_itself(
    client: SellerClient,
) -> None:
    fault = {"method": "DELETE", "path": "/v4/listings/items/*", "status": 503, "times": 1}
    item_id = await client.list(auction())
    await client.good("PUT", "/sandbox/faults", [fault])
    path = f"/v4/listings/items/{item_id}"

    refused = await client.call("DELETE", path)

    assert (refused.status, refused.content["error"]["code"]) == (503, "ServiceUnavailable")
    assert (await client.item(item_id))["status"]["ended"] is False
    assert await client.good("DELETE", path) is True


async def test_an_answer_on_order_may_be_no_json(client: SellerClient) -> None:
    fault = {"method": "*", "path": "/v4/", "status": 502, "body": "<html>Bad gateway"}
    await client.good("PUT", "/sandbox/faults", [fault])

    assert (await client.call("GET", ME)).content == "<html>Bad gateway"
    await client.good("PUT", "/sandbox/faults", [])
    assert (await client.call("GET", ME)).status == 200


async def test_a_slow_answer_is_slow_and_right_and_holds_up_nobody_else(
    client: SellerClient,
) -> None:
    fault = {"method": "GET", "path": ME, "status": None, "delay_s": 1.5, "times": 1}
    await client.good("PUT", "/sandbox/faults", [fault])

    slow = asyncio.create_task(client.call("GET", ME))
    await asyncio.sleep(0.05)
    await client.good("GET", ME)
    assert not slow.done()
    assert (await slow).status == 200


async def test_the_quota_is_for_a_day_of_marketplace_time(client: SellerClient) -> None:
    await client.good("PUT", "/sandbox/quota", {"calls_per_day": 2})

    statuses = [(await client.call("GET", ME)).status for _ in range(3)]
    spent = await client.call("GET", "/v4/categories")
    await client.later(days=1)

    assert statuses == [200, 200, 429]
    assert spent.content["error"]["code"] == "TooManyRequests"
    assert (await client.call("GET", ME)).status == 200


async def test_the_quota_may_be_for_each_method(client: SellerClient) -> None:
    await client.good("PUT", "/sandbox/quota", {"calls_per_day_and_method": 1})

    assert [(await client.call("GET", ME)).status for _ in range(2)] == [200, 429]
    assert (await client.call("GET", "/v4/categories")).status == 200


async def test_a_body_that_is_too_large_is_refused(client: SellerClient) -> None:
    queued = await client.good("POST", "/v4/listings/items", auction())
    path = f"/v4/listings/items/{queued['requestId']}/images"

    large = await client.call("POST", "/v4/listings/items", auction(description="x" * 1_100_000))
    larger = await client.call("POST", path, image(b"x" * 6_500_000))
    over_four = await client.call("POST", path, image(b"x" * 4_300_000))

    assert (large.status, larger.status, over_four.status) == (413, 413, 200)


WRONG: list[tuple[str, str, Any]] = [
    ("POST", "/sandbox/sellers", {"userId": "x", "token": "t"}),
    ("POST", "/sandbox/sellers", {"userId": 1, "token": ""}),
    ("POST", "/sandbox/sellers", {"userId": 1, "token": "t", "expires": "soon"}),
    ("POST", "/sandbox/sellers", None),
    ("POST", "/sandbox/clock", {"advance_s": -1}),
    ("POST", "/sandbox/clock", {"advance_s": 1e300}),
    ("POST", "/sandbox/clock", {"advance": 1}),
    ("POST", "/sandbox/items/1/bids", {"amount": 5, "bidder": "a"}),
    ("POST", "/sandbox/items/1/bids", {"amount": 5.5, "bidder": "a"}),
    ("POST", "/sandbox/items/1/buy", {}),
    ("PUT", "/sandbox/faults", {"path": "/v4"}),
    ("PUT", "/sandbox/faults", [{"status": 500}]),
    ("PUT", "/sandbox/faults", [{"path": "/v4", "status": 99}]),
    ("PUT", "/sandbox/quota", {"calls_per_day": -1}),
    ("PUT", "/sandbox/rules", {"settle": 1}),
    ("PUT", "/sandbox/rules", {"end_refusal": "maybe"}),
    ("PUT", "/sandbox/results", [{"resultCode": 0}]),
    ("PUT", "/sandbox/app", {"acceptUrl": 1}),
    ("POST", "/sandbox/orders/1/pay", None),
    ("GET", "/sandbox/nothing", None),
    ("DELETE", "/sandbox/items", None),
]


@pytest.mark.parametrize(("method", "path", "body"), WRONG, ids=str)
async def test_a_wrong_control_call_says_what_is_wrong(
    client: SellerClient, method: str, path: str, body: Any
) -> None:
    answer = await client.call(method, path, body)

    assert 400 <= answer.status < 500, answer
    assert answer.content["error"]["message"]
