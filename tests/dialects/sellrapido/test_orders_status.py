import asyncio
from typing import Any

import pytest

from tests.dialects.sellrapido.order_book import change, golden_orders, head, keep, kept
from tests.hub import Hub
from tests.sellrapido import Client

NO_STATUS = "invalid format for field status, which is one of standby, accepted, sent, cancelled"


async def test_a_new_status_is_seen_at_once(shared_client: Client) -> None:
    given_order = await kept(shared_client, modified="2025-05-01T00:00:00Z")

    errors = await change(shared_client, {"id": given_order["id"], "status": " sent "})

    found = await head(shared_client, given_order)
    assert errors == []
    assert (found["status"], found["status_old"]) == ("sent", "standby")
    assert found["date_shipping"] is not None
    assert found["modified"] > "2025-05-01T00:00:00Z"


async def test_accepting_and_taking_it_back_quickly_works(shared_client: Client) -> None:
    given_order = await kept(shared_client, status="sent")

    for status in ("accepted", "sent"):
        assert await change(shared_client, {"id": given_order["id"], "status": status}) == []
        assert (await head(shared_client, given_order))["status"] == status


async def test_recorded_updates_are_taken(shared_client: Client) -> None:
    """Two elements for one order, as the documentation's sample has it, and the Java client's date."""
    given_order = await kept(shared_client)
    blank = {
        "tracking": None,
        "courier": None,
        "courier_code": None,
        "payment_date": None,
        "shipping_note": None,
    }
    paid = {"payment_date": "Oct 20, 2020, 2:30:00\u202fAM", "shipping_note": "leave it"}
    sent = {"tracking": "280340324736", "courier": 59, "courier_code": "666"}

    errors = await change(
        shared_client,
        {**blank, "id": given_order["id"], "status": "accepted", **paid},
        {**blank, "id": given_order["id"], "status": " sent ", **sent},
    )

    found = await head(shared_client, given_order)
    assert errors == []
    assert (found["status"], found["status_old"]) == ("sent", "accepted")
    assert found["date_payment"] == "2020-10-20T02:30:00Z"
    assert [found[k] for k in ("tracking", "courier", "courier_code", "shipping_note")] == [
        "280340324736",
        59,
        "666",
        "leave it",
    ]


async def test_v1_takes_the_same_updates(shared_client: Client) -> None:
    given_order = await kept(shared_client)
    element = {"id": given_order["id"], "status": "accepted", "payment_date": "2020-10-20"}

    status, headers, errors = await shared_client.key_call("POST", "/order/{key}/status", [element])

    found = await head(shared_client, given_order)
    assert (status, errors) == (200, [])
    assert "deprecation" in headers
    assert (found["status"], found["date_payment"]) == ("accepted", "2020-10-20T00:00:00Z")


async def test_what_says_nothing_new_leaves_the_order_untouched(shared_client: Client) -> None:
    given_order = await kept(shared_client, tracking="LT1", courier_code="GLS")
    before = await head(shared_client, given_order)

    assert (
        await change(shared_client, {"id": given_order["id"], "status": "standby", "tracking": " "})
        == []
    )

    assert await head(shared_client, given_order) == before


async def test_good_elements_count_beside_bad_ones(shared_client: Client) -> None:
    given_order = await kept(shared_client)
    order_id = given_order["id"]

    errors = await change(
        shared_client,
        {"id": order_id, "status": "accepted", "tracking": "LT1"},
        "nonsense",
        {"id": 2**40, "status": "sent"},
        {"id": order_id, "status": "paid"},
        {"id": order_id, "status": "sent"},
        {"id": 1, "status": "sent"},
        {"id": 1, "status": "sent"},
    )

    assert [(e["index"], e["id"], e["error_message"]) for e in errors] == [
        (0, str(order_id), f"order with id {order_id} has tracking but no courier"),
        (1, None, "Validation error: the element must be an object"),
        (2, str(2**40), f"order with id {2**40} not found"),
        (
            3,
            str(order_id),
            "Validation error: " + NO_STATUS,
        ),
        (5, "1", "order with id 1 not found"),
        (6, "1", "order with id 1 not found"),
    ]
    found = await head(shared_client, given_order)
    assert (found["status"], found["tracking"]) == ("sent", "")


