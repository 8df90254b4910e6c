"""Orders: the real channel against the practice marketplace, and how their words are read."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from saluhall.channel import Purpose, Rejected, Unavailable
from saluhall.channel_orders import Acknowledged, NotSupported, RemoteOrder, Shipment
from saluhall.channels.tradera.countries import country_from_name
from saluhall.channels.tradera.order_words import order_from_wire, sales_of_order
from saluhall.channels.tradera.wire_orders import Sale, SellerOrder
from tests.channels.tradera.practice import Market, offer, utc

WEEK_S = 7 * 24 * 3600 + 60


async def sold(market: Market, key: str = "lst_1") -> str:
    """Sell an auction; return the order's id."""
    made = await market.publish(offer(key=key))
    await market.bid(made.external_id)
    await market.turn("POST", "clock", {"advance_s": WEEK_S})
    orders = await market.turn("GET", "orders")
    [order] = [o for o in orders if str(o["items"][0]["itemId"]) == made.external_id]
    return str(order["orderId"])


async def transactions(market: Market) -> list[Any]:
    answer = await market.http.call(
        "GET",
        f"{market.url}/v4/listings/seller-transactions",
        headers={
            "X-App-Id": "1",
            "X-App-Key": "k",
            "X-User-Id": "1001",
            "X-User-Token": "a-seller-s-token",
        },
        timeout_s=10,
    )
    return list(msgspec.json.decode(answer.body))


async def test_an_order_says_who_bought_what_for_how_much(market: Market) -> None:
    remote_id = await sold(market)

    feed = await market.channel().orders(None)

    [order] = feed.orders
    assert order.external_id == remote_id
    assert (order.currency, order.total, order.paid_at) == ("SEK", Decimal(950), None)
    [row] = order.lines
    assert (row.own_references, row.quantity) == (["lst_1"], 1)
    assert row.unit_price == Decimal(950)
    assert (order.buyer.user_id, order.buyer.country) == ("eva", "SWE")
    assert order.buyer.zip
    assert order.ship_to is None  # an auction


async def test_the_first_read_asks_for_the_time_and_later_ones_do_not(market: Market) -> None:
    first = await market.channel().orders(None)
    assert market.purse.spent == [Purpose.POLL] * 2

    await market.channel().orders(first.read_until)

    assert market.purse.spent == [Purpose.POLL] * 3
    calls = await market.turn("GET", "calls")
    assert calls[-1]["path"] == "/v4/orders"
    assert {"fromDate", "toDate", "queryDateMode=1"} <= {
        part if part.startswith("queryDateMode") else part.partition("=")[0]
        for part in calls[-1]["query"].split("&")
    }


async def test_what_changed_is_read_again_and_what_is_old_is_not(market: Market) -> None:
    old = await sold(market, "lst_old")
    await market.turn("POST", "clock", {"advance_s": 2 * 3600})
    start = await market.channel().orders(None)
    await market.turn("POST", "clock", {"advance_s": WEEK_S})
    new = await sold(market, "lst_new")

    later = await market.channel().orders(start.read_until)
    assert [o.external_id for o in later.orders] == [new]

    await market.turn("POST", f"orders/{old}/pay")
    paid = await market.channel().orders(later.read_until)
    found = {o.external_id: o for o in paid.orders}
    assert found[old].paid_at is not None
    assert found[old].payment_method == "TraderaPay"
    assert found[old].changed_at > later.read_until - timedelta(hours=1)


async def test_shipping_twice_is_fine(market: Market) -> None:
    remote_id = await sold(market)

    assert await market.channel().ship(remote_id, Shipment()) == Acknowledged()
    assert await market.channel().ship(remote_id, Shipment()) == Acknowledged()

    [order] = await market.turn("GET", "orders")
    assert order["shipped"] is True
    assert market.purse.spent[-2:] == [Purpose.SHIP] * 2


async def test_an_order_that_tradera_does_not_know_cannot_be_shipped_or_paid(
    market: Market,
) -> None:
    with pytest.raises(Rejected, match="does not know the order"):
        await market.channel().ship("999", Shipment())
    with pytest.raises(Rejected, match="does not know the order"):
        await market.channel().mark_paid("999")


async def test_paid_is_marked_on_the_transaction_of_that_very_order(market: Market) -> None:
    await sold(market, "lst_other")
    remote_id = await sold(market, "lst_paid")

    assert await market.channel().mark_paid(remote_id) == Acknowledged()

    marks = {
        t["item"]["ownReferences"][0]: t["isMarkedAsPaidConfirmed"]
        for t in await transactions(market)
    }
    assert marks == {"lst_other": False, "lst_paid": True}
    assert market.purse.spent[-3:] == [Purpose.SHIP] * 3
    assert await market.channel().mark_paid(remote_id) == Acknowledged()
    assert market.purse.spent[-2:] == [Purpose.SHIP] * 2


