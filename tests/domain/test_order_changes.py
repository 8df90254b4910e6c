from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from saluhall.domain.orders.changes import changed, with_push
from saluhall.domain.orders.model import (
    ChangePending,
    OrderCancelled,
    OrderStatus,
    Standing,
    StatusChange,
    TrackingWithoutCourier,
)

NOW = datetime(2025, 5, 1, 12, tzinfo=UTC)
CONNECTION = uuid4()
STANDBY, ACCEPTED, SENT, CANCELLED = OrderStatus
HERE = Standing(
    id=7,
    code="C-7",
    connection_id=None,
    shop="",
    status=STANDBY,
    status_old="",
    status_message="",
    wanted_status=None,
    courier=None,
    courier_code="",
    tracking="",
    date_payment=None,
    date_shipping=None,
    shipping_note="",
)
THERE = replace(HERE, connection_id=CONNECTION, shop="Tradera 300124")


def wish(status: OrderStatus, **more: object) -> StatusChange:
    return StatusChange(index=0, order_id=7, status=status, **more)  # type: ignore[arg-type] # fields by name


def after(order: Standing, *changes: StatusChange) -> Standing:
    """Apply the changes of one call."""
    now_is = order
    for change in changes:
        now_is = changed(now_is, change, now=NOW)
    return with_push(order, now_is)


def test_the_earlier_status_is_kept_beside_the_new_one() -> None:
    order = after(HERE, wish(ACCEPTED))

    assert (order.status, order.status_old) == (ACCEPTED, "standby")


def test_the_same_status_again_changes_nothing() -> None:
    order = replace(THERE, status=SENT, status_old="accepted", wanted_status=SENT)

    assert after(order, wish(SENT)) == order


def test_a_status_may_be_set_back() -> None:
    order = after(after(HERE, wish(ACCEPTED)), wish(STANDBY))

    assert (order.status, order.status_old) == (STANDBY, "accepted")


@pytest.mark.parametrize("status", [STANDBY, ACCEPTED, SENT])
def test_a_cancelled_order_stays_cancelled(status: OrderStatus) -> None:
    with pytest.raises(OrderCancelled):
        after(replace(HERE, status=CANCELLED), wish(status))


def test_a_cancelled_order_may_be_noted_upon() -> None:
    order = after(replace(HERE, status=CANCELLED), wish(CANCELLED, shipping_note="came back"))

    assert (order.status, order.shipping_note) == (CANCELLED, "came back")


def test_tracking_needs_a_courier() -> None:
    with pytest.raises(TrackingWithoutCourier):
        after(HERE, wish(SENT, tracking="LT1"))


@pytest.mark.parametrize("courier", [{"courier": 59}, {"courier_code": "GLS"}])
def test_a_courier_comes_with_the_tracking_or_stands_in_the_order(
    courier: dict[str, object],
) -> None:
    at_once = after(HERE, wish(SENT, tracking="LT1", **courier))
    in_turn = after(HERE, wish(STANDBY, **courier), wish(SENT, tracking="LT1"))

    assert at_once == in_turn
    assert at_once.tracking == "LT1"


def test_a_courier_needs_no_tracking() -> None:
    assert after(HERE, wish(SENT, courier_code="GLS")).courier_code == "GLS"


def test_nothing_is_removed() -> None:
    full = after(
        HERE,
        wish(
            SENT,
            tracking="LT1",
            courier=59,
            courier_code="GLS",
            payment_date=NOW,
            shipping_note="door",
        ),
    )

    assert after(full, wish(SENT)) == full


def test_an_order_is_sent_on_the_day_it_becomes_sent() -> None:
    first = after(HERE, wish(SENT))
    later = changed(
        changed(first, wish(ACCEPTED), now=NOW), wish(SENT), now=NOW + timedelta(days=1)
    )

    assert first.date_shipping == later.date_shipping == NOW


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (STANDBY, ACCEPTED, ACCEPTED),
        (STANDBY, SENT, SENT),
        (ACCEPTED, SENT, SENT),
        (SENT, ACCEPTED, None),  # a marketplace cannot be told that an order was not sent after all
        (ACCEPTED, STANDBY, None),
        (STANDBY, CANCELLED, None),
        (SENT, CANCELLED, None),
    ],
)
def test_the_marketplace_hears_what_it_has_a_word_for(
    old: OrderStatus, new: OrderStatus, told: OrderStatus | None
) -> None:
    there, here = replace(THERE, status=old), replace(HERE, status=old)

    assert after(there, wish(new)).wanted_status is told
    assert after(here, wish(new)).wanted_status is None


@pytest.mark.parametrize(
    ("old", "new"),
    [(SENT, ACCEPTED), (ACCEPTED, STANDBY), (STANDBY, CANCELLED), (SENT, CANCELLED)],
)
def test_what_a_marketplace_has_no_word_for_says_that_it_is_done_here_only(
    old: OrderStatus, new: OrderStatus
) -> None:
    there, here = replace(THERE, status=old), replace(HERE, status=old)

    message = f"Done here only: Tradera 300124 cannot be told that an order is {new}."
    assert after(there, wish(new)).status_message == message
    assert after(here, wish(new)).status_message == ""


def test_a_shipping_on_its_way_refuses_another_status() -> None:
    order = after(THERE, wish(SENT))

    with pytest.raises(ChangePending, match="order C-7 on shop Tradera 300124"):
        after(order, wish(ACCEPTED))


def test_a_shipping_on_its_way_still_takes_a_tracking_number() -> None:
    order = after(THERE, wish(SENT))

    told = after(order, wish(SENT, tracking="LT1", courier_code="GLS"))

    assert (told.tracking, told.wanted_status) == ("LT1", SENT)


def test_a_payment_on_its_way_may_be_taken_back() -> None:
    order = after(after(THERE, wish(ACCEPTED)), wish(STANDBY))

    assert (order.status, order.wanted_status, order.status_message) == (STANDBY, None, "")


def test_a_payment_on_its_way_gives_way_to_the_shipping() -> None:
    assert after(after(THERE, wish(ACCEPTED)), wish(SENT)).wanted_status is SENT


def test_what_a_marketplace_refused_is_tried_again_when_it_is_said_again() -> None:
    refused = replace(THERE, status=SENT, status_message="no such order")

    told = after(refused, wish(SENT))

    assert (told.wanted_status, told.status_message) == (SENT, "")
    assert after(replace(refused, connection_id=None), wish(SENT)).wanted_status is None
    assert after(replace(refused, status_message=""), wish(SENT)).wanted_status is None


def test_several_changes_of_one_call_are_told_as_one() -> None:
    forth_and_back = after(THERE, wish(SENT), wish(STANDBY))
    onwards = after(THERE, wish(ACCEPTED), wish(SENT))

    assert (forth_and_back.status, forth_and_back.wanted_status) == (STANDBY, None)
    assert (onwards.status, onwards.wanted_status) == (SENT, SENT)


@given(st.lists(st.sampled_from(OrderStatus)), st.booleans())
def test_what_is_wanted_is_always_what_is_seen(
    statuses: list[OrderStatus],
    at_once: bool,  # noqa: FBT001 - drawn
) -> None:
    order = THERE
    calls = [statuses] if at_once else [[status] for status in statuses]
    for call in calls:
        try:
            order = after(order, *map(wish, call))
        except (OrderCancelled, ChangePending):
            continue
        assert order.wanted_status in {None, order.status}
