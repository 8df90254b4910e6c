"""The life of a listing: what each event makes of it in each state, and what is to be done next."""

from datetime import UTC, datetime
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from msgspec.structs import replace

from saluhall.capabilities import Format, Revision
from saluhall.channel import Progress
from saluhall.domain.listings.events import (
    Broken,
    Changed,
    Ended,
    EndRefused,
    Event,
    Failed,
    Lost,
    Rejected,
    Seen,
    Sold,
    Submitted,
    Undecided,
    Updated,
    UpdateRefused,
    UpdateUnclear,
    Waits,
    WentLive,
)
from saluhall.domain.listings.lifecycle import (
    APPLIES,
    ATTEMPTS_BEFORE_NOTICE,
    LOOKS,
    apply,
    notice_of,
)
from saluhall.domain.listings.model import EndedReason, Listing, State
from saluhall.domain.listings.steps import PRIORITY, Abilities, Step, Target, is_relisted, next_step
from saluhall.kit.ids import new_id

NOW = datetime(2026, 11, 27, tzinfo=UTC)
SHOWN = Target(is_wanted=True, price=Decimal(10), quantity=1, content=1)
GONE = Target(is_wanted=False, price=Decimal(10), quantity=1, content=1)
ALL = Abilities(revises=frozenset(Revision))
AUCTION = Abilities(revises=frozenset({Revision.PRICE}))
SAMPLES: tuple[Event, ...] = (
    Submitted(progress=Progress(external_id="7", may_be_live=True)),
    Undecided(),
    WentLive(external_id="7", url="u", at=NOW),
    Lost(reason="lost", progress=Progress()),
    Rejected(reason="no"),
    Updated(price=Decimal(11)),
    UpdateRefused(reason="no", price=Decimal(11)),
    UpdateUnclear(reason="slow"),
    Seen(bids=1),
    Sold(),
    Ended(reason=EndedReason.EXPIRED),
    EndRefused(reason="bids"),
    Failed(reason="slow"),
    Waits(reason="calls"),
    Broken(reason="bug"),
    Changed(),
)


def listing(state: State = State.LIVE, **more: Any) -> Listing:
    facts: dict[str, Any] = {
        "id": new_id(),
        "account_id": new_id(),
        "offer_id": new_id(),
        "product_id": new_id(),
        "connection_id": new_id(),
        "format": Format.AUCTION,
        "state": state,
        "price": Decimal(10),
        "quantity": 1,
        "content": 1,
        "external_id": "7" if state is State.LIVE else None,
    }
    return Listing(**{**facts, **more})


def fixed(quantity: int | None = 10, **more: Any) -> Listing:
    return listing(format=Format.FIXED, quantity=quantity, **more)


# Every event in every state ---------------------------------------------------------------------------------------------------


def test_there_is_a_sample_of_every_event() -> None:
    assert {type(each) for each in SAMPLES} == APPLIES.keys()


@pytest.mark.parametrize(
    ("state", "event"), list(product(State, SAMPLES)), ids=lambda x: getattr(x, "value", type(x).__name__)
)  # fmt: skip
def test_an_event_never_leads_where_the_drawing_has_no_arrow(state: State, event: Event) -> None:
    arrows = {
        State.PENDING: {State.SUBMITTED, State.LIVE, State.REJECTED, State.ENDED},
        State.SUBMITTED: {State.PENDING, State.LIVE, State.REJECTED, State.ENDED},
        State.LIVE: {State.ENDED},
        State.REJECTED: {State.PENDING, State.SUBMITTED, State.LIVE, State.ENDED},
        State.ENDED: set(),
    }
    before = listing(state)

    after = apply(before, event)

    assert after.state is state or after.state in arrows[state]
    if state not in APPLIES[type(event)]:
        assert after is before
        assert notice_of(before, event, after) is None


@pytest.mark.parametrize("event", SAMPLES, ids=lambda x: type(x).__name__)
def test_what_has_ended_stays_ended_and_only_a_sale_is_still_counted(event: Event) -> None:
    before = listing(State.ENDED, ended_reason=EndedReason.EXPIRED)

    after = apply(before, event)

    assert (after.state, after.ended_reason) == (State.ENDED, EndedReason.EXPIRED)
    assert after == (replace(before, units_sold=1) if isinstance(event, Sold) else before)


# Selling ------------------------------------------------------------------------------------------------------------------------


def test_a_fixed_price_listing_of_ten_that_sells_one_stays_live_with_nine() -> None:
    after = apply(fixed(10), Sold())

    assert (after.state, after.quantity, after.units_sold) == (State.LIVE, 9, 1)