@pytest.mark.parametrize(
    ("element", "order_id", "told"),
    [
        ({"status": "sent"}, None, "id is required"),
        ({"id": None, "status": "sent"}, None, "id is required"),
        ({"id": True, "status": "sent"}, None, "invalid format for field id"),
        ({"id": "x", "status": "sent"}, "x", "invalid format for field id"),
        ({"id": [1], "status": "sent"}, None, "invalid format for field id"),
        ({"id": 1.5, "status": "sent"}, None, "invalid format for field id"),
        ({"id": 1}, "1", "status is required"),
        ({"id": 1, "status": 5}, "1", "invalid format for field status"),
        ({"id": 1, "status": "sent", "tracking": 5}, "1", "invalid format for field tracking"),
        ({"id": 1, "status": "sent", "tracking": "\0"}, "1", "invalid format for field tracking"),
        ({"id": 1, "status": "sent", "courier": "GLS"}, "1", "invalid format for field courier"),
        ({"id": 1, "status": "sent", "courier": 0}, "1", "invalid format for field courier"),
        ({"id": 1, "status": "sent", "courier": 2**31}, "1", "invalid format for field courier"),
        ({"id": 1, "status": "sent", "courier_code": {}}, "1", "field courier_code"),
        ({"id": 1, "status": "sent", "payment_date": "2025-02-30"}, "1", "field payment_date"),
        ({"id": 1, "status": "sent", "payment_date": 1}, "1", "field payment_date"),
        ({"id": 1, "status": "sent", "shipping_note": []}, "1", "field shipping_note"),
        (None, None, "must be an object"),
        ([], None, "must be an object"),
    ],
)
async def test_a_bad_element_is_named(
    shared_client: Client, element: Any, order_id: str | None, told: str
) -> None:
    [error] = await change(shared_client, element)

    assert (error["index"], error["id"]) == (0, order_id)
    assert error["error_message"].startswith("Validation error: ")
    assert told in error["error_message"]


@pytest.mark.parametrize("body", [b"{}", b"null", b'"sent"', b"", b"[", b"\xff", b"[" * 100])
async def test_what_is_no_array_is_refused_whole(shared_client: Client, body: bytes) -> None:
    status, headers, errors = await shared_client.call("POST", "/order/status", body)

    assert status == 400
    assert headers["content-type"].startswith("application/json")
    [error] = errors
    assert (error["index"], error["id"]) == (-1, None)
    assert error["error_message"].startswith("Request body must be an array")


async def test_more_elements_than_a_call_takes_are_refused_whole(shared_client: Client) -> None:
    given_order = await kept(shared_client)
    elements = [{"id": given_order["id"], "status": "sent"}] * 10_001

    status, _, errors = await shared_client.call("POST", "/order/status", elements)

    assert status == 400
    assert errors[0]["error_message"].endswith("at most 10000 elements")
    assert (await head(shared_client, given_order))["status"] == "standby"


async def test_an_id_may_come_as_the_text_that_an_error_named(shared_client: Client) -> None:
    given_order = await kept(shared_client)

    assert await change(shared_client, {"id": str(given_order["id"]), "status": "accepted"}) == []

    assert (await head(shared_client, given_order))["status"] == "accepted"


async def test_a_cancelled_order_stays_cancelled(shared_client: Client) -> None:
    given_order = await kept(shared_client)
    order_id = given_order["id"]

    errors = await change(
        shared_client,
        {"id": order_id, "status": "cancelled"},
        {"id": order_id, "status": "accepted"},
    )

    assert errors == [
        {
            "index": 1,
            "id": str(order_id),
            "error_message": f"order with id {order_id} is cancelled and its status cannot change",
        }
    ]


async def test_nobody_changes_the_orders_of_another(shared_client: Client, hub: Hub) -> None:
    stranger = await Client.signed_in(await hub.open_shop())
    theirs = await kept(stranger)

    [error] = await change(shared_client, {"id": theirs["id"], "status": "cancelled"})

    assert error["error_message"] == f"order with id {theirs['id']} not found"
    assert (await head(stranger, theirs))["status"] == "standby"


async def test_one_id_at_two_accounts_is_two_orders(shared_client: Client, hub: Hub) -> None:
    stranger = await Client.signed_in(await hub.open_shop())
    mine = await kept(shared_client)
    theirs = await kept(stranger, id=mine["id"])

    assert await change(shared_client, {"id": mine["id"], "status": "sent"}) == []

    assert (await head(shared_client, mine))["status"] == "sent"
    assert (await head(stranger, theirs))["status"] == "standby"


async def test_changes_of_one_order_at_the_same_time_all_count(shared_client: Client) -> None:
    book = [await kept(shared_client) for _ in range(3)]
    ids = [each["id"] for each in book]

    notes = [f"note {n}" for n in range(12)]
    told = await asyncio.gather(
        *(
            change(
                shared_client,
                *(
                    {"id": i, "status": "accepted", "shipping_note": note}
                    for i in ids[:: 1 - n % 2 * 2]
                ),
            )
            for n, note in enumerate(notes)
        )
    )

    assert told == [[]] * len(notes)
    found = [await head(shared_client, each) for each in book]
    assert {each["status_old"] for each in found} == {"standby"}
    assert all(each["shipping_note"] in notes for each in found)


async def test_golden_orders_can_be_updated(shared_client: Client) -> None:
    book = golden_orders()
    await keep(shared_client.shop, *book)
    elements = [{"id": each["head"]["id"], "status": "accepted"} for each in book]

    assert await change(shared_client, *elements) == []
