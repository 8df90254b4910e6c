from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from saluhall.domain.orders.lifecycle import changed, with_update
from saluhall.domain.orders.model import (
    ChangePending,
    OrderCancelled,
    OrderState,
    OrderStatus,
    StatusChange,
    TrackingWithoutCarrier,
    UpdateKind,
)

NOW = datetime(2025, 5, 1, 12, tzinfo=UTC)
CONNECTION = uuid4()
PENDING, PAID, SHIPPED, CANCELLED = OrderStatus
NOTICES = frozenset({UpdateKind.PAID, UpdateKind.SHIPPED})
HERE = OrderState(
    id=7,
    number="C-7",
    connection_id=None,
    channel="tradera",
    shop="",
    status=PENDING,
    previous_status=None,
    status_message="",
    due=None,
    carrier="",
    carrier_number=None,
    tracking="",
    paid_at=None,
    shipped_at=None,
    cancelled_at=None,
    cancel_reason="",
    shipping_note="",
)
THERE = replace(HERE, connection_id=CONNECTION, shop="Tradera 300124")


def wish(status: OrderStatus, **more: object) -> StatusChange:
    return StatusChange(index=0, order_id=7, status=status, **more)  # type: ignore[arg-type] # fields by name


def after(order: OrderState, *changes: StatusChange) -> OrderState:
    """Apply the changes of one call."""
    now_is = order
    for change in changes:
        now_is = changed(now_is, change, now=NOW)
    return with_update(order, now_is, notices=NOTICES)


def test_the_earlier_status_is_kept_beside_the_new_one() -> None:
    order = after(HERE, wish(PAID))

    assert (order.status, order.previous_status) == (PAID, PENDING)


def test_the_same_status_again_changes_nothing() -> None:
    order = replace(THERE, status=SHIPPED, previous_status=PAID, due=UpdateKind.SHIPPED)

    assert after(order, wish(SHIPPED)) == order


def test_a_status_may_be_set_back() -> None:
    order = after(after(HERE, wish(PAID)), wish(PENDING))

    assert (order.status, order.previous_status) == (PENDING, PAID)


@pytest.mark.parametrize("status", [PENDING, PAID, SHIPPED])
def test_a_cancelled_order_stays_cancelled(status: OrderStatus) -> None:
    with pytest.raises(OrderCancelled):
        after(replace(HERE, status=CANCELLED), wish(status))


def test_a_cancelled_order_may_be_noted_upon() -> None:
    order = after(replace(HERE, status=CANCELLED), wish(CANCELLED, shipping_note="came back"))

    assert (order.status, order.shipping_note) == (CANCELLED, "came back")


def test_tracking_needs_a_courier() -> None:
    with pytest.raises(TrackingWithoutCarrier):
        after(HERE, wish(SHIPPED, tracking="LT1"))


@pytest.mark.parametrize("courier", [{"carrier_number": 59}, {"carrier": "GLS"}])
def test_a_courier_comes_with_the_tracking_or_stands_in_the_order(
    courier: dict[str, object],
) -> None:
    at_once = after(HERE, wish(SHIPPED, tracking="LT1", **courier))
    in_turn = after(HERE, wish(PENDING, **courier), wish(SHIPPED, tracking="LT1"))

    assert at_once == in_turn
    assert at_once.tracking == "LT1"


def test_a_courier_needs_no_tracking() -> None:
    assert after(HERE, wish(SHIPPED, carrier="GLS")).carrier == "GLS"


def test_nothing_is_removed() -> None:
    full = after(
        HERE,
        wish(
            SHIPPED,
            tracking="LT1",
            carrier_number=59,
            carrier="GLS",
            paid_at=NOW,
            shipping_note="door",
        ),
    )

    assert after(full, wish(SHIPPED)) == full