def test_an_auction_that_sells_its_unit_is_sold_out() -> None:
    after = apply(listing(), Sold())

    assert (after.state, after.ended_reason) == (State.ENDED, EndedReason.SOLD_OUT)


@pytest.mark.parametrize("one", [listing(), fixed(3)], ids=["auction", "fixed price"])
def test_a_sale_seen_before_its_order_is_counted_once(one: Listing) -> None:
    seen = apply(one, Sold(awaits_order=True))
    assert (seen.units_sold, seen.units_awaiting_order) == (1, 1)

    ordered = apply(seen, Sold())

    assert (ordered.units_sold, ordered.units_awaiting_order) == (1, 0)
    assert ordered.quantity == seen.quantity


def test_units_that_are_gone_over_there_await_their_order_and_units_that_come_back_do_not() -> None:
    gone = apply(fixed(10), Seen(quantity=7))
    assert (gone.quantity, gone.units_awaiting_order) == (7, 3)

    assert apply(gone, Seen(quantity=9)).units_awaiting_order == 1
    assert apply(gone, Seen(quantity=12)).units_awaiting_order == 0


# Failures -------------------------------------------------------------------------------------------------------------------------


def test_the_seller_is_notified_once_when_it_keeps_failing() -> None:
    one, notices = listing(State.PENDING), []
    for _ in range(ATTEMPTS_BEFORE_NOTICE + 2):
        after = apply(one, Failed(reason="slow"))
        notices.append(notice_of(one, Failed(reason="slow"), after))
        one = after

    assert notices == [*[None] * (ATTEMPTS_BEFORE_NOTICE - 1), "slow", None, None]
    assert one.error == "slow"


def test_new_data_gives_what_was_rejected_another_try() -> None:
    rejected = apply(listing(State.PENDING), Rejected(reason="no"))
    assert next_step(rejected, SHOWN, ALL) is None

    again = apply(rejected, Changed())

    assert (again.state, again.error, again.notified_error) == (State.PENDING, None, None)
    assert next_step(again, SHOWN, ALL) is Step.PUBLISH


def test_what_a_bug_of_ours_broke_waits_for_a_change() -> None:
    broken = apply(listing(State.PENDING), Broken(reason="bug"))
    assert next_step(broken, SHOWN, ALL) is None
    assert next_step(apply(broken, Changed()), SHOWN, ALL) is Step.PUBLISH


# What is to be done next ------------------------------------------------------------------------------------------------------------

NEXT = {
    (True, State.PENDING): Step.PUBLISH,
    (True, State.SUBMITTED): Step.CHECK,
    (True, State.LIVE): None,
    (True, State.ENDED): None,
    (True, State.REJECTED): None,
    (False, State.PENDING): Step.CANCEL,
    (False, State.SUBMITTED): Step.CHECK,
    (False, State.LIVE): Step.END,
    (False, State.ENDED): None,
    (False, State.REJECTED): Step.CANCEL,
}


@pytest.mark.parametrize(("is_wanted", "state"), NEXT)
def test_every_state_has_its_next_step(*, is_wanted: bool, state: State) -> None:
    target = SHOWN if is_wanted else GONE

    assert next_step(listing(state), target, ALL) is NEXT[is_wanted, state]
    held = next_step(listing(state, suspended=True), target, ALL)
    assert held is (Step.CANCEL if NEXT[is_wanted, state] is Step.CANCEL else None)


@pytest.mark.parametrize("target", [SHOWN, GONE])
def test_what_may_be_live_already_is_found_out_before_it_is_given_up(target: Target) -> None:
    unclear = listing(State.PENDING, progress=Progress(may_be_live=True))

    assert next_step(unclear, target, ALL) is Step.PUBLISH


def test_nothing_is_published_before_its_images_are_ready() -> None:
    assert next_step(listing(State.PENDING), replace(SHOWN, is_settled=False), ALL) is None


@pytest.mark.parametrize(
    ("confirmed", "refused", "step"),
    [(10, None, None), (9, None, Step.CHANGE_PRICE), (9, 10, None), (9, 11, Step.CHANGE_PRICE)],
)
def test_a_price_is_changed_unless_it_is_there_or_was_refused(
    confirmed: int, refused: int | None, step: Step | None
) -> None:
    there = listing(
        price=Decimal(confirmed), refused_price=None if refused is None else Decimal(refused)
    )

    assert next_step(there, SHOWN, AUCTION) is step


