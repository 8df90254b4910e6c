"""Batches over HTTP: what is good is stored, what is bad is told, whoever else pushes the same at that moment."""

import asyncio
import json
from typing import Any

import pytest

from saluhall.dialect import Malformed
from saluhall.dialects.rheo.translate_batch import batch_from_body
from tests.hub import Hub, Shop

BATCH = "/integration/v1/items/batch"


@pytest.fixture
async def seller(hub: Hub) -> Shop:
    """An account without a connection, with a key of its own and so with buckets of its own."""
    return await hub.open_shop()


def item(external_id: str, **fields: Any) -> dict[str, Any]:
    return {"externalId": external_id, "title": f"Part {external_id}", "price": 5, **fields}


async def post(shop: Shop, *items: Any) -> dict[str, Any]:
    status, answer = await shop.call("POST", BATCH, {"items": items})
    assert status == 202, answer
    assert answer["rejected"] == len(answer["errors"])
    assert answer["accepted"] + answer["rejected"] == len(items)
    return dict(answer)


async def skus(shop: Shop) -> list[str]:
    rows = await shop.rows(
        "select sku from products where account_id = %(account_id)s order by sku"
    )
    return [row["sku"] for row in rows]


async def test_five_hundred_items_go_in_at_once_and_again(seller: Shop) -> None:
    items = [item(f"S{n:03d}", metadata={"n": n}) for n in range(500)]

    assert (await post(seller, *items))["accepted"] == 500
    first = await seller.rows(
        "select id, sku from products where account_id = %(account_id)s order by 2"
    )
    assert (await post(seller, *items))["accepted"] == 500

    again = await seller.rows(
        "select id, sku from products where account_id = %(account_id)s order by 2"
    )
    assert again == first
    assert len(again) == 500
    created = await seller.rows("select type from events where account_id = %(account_id)s")
    assert [row["type"] for row in created] == ["product.created"] * 500


async def test_more_than_five_hundred_are_refused_and_nothing_is_stored(seller: Shop) -> None:
    status, answer = await seller.call(
        "POST", BATCH, {"items": [item(f"S{n}") for n in range(501)]}
    )

    assert (status, answer["details"][0]["field"]) == (422, "items")
    assert await skus(seller) == []


async def test_each_bad_item_is_told_with_all_that_is_wrong_and_the_good_are_stored(
    seller: Shop,
) -> None:
    answer = await post(
        seller,
        item("GOOD"),
        item("CHEAP", price=0, shippingCost="free"),
        item("DEEP", metadata={"a": {"b": "\0"}}),
        item("", title="Nameless"),
        item("L" * 256),
        item("BOX", type="container"),
        None,
        item("SELF", parentExternalId="SELF"),
        item("IMAGE", imageUrls=["https://x.example/1.jpg", "ftp://x.example/2.jpg"]),
    )

    told = {error["externalId"]: error["reason"] for error in answer["errors"]}
    assert list(told) == ["CHEAP", "DEEP", "items.3", "items.4", "items.6", "SELF", "IMAGE"]
    assert told["CHEAP"] == "price: Must be at least 1; shippingCost: Must be a number"
    assert told["DEEP"].startswith("metadata.a.b: ")
    assert told["items.3"].startswith("externalId: ")
    assert told["SELF"] == "parentExternalId: Must name another item"
    assert await skus(seller) == ["BOX", "GOOD"]


GOOD = json.dumps(item("GOOD")).encode()
UNREADABLE = {
    "half a pair": json.dumps(item("HALF", title="x\ud800y")).encode(),
    "broken off": GOOD[:-1],
}


@pytest.mark.parametrize("kind", sorted(UNREADABLE))
def test_what_is_no_json_spoils_the_whole_batch(kind: str) -> None:
    with pytest.raises(Malformed):
        batch_from_body(b'{"items":[' + UNREADABLE[kind] + b"," + GOOD + b"]}")


ALONE = {
    "nested deeper than 64 levels": GOOD[:-1] + b',"domain":' + b"[" * 90 + b"]" * 90 + b"}",
    "not UTF-8": GOOD.replace(b"Part", b"D\xf6rr"),
}