async def test_paid_is_done_here_only_when_no_transaction_is_found(market: Market) -> None:
    remote_id = await sold(market)
    path = "/v4/listings/seller-transactions"
    await market.fault("GET", path, status=200, body="[]")

    assert await market.channel().mark_paid(remote_id) == NotSupported()


@pytest.mark.parametrize("body", ['"2026-03-17T14:30:00Z"', '{"time": "2026-03-17T14:30:00Z"}'])
async def test_the_time_is_read_in_both_shapes(market: Market, body: str) -> None:
    await market.fault("GET", "/v4/reference-data/time", status=200, body=body)

    feed = await market.channel().orders(None)

    assert feed.read_until == utc("2026-03-17T14:30:00")


async def test_a_time_that_cannot_be_read_is_a_marketplace_in_trouble(market: Market) -> None:
    await market.fault("GET", "/v4/reference-data/time", status=200, body='"soon"')

    with pytest.raises(Unavailable, match="time cannot be read"):
        await market.channel().orders(None)


# Words ----------------------------------------------------------------------------------------------------------------------


def order(**changes: Any) -> RemoteOrder:
    whole = {"orderId": 7, "createdDate": "2026-05-27T10:00:00Z", "subTotal": 40, **changes}
    return order_from_wire(msgspec.convert(whole, SellerOrder, strict=False))


def test_a_bare_order_is_read_with_nothing_invented() -> None:
    bare = order()

    assert (bare.external_id, bare.total, bare.shipping_price) == ("7", Decimal(40), Decimal(0))
    assert (bare.paid_at, bare.payment_method, bare.ship_to) == (None, "", None)
    assert bare.buyer.name == ""
    assert bare.changed_at == bare.placed_at == utc("2026-05-27T10:00:00")


def test_an_order_without_any_date_cannot_be_read() -> None:
    with pytest.raises(ValueError, match="neither createdDate nor lastUpdatedDate"):
        order(createdDate=None, lastUpdatedDate="")
    with pytest.raises(ValueError, match="lastUpdatedDate cannot be read: 'yesterday'"):
        order(lastUpdatedDate="yesterday")


def test_any_payment_means_paid_and_its_cost_is_a_fee() -> None:
    paid = order(
        lastUpdatedDate="2026-05-28T10:00:00Z",
        sellerOrderPayments=[
            {"amount": 20, "paymentCost": 2, "paidDate": "2026-05-28T09:00:00.1234567Z"},
            {"amount": 20, "paymentCost": 1, "paidDate": None, "paymentType": "Swish"},
        ],
    )

    assert paid.paid_at is not None
    assert paid.paid_at.replace(microsecond=0) == utc("2026-05-28T09:00:00")
    assert (paid.fee, paid.payment_method) == (Decimal(3), "Swish")


def test_where_it_goes_and_what_is_in_it() -> None:
    whole = order(
        shippingCost=59,
        shippingType="PostNord",
        shipTo={"name": "Eva Ek", "addressLine1": "Storgatan 1", "countryName": "Norge"},
        items=[
            {
                "itemId": 620899097,
                "title": "Broms\x00ok",
                "quantity": 2,
                "unitPrice": 20,
                "vatRate": 25,
                "ownReferences": None,
            }
        ],
    )

    assert whole.ship_to is not None
    assert (whole.ship_to.name, whole.ship_to.country) == ("Eva Ek", "NOR")
    assert (whole.shipping_price, whole.shipping_method) == (Decimal(59), "PostNord")
    [row] = whole.lines
    assert (row.listing_id, row.title, row.quantity) == ("620899097", "Bromsok", 2)
    assert (row.tax_percent, row.own_references) == (Decimal(25), [])


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Sverige", "SWE"),
        (" SWEDEN ", "SWE"),
        ("Österrike", "AUT"),
        ("Atlantis", "Atlantis"),
        ("", ""),
    ],
)
def test_countries_are_known_by_their_code(name: str, code: str) -> None:
    assert country_from_name(name) == code


def test_of_two_sales_of_one_item_to_one_buyer_the_nearest_is_the_orders() -> None:
    whole = msgspec.convert(
        {
            "orderId": 7,
            "createdDate": "2026-05-27T10:00:00Z",
            "buyer": {"userId": 5},
            "items": [{"itemId": 1}],
        },
        SellerOrder,
    )
    sales = msgspec.convert(
        [
            {"id": 1, "date": "2026-05-20T10:00:00Z", "buyer": {"id": 5}, "item": {"id": 1}},
            {"id": 2, "date": "2026-05-27T10:01:00Z", "buyer": {"id": 5}, "item": {"id": 1}},
            {"id": 3, "date": "2026-05-27T10:00:00Z", "buyer": {"id": 6}, "item": {"id": 1}},
            {"id": 4, "date": "2026-05-27T10:00:00Z", "buyer": {"id": 5}, "item": {"id": 2}},
            {"id": 5},
        ],
        list[Sale],
    )

    assert [sale.id for sale in sales_of_order(whole, sales)] == [2]