@pytest.mark.parametrize(
    ("there", "wanted", "step"),
    [
        (10, 10, None),
        (10, 4, Step.LOWER_QUANTITY),
        (4, 10, Step.RAISE_QUANTITY),
        (None, 10, Step.LOWER_QUANTITY),
        (10, 0, Step.END),
    ],
)
def test_a_quantity_follows_where_the_channel_counts(
    there: int | None, wanted: int, step: Step | None
) -> None:
    assert next_step(fixed(there), replace(SHOWN, quantity=wanted), ALL) is step


@pytest.mark.parametrize(("there", "step"), [(3, Step.LOWER_QUANTITY), (0, None)])
def test_what_is_sold_out_may_stay_with_nothing_where_the_channel_allows_it(
    there: int, step: Step | None
) -> None:
    stays = replace(ALL, stays_without_stock=True)

    assert next_step(fixed(there), replace(SHOWN, quantity=0), stays) is step
    assert next_step(fixed(there), GONE, stays) is Step.END


def test_less_is_done_before_other_prices_and_more_after_them() -> None:
    lower = fixed(10, price=Decimal(9))
    target = replace(SHOWN, content=2)

    assert next_step(lower, target, ALL) is Step.LOWER_QUANTITY
    assert next_step(replace(lower, quantity=1), target, ALL) is Step.CHANGE_PRICE
    assert next_step(replace(lower, quantity=0), target, ALL) is Step.CHANGE_PRICE
    assert next_step(fixed(0), target, ALL) is Step.RAISE_QUANTITY
    assert next_step(fixed(1), target, ALL) is Step.REVISE
    assert next_step(fixed(1), target, AUCTION) is None


def test_what_the_channel_does_not_end_is_not_asked_for_again_before_a_change() -> None:
    refused = apply(listing(), EndRefused(reason="bids"))

    assert next_step(refused, GONE, ALL) is None
    assert next_step(apply(refused, Changed()), GONE, ALL) is Step.END


@pytest.mark.parametrize(
    ("target", "confirmed", "looks_left", "step"),
    [
        (SHOWN, 10, 1, Step.LOOK),
        (SHOWN, None, 3, Step.CHANGE_PRICE),
        (SHOWN, 9, 3, Step.CHANGE_PRICE),
        (GONE, 10, 3, Step.END),
    ],
)
def test_after_an_unclear_response_a_listing_is_looked_at_once_all_that_is_wanted_was_asked_for(
    target: Target, confirmed: int | None, looks_left: int, step: Step
) -> None:
    price = None if confirmed is None else Decimal(confirmed)

    assert next_step(listing(price=price, looks_left=looks_left), target, AUCTION) is step


def test_looks_end_when_what_is_there_was_seen_often_enough() -> None:
    one = apply(listing(), UpdateUnclear(reason="slow"))
    assert (one.price, one.looks_left) == (None, len(LOOKS))
    one = apply(one, Updated(price=Decimal(10)))
    for _ in LOOKS:
        assert next_step(one, SHOWN, AUCTION) is Step.LOOK
        one = apply(one, Seen(price=Decimal(10), is_look=True))

    assert next_step(one, SHOWN, AUCTION) is None


@pytest.mark.parametrize("state", State)
def test_an_offer_is_relisted_only_when_nothing_of_it_is_there_and_it_shall_be_shown(
    state: State,
) -> None:
    assert is_relisted(listing(state), SHOWN) == (state is State.ENDED)
    assert not is_relisted(listing(state), GONE)
    assert is_relisted(None, SHOWN)


def test_every_step_has_a_priority_in_the_order_of_what_hurts_most() -> None:
    assert PRIORITY.keys() == set(Step)
    order = [Step.END, Step.LOWER_QUANTITY, Step.CHANGE_PRICE, Step.RAISE_QUANTITY, Step.PUBLISH, Step.REVISE]  # fmt: skip
    assert [PRIORITY[step] for step in order] == sorted({PRIORITY[step] for step in order})


def test_content_that_the_channel_rejects_is_not_asked_for_again_before_it_changes() -> None:
    target = replace(SHOWN, content=2)
    live = fixed(1)
    assert next_step(live, target, ALL) is Step.REVISE

    refused = apply(live, UpdateRefused(reason="no", content=2))

    assert (refused.state, refused.error) == (State.LIVE, "no")
    assert next_step(refused, target, ALL) is None
    assert next_step(refused, replace(target, content=3), ALL) is Step.REVISE