@pytest.mark.parametrize("reason", sorted(ALONE))
def test_some_spoil_only_themselves(reason: str) -> None:
    batch = batch_from_body(b'{"items":[' + ALONE[reason] + b"," + GOOD + b"]}")

    assert [product.sku for _, product in batch.products] == ["GOOD"]
    assert [rejected.reason for _, rejected in batch.rejected] == [f"Malformed: {reason}"]


@pytest.mark.parametrize("order", ["parent first", "child first"])
async def test_a_parent_may_be_live_in_the_same_batch(seller: Shop, order: str) -> None:
    family = [
        item("CAR", type="container"),
        item("DOOR", parentExternalId="CAR"),
        item("HANDLE", parentExternalId="DOOR"),
    ]
    if order == "child first":
        family.reverse()

    assert (await post(seller, *family))["accepted"] == 3

    assert (await seller.get("HANDLE"))["parentExternalId"] == "DOOR"


async def test_the_children_of_a_refused_parent_are_refused_with_it(seller: Shop) -> None:
    answer = await post(
        seller,
        item("HANDLE", parentExternalId="DOOR"),
        item("DOOR", parentExternalId="NOBODY"),
        item("A", parentExternalId="B"),
        item("B", parentExternalId="A"),
    )

    assert [e["externalId"] for e in answer["errors"]] == ["HANDLE", "DOOR", "A", "B"]
    assert await skus(seller) == []


async def test_the_first_good_item_of_a_name_counts(seller: Shop) -> None:
    answer = await post(
        seller, item("A", price=0), item("A", price=10), item("A", price=20), item("B")
    )

    assert [e["externalId"] for e in answer["errors"]] == ["A", "A"]
    assert (await seller.get("A"))["price"] == 10


async def test_metadata_and_what_is_left_out_go_as_in_a_put(seller: Shop) -> None:
    await seller.put("A", description="Old", metadata={"shelf": 1})

    await post(seller, item("A", metadata={"nested": [{"x": None}, 1.50]}), item("B"))

    assert (await seller.get("A"))["metadata"] == {"nested": [{"x": None}, 1.5]}
    [kept] = await seller.rows(
        "select description, extras ->> 'metadata' as text from products where account_id = %(account_id)s and sku = 'A'"
    )
    assert kept == {
        "description": "Old",
        "text": '{"nested": [{"x": None}, 1.5]}'.replace("None", "null"),
    }


async def test_batches_of_the_same_items_at_once_wait_for_each_other_and_all_succeed(
    seller: Shop,
) -> None:
    names = [f"S{n:02d}" for n in range(60)]

    async def push(turn: int) -> dict[str, Any]:
        ordered = names if turn % 2 else names[::-1]
        return await post(seller, *(item(name, price=turn + 1) for name in ordered))

    async def put(name: str) -> None:
        await seller.put(name, price=99)

    async with asyncio.TaskGroup() as group:
        pushes = [group.create_task(push(turn)) for turn in range(6)]
        for name in names[::12]:
            group.create_task(put(name))

    assert [task.result()["accepted"] for task in pushes] == [60] * 6
    assert await skus(seller) == names
    created = await seller.rows(
        "select sku from events where account_id = %(account_id)s and type = 'product.created'"
    )
    assert sorted(row["sku"] for row in created) == names


async def test_an_item_of_a_batch_is_listed_as_one_of_a_put(hub: Hub) -> None:
    shop = await hub.open_selling_shop()

    await post(
        shop,
        item("LISTED", price=200, autoPublishTradera=True),
        item("PLAIN", price=200),
    )

    shown = await shop.until("LISTED", traderaStatus="active")
    assert shown["traderaAdId"]
    assert (await shop.get("PLAIN"))["traderaStatus"] is None
    status, listed = await shop.call("GET", "/integration/v1/items?status=active")
    assert status == 200
    ads = {each["externalId"]: each["traderaAdId"] for each in listed["items"]}
    assert ads == {"LISTED": shown["traderaAdId"], "PLAIN": None}
