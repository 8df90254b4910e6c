"""Odd entries in what Tradera answers: each is reported with its text, and its neighbours count."""

import json
from datetime import timedelta
from typing import Any

import pytest

from saluhall.channel import Live, Pending, Progress, Purpose, Unavailable
from saluhall.channel_orders import Acknowledged
from saluhall.kit.clock import utc_now
from tests.channels.tradera.practice import Market, offer, reprice, submit, submitted
from tests.contract.hub_side import Notebook

MADE_AT = utc_now().replace(microsecond=0) - timedelta(hours=1)
SINCE = MADE_AT - timedelta(hours=1)
GOOD: dict[str, Any] = {
    "orderId": 1,
    "createdDate": MADE_AT.isoformat(),
    "lastUpdatedDate": MADE_AT.isoformat(),
    "subTotal": 100,
    "items": [{"itemId": 5, "quantity": 1, "unitPrice": 100}],
}


def order(**changes: Any) -> str:
    return json.dumps(GOOD | {"orderId": 7} | changes)


def order_of(**item: Any) -> str:
    return order(items=[{"itemId": 5, "quantity": 1, "unitPrice": 100} | item])


ODD_ORDERS = {
    "without dates": order(createdDate=None, lastUpdatedDate=None),
    "a date of another spelling": order(createdDate="25/10/2026 12:00"),
    "an update of another spelling": order(lastUpdatedDate="25/10/2026 12:00"),
    "a price with hundredths": order_of(unitPrice=99.5),
    "a VAT rate with tenths": order_of(vatRate=12.5),
    "a sum with hundredths": order(subTotal=99.5),
    "no quantity": order_of(quantity=None),
    "less than nothing": order_of(quantity=-1),
    "no id of what was sold": order_of(itemId=None),
    "half a surrogate": order(shippingType="\ud83d"),
    "a list for a text": order(shippingType=[]),
    "a list for a buyer": order(buyer=[1]),
    "no object": "null",
    "a bare number": "17",
}


@pytest.mark.parametrize("odd", ODD_ORDERS.values(), ids=ODD_ORDERS.keys())
async def test_an_odd_order_is_reported_and_its_neighbours_are_read(
    market: Market, odd: str
) -> None:
    neighbours = [json.dumps(GOOD), odd, json.dumps(GOOD | {"orderId": 2})]
    await market.fault("GET", "/v4/orders", status=200, body=f"[{', '.join(neighbours)}]")

    feed = await market.channel().orders(SINCE)

    assert [each.external_id for each in feed.orders] == ["1", "2"]
    assert feed.read_until == MADE_AT
    [entry] = market.reported
    assert (entry.kind, entry.raw) == ("order", odd)
    assert entry.remote_id == ("7" if odd.startswith("{") else "")
    assert entry.reason


async def test_when_all_orders_are_odd_they_are_read_again(market: Market) -> None:
    await market.fault("GET", "/v4/orders", status=200, body=f"[{order(subTotal=None)}]")

    feed = await market.channel().orders(SINCE)

    assert (feed.orders, feed.read_until) == ([], SINCE)
    assert len(market.reported) == 1


@pytest.mark.parametrize("body", ["", "<html>", "{}", "[", '[{"orderId": 1', '"[]"'])
async def test_what_is_no_list_is_a_marketplace_in_trouble(market: Market, body: str) -> None:
    await market.fault("GET", "/v4/orders", status=200, body=body)

    with pytest.raises(Unavailable, match="cannot be read"):
        await market.channel().orders(SINCE)
    assert market.reported == []


async def test_an_odd_result_is_pending_and_the_others_count(market: Market) -> None:
    channel = market.channel()
    offers = [offer(key=f"lst_{n}") for n in range(3)]
    submissions = {each.key: await submitted(channel, each, Notebook()) for each in offers}
    ids = [progress.steps["request_id"] for progress in submissions.values()]
    results = [
        {"requestId": ids[0], "resultCode": 1},
        {"requestId": ids[1], "resultCode": -1},
        {"requestId": ids[2], "resultCode": "1"},
        {"requestId": None, "resultCode": 1},
    ]
    await market.fault("GET", "/v4/listings/request-results", status=200, body=json.dumps(results))

    outcomes = await channel.check(submissions)

    assert [type(outcomes[each.key]) for each in offers] == [Live, Pending, Live]
    assert [(e.kind, e.remote_id) for e in market.reported] == [
        ("submission", str(ids[1])),
        ("submission", ""),
    ]


async def test_an_odd_change_does_not_hide_the_others_nor_itself(market: Market) -> None:
    channel = market.channel()
    there = [await market.publish(offer(key=f"lst_{n}"), channel) for n in range(2)]
    ids = [each.external_id for each in there]
    changed = [{"id": ids[0], "rowVersion": None}, None, {"id": ids[1], "rowVersion": 41}]
    path = "/v4/listings/updated-seller-items"
    await market.fault("GET", path, status=200, body=json.dumps(changed))

    changes = await channel.changes("7", ids)

    assert changes.cursor == "41"
    assert sorted(each.external_id for each in changes.listings) == sorted(ids)
    assert [(e.kind, e.remote_id) for e in market.reported] == [
        ("change", ids[0]),
        ("change", ""),
    ]