def test_an_order_is_sent_on_the_day_it_becomes_sent() -> None:
    first = after(HERE, wish(SHIPPED))
    later = changed(changed(first, wish(PAID), now=NOW), wish(SHIPPED), now=NOW + timedelta(days=1))

    assert first.shipped_at == later.shipped_at == NOW


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (PENDING, PAID, UpdateKind.PAID),
        (PENDING, SHIPPED, UpdateKind.SHIPPED),
        (PAID, SHIPPED, UpdateKind.SHIPPED),
        (
            SHIPPED,
            PAID,
            None,
        ),  # a marketplace cannot be notified that an order was not sent after all
        (PAID, PENDING, None),
        (PENDING, CANCELLED, None),
        (SHIPPED, CANCELLED, None),
    ],
)
def test_the_marketplace_hears_what_it_has_a_word_for(
    old: OrderStatus, new: OrderStatus, told: UpdateKind | None
) -> None:
    there, here = replace(THERE, status=old), replace(HERE, status=old)

    assert after(there, wish(new)).due is told
    assert after(here, wish(new)).due is None


@pytest.mark.parametrize(
    ("old", "new"),
    [(SHIPPED, PAID), (PAID, PENDING), (PENDING, CANCELLED), (SHIPPED, CANCELLED)],
)
def test_what_a_marketplace_has_no_word_for_says_that_it_is_done_here_only(
    old: OrderStatus, new: OrderStatus
) -> None:
    there, here = replace(THERE, status=old), replace(HERE, status=old)

    message = f"Done here only: Tradera 300124 cannot be notified that an order is {new}."
    assert after(there, wish(new)).status_message == message
    assert after(here, wish(new)).status_message == ""


def test_a_channel_that_has_a_word_for_it_is_notified_of_a_cancellation() -> None:
    notices = NOTICES | {UpdateKind.CANCELLED}
    cancelled = changed(THERE, wish(CANCELLED, reason="no stock"), now=NOW)

    order = with_update(THERE, cancelled, notices=notices)

    assert (order.due, order.status_message) == (UpdateKind.CANCELLED, "")
    assert (order.cancelled_at, order.cancel_reason) == (NOW, "no stock")


@pytest.mark.parametrize("takes_tracking", [True, False])
def test_another_parcel_is_notified_where_a_channel_takes_tracking(
    takes_tracking: bool,  # noqa: FBT001 - drawn
) -> None:
    shipped = replace(THERE, status=SHIPPED, carrier="DHL", tracking="T1")
    second = changed(shipped, wish(SHIPPED, tracking="T2"), now=NOW)

    order = with_update(shipped, second, notices=NOTICES, takes_tracking=takes_tracking)

    assert order.due is (UpdateKind.SHIPPED if takes_tracking else None)


def test_a_shipping_on_its_way_refuses_another_status() -> None:
    order = after(THERE, wish(SHIPPED))

    with pytest.raises(ChangePending, match="order C-7 on shop Tradera 300124"):
        after(order, wish(PAID))


def test_a_shipping_on_its_way_still_takes_a_tracking_number() -> None:
    order = after(THERE, wish(SHIPPED))

    told = after(order, wish(SHIPPED, tracking="LT1", carrier="GLS"))

    assert (told.tracking, told.due) == ("LT1", UpdateKind.SHIPPED)


def test_a_payment_on_its_way_may_be_taken_back() -> None:
    order = after(after(THERE, wish(PAID)), wish(PENDING))

    assert (order.status, order.due, order.status_message) == (PENDING, None, "")


def test_a_payment_on_its_way_gives_way_to_the_shipping() -> None:
    assert after(after(THERE, wish(PAID)), wish(SHIPPED)).due is UpdateKind.SHIPPED


def test_what_a_marketplace_refused_is_tried_again_when_it_is_said_again() -> None:
    refused = replace(THERE, status=SHIPPED, status_message="no such order")

    told = after(refused, wish(SHIPPED))

    assert (told.due, told.status_message) == (UpdateKind.SHIPPED, "")
    assert after(replace(refused, connection_id=None), wish(SHIPPED)).due is None
    assert after(replace(refused, status_message=""), wish(SHIPPED)).due is None


def test_several_changes_of_one_call_are_told_as_one() -> None:
    forth_and_back = after(THERE, wish(SHIPPED), wish(PENDING))
    onwards = after(THERE, wish(PAID), wish(SHIPPED))

    assert (forth_and_back.status, forth_and_back.due) == (PENDING, None)
    assert (onwards.status, onwards.due) == (SHIPPED, UpdateKind.SHIPPED)


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
        assert order.due is None or order.due.value == order.status.value
