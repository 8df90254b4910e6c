"""Extractions are bounded: readers, separators, lists, columns and texts; what is too much is refused before anything is read."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from typing import Any
from urllib.parse import quote

import pytest

from saluhall.web import exports
from saluhall.web.exports import Pace
from saluhall.web.streams import Sent
from tests.dialects.sellrapido.order_book import keep, order
from tests.dialects.sellrapido.test_orders_streaming import ask
from tests.hub import Hub
from tests.sellrapido import Client

LONGEST = "|" * 16


@pytest.fixture
async def client(hub: Hub) -> Client:
    return await Client.signed_in(await hub.open_shop())


async def test_a_third_reader_of_an_account_waits_and_others_never_notice(
    hub: Hub, client: Client
) -> None:
    await keep(client.shop, *(order(note="n" * 60_000) for _ in range(600)))
    other = await Client.signed_in(await hub.open_shop())
    readers = [await ask(hub, client, "/order?limit=-1") for _ in range(2)]

    status, headers, answer = await client.call("GET", "/product")
    assert (status, headers.get("retry-after")) == (429, "5"), (headers, answer)
    assert answer["message"] == "Too many exports of this account at once: let one end first"
    assert (await other.call("GET", "/product"))[0] == 200
    assert (await client.call("POST", "/order/status", []))[0] == 200

    for _, writer in readers:
        writer.close()
    deadline = time.monotonic() + 30
    while (await client.call("GET", "/product"))[0] != 200:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


def test_a_reader_may_be_slow_for_a_while_but_not_for_ever() -> None:
    pace = Pace()
    for _ in range(100):
        pace.note(64 * 1024, waited_s=4.0)  # just 16 kB a second
    assert pace.left_s == pytest.approx(20.0)

    for _ in range(10):
        pace.note(16 * 1024, waited_s=2.0)
    assert pace.left_s == pytest.approx(10.0)


async def test_a_reader_who_does_not_read_is_cut_off_and_its_slot_is_released(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(exports, "_GRACE_S", 0.05)
    released: list[bool] = []
    is_closed: list[bool] = []

    async def blocks() -> AsyncGenerator[bytes, None]:
        try:
            while True:
                yield b"much"
        finally:
            is_closed.append(True)

    async def never(*_: Any) -> Any:
        await asyncio.Event().wait()

    sent = Sent(
        blocks(),
        is_head=False,
        release=lambda: released.append(True),
        headers={},
        media_type="",
    )
    with pytest.raises(TimeoutError):
        await sent.send_body(never, never)

    assert (released, is_closed) == ([True], [True])


@pytest.mark.parametrize(
    "path",
    [
        "/order?format=csv&column_separator={}",
        "/product?field_separator={}",
        "/product?row_separator={}",
        "/product?text_qualifier={}",
    ],
)
async def test_a_separator_has_at_most_sixteen_characters(client: Client, path: str) -> None:
    assert (await client.call("GET", path.format(quote("#" * 16))))[0] == 200
    status, _, answer = await client.call("GET", path.format(quote("#" * 17)))
    assert status == 400
    assert "at most 16 characters" in answer["message"]


@pytest.mark.parametrize("name", ["code", "tags"])
async def test_a_filter_names_at_most_a_thousand(client: Client, name: str) -> None:
    many = [f"{n:0300}" for n in range(1001)]
    path = "/order/{key}"

    status, _, answer = await client.key_call("POST", path, {name: many[:1000]})
    assert (status, answer["totalCount"]) == (200, 0)  # a statement of 300 kB
    status, _, answer = await client.key_call("POST", path, {name: many})
    assert (status, answer["message"]) == (400, f"wrong {name}: it must name at most 1000")


async def test_an_extraction_has_at_most_99_columns(client: Client) -> None:
    for count, wanted in ((99, 200), (100, 400), (5000, 400)):
        path = "/product?fields=" + ",".join(["sku"] * count)
        assert (await client.call("GET", path))[0] == wanted, count


@pytest.mark.parametrize(
    ("field", "fits", "too_long"),
    [
        ("description", "d" * 65_536, "d" * 65_537),
        ("description_extra", "d" * 65_536, "d" * 65_537),
        ("extra1", "e" * 8192, "e" * 8193),
        ("attributes", [{"a": "b" * 60_000}], [{"a": "b" * 66_000}]),
    ],
)
async def test_texts_of_a_row_are_bounded(
    client: Client, field: str, fits: object, too_long: object
) -> None:
    row = {"catalog": await catalog_of(client), "price1": 10, "quantity": 1}
    rows = [{**row, "sku": "A", field: fits}, {**row, "sku": "B", field: too_long}]

    status, _, answer = await client.call("POST", "/product", rows)

    assert status == 200
    assert [item["index"] for item in answer["created_items"]] == [0]
    [error] = answer["errors"]
    assert error["message"] == f"Validation error: invalid format for field {field}"


async def catalog_of(client: Client) -> int:
    found = await client.shop.rows("select number from catalogs where account_id = %(account_id)s")
    return int(found[0]["number"])


async def test_an_item_has_a_description_of_at_most_65536_characters(hub: Hub) -> None:
    shop = await hub.open_shop()
    headers = {"x-api-key": shop.api_key, "content-type": "application/json"}
    for length, wanted in ((65_536, 202), (65_537, 422)):
        body = {"title": "Headlight", "price": 100, "description": "d" * length}
        status, _, _ = await hub.request(
            "PUT", "/integration/v1/items/A", headers=headers, body=json.dumps(body).encode()
        )
        assert status == wanted