@pytest.mark.parametrize("count", [2, 4])
async def test_an_odd_item_does_not_hide_the_others(market: Market, count: int) -> None:
    channel = market.channel()
    there = [await market.publish(offer(key=f"lst_{n}"), channel) for n in range(count)]
    ids = [each.external_id for each in there]
    updated = [{"id": each, "rowVersion": 41} for each in ids]
    path = "/v4/listings/updated-seller-items"
    odd = {"id": ids[0], "endDate": "25/10/2026 12:00", "openingBid": 1}
    items = [odd, *({"id": each, "totalBids": 0} for each in ids[1:])]
    answers = {
        path: updated,
        "/v4/listings/seller-items": items,
        f"/v4/listings/items/{ids[0]}": odd,
    }
    faults = [
        {"method": "GET", "path": at, "status": 200, "body": json.dumps(body)}
        for at, body in answers.items()
    ]
    await market.turn("PUT", "faults", faults)

    changes = await channel.changes("7", ids)

    assert changes.cursor == "41"
    assert [each.external_id for each in changes.listings] == ids[1:]
    assert {(e.kind, e.remote_id) for e in market.reported} == {("listing", ids[0])}
    assert "endDate" in market.reported[0].reason


async def test_an_item_that_is_no_object_is_a_marketplace_in_trouble(market: Market) -> None:
    await market.fault("GET", "/v4/listings/items/5", status=200, body="<html>")

    with pytest.raises(Unavailable, match="cannot be read"):
        await market.channel().read(["5"])


async def test_what_may_be_ours_in_an_odd_entry_is_not_published_again(market: Market) -> None:
    channel, what, notes = market.channel(), offer(), Notebook()
    await market.fault("POST", "/v4/listings/items/*/commit", drop=True)
    with pytest.raises(Unavailable):
        await channel.publish(what, progress=Progress(), save=notes.save)
    unclear = Progress(may_be_live=True, unclear=True, steps={"started_at": "2026-01-01T00:00:00Z"})
    odd = {"id": None, "ownReferences": [what.key]}
    await market.fault("GET", "/v4/listings/seller-items", status=200, body=json.dumps([odd]))

    with pytest.raises(Unavailable, match="may be live"):
        await channel.publish(what, progress=unclear, save=notes.save)

    odd = {"id": None, "ownReferences": ["another's"]}
    await market.fault("GET", "/v4/listings/seller-items", status=200, body=json.dumps([odd]))
    notes.progress = unclear
    assert (await submit(channel, what, notes)).external_id


async def test_odd_references_beside_ours_do_no_harm(market: Market) -> None:
    odd = GOOD | {"items": [{"itemId": 5, "ownReferences": [None, 7, {}, "lst_1"]}]}
    await market.fault("GET", "/v4/orders", status=200, body=json.dumps([odd]))

    [read] = (await market.channel().orders(SINCE)).orders

    assert read.lines[0].own_references == ["lst_1"]
    assert market.reported == []


async def test_an_odd_transaction_does_not_hide_that_of_the_order(market: Market) -> None:
    channel = market.channel()
    mine = {"id": 3, "date": GOOD["createdDate"], "buyer": {"id": 9}, "item": {"id": 5}}
    faults = {
        ("GET", "/v4/orders/1"): [None, GOOD | {"buyer": {"userId": 9}}],
        ("GET", "/v4/listings/seller-transactions"): [{"id": "x"}, mine],
        ("PUT", "/v4/listings/transaction-status"): {},
    }
    await market.turn(
        "PUT",
        "faults",
        [
            {"method": m, "path": p, "status": 200, "body": json.dumps(b)}
            for (m, p), b in faults.items()
        ],
    )

    assert await channel.mark_paid("1") == Acknowledged()
    assert [e.kind for e in market.reported] == ["order", "transaction"]
    assert market.purse.spent == [Purpose.SHIP] * 3


async def test_an_order_that_cannot_be_read_alone_is_tried_again(market: Market) -> None:
    await market.fault("GET", "/v4/orders/7", status=200, body=f"[{order(subTotal=None)}]")

    with pytest.raises(Unavailable, match="order 7 cannot be read"):
        await market.channel().mark_paid("7")


async def test_odd_reasons_for_a_refused_price_are_passed_over(market: Market) -> None:
    refusal = {
        "isSuccessful": False,
        "validationErrors": [None, "x", {"errorMessage": 5}, {"errorMessage": "Too low"}],
    }
    await market.fault("PUT", "/v4/listings/items/5/price", status=200, body=json.dumps(refusal))

    with pytest.raises(Exception, match="Too low"):
        await reprice(market.channel(), "5", offer().price)


async def test_a_stamp_far_ahead_of_an_odd_order_does_not_move_the_window(market: Market) -> None:
    ahead = (SINCE + timedelta(days=4000)).isoformat()
    body = f"[{order(lastUpdatedDate=ahead, subTotal=None)}, {json.dumps(GOOD)}]"
    await market.fault("GET", "/v4/orders", status=200, body=body)

    feed = await market.channel().orders(SINCE)

    assert feed.read_until == MADE_AT
