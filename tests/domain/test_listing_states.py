"""Listings: the table of moves, and what is to be done next."""

from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from saluhall.channel import Progress
from saluhall.domain.listings.model import (
    MOVES,
    PRIORITY,
    Desired,
    Listing,
    State,
    Step,
    may_move,
    next_step,
)


def listing(desired: Desired, state: State, **more: Any) -> Listing:
    facts: dict[str, Any] = dict.fromkeys(Listing.__struct_fields__)
    facts |= {"desired": desired, "state": state, "price": Decimal(10), "progress": Progress()}
    facts |= {"looks_left": 0}
    return Listing(**{**facts, **more})


# The table --------------------------------------------------------------------------------------------------------------


def test_the_table_of_moves_covers_every_state_and_none_moves_to_itself() -> None:
    assert MOVES.keys() == set(State)
    assert all(state not in moves for state, moves in MOVES.items())


def test_a_sale_is_final_and_only_what_stands_can_be_sold() -> None:
    assert MOVES[State.SOLD] == frozenset()
    assert [state for state, moves in MOVES.items() if State.SOLD in moves] == [State.LIVE]


@pytest.mark.parametrize(("state", "to"), list(product(State, State)))
def test_a_listing_moves_as_the_table_says(state: State, to: State) -> None:
    told_once = {State.LIVE, State.SOLD, State.ENDED}

    assert may_move(state, to) == (to in MOVES[state] or (to is state and to not in told_once))


@pytest.mark.parametrize("state", State)
def test_a_record_that_names_no_state_is_always_fine(state: State) -> None:
    assert may_move(state, None)


# What is to be done next --------------------------------------------------------------------------------------------------

MAY_STAND = Progress(may_be_live=True)
NEXT = {
    (Desired.LIVE, State.WAITING): Step.PUBLISH,
    (Desired.LIVE, State.SUBMITTED): Step.ASK,
    (Desired.LIVE, State.LIVE): None,
    (Desired.LIVE, State.SOLD): None,
    (Desired.LIVE, State.ENDED): None,
    (Desired.LIVE, State.REFUSED): None,
    (Desired.ENDED, State.WAITING): Step.CANCEL,
    (Desired.ENDED, State.SUBMITTED): Step.ASK,
    (Desired.ENDED, State.LIVE): Step.END,
    (Desired.ENDED, State.SOLD): None,
    (Desired.ENDED, State.ENDED): None,
    (Desired.ENDED, State.REFUSED): Step.CANCEL,
}


@pytest.mark.parametrize(("desired", "state"), list(product(Desired, State)))
def test_every_combination_has_its_next_step(desired: Desired, state: State) -> None:
    settled = listing(desired, state, confirmed_price=Decimal(10))

    assert next_step(settled) is NEXT[desired, state]


@pytest.mark.parametrize("state", State)
def test_what_may_be_live_already_is_found_out_before_it_is_given_up(state: State) -> None:
    unclear = listing(Desired.ENDED, state, progress=MAY_STAND)

    expected = Step.PUBLISH if state is State.WAITING else NEXT[Desired.ENDED, state]
    assert next_step(unclear) is expected


@pytest.mark.parametrize(
    ("confirmed", "refused", "step"),
    [(10, None, None), (9, None, Step.CHANGE_PRICE), (9, 10, None), (9, 11, Step.CHANGE_PRICE)],
)
def test_a_price_is_changed_unless_it_stands_there_or_was_refused(
    confirmed: int, refused: int | None, step: Step | None
) -> None:
    there = listing(
        Desired.LIVE,
        State.LIVE,
        confirmed_price=Decimal(confirmed),
        refused_price=None if refused is None else Decimal(refused),
    )

    assert next_step(there) is step


@pytest.mark.parametrize(
    ("desired", "confirmed", "looks_left", "step"),
    [
        (Desired.LIVE, 10, 1, Step.LOOK),
        (Desired.LIVE, None, 3, Step.CHANGE_PRICE),
        (Desired.LIVE, 9, 3, Step.CHANGE_PRICE),
        (Desired.ENDED, 10, 3, Step.END),
    ],
)
def test_after_an_unclear_answer_a_listing_is_looked_at_once_all_that_is_wanted_was_asked_for(
    desired: Desired, confirmed: int | None, looks_left: int, step: Step
) -> None:
    price = None if confirmed is None else Decimal(confirmed)
    there = listing(desired, State.LIVE, confirmed_price=price, looks_left=looks_left)

    assert next_step(there) is step


def test_every_step_has_a_priority_and_ends_go_first() -> None:
    assert PRIORITY.keys() == set(Step)
    assert PRIORITY[Step.END] < PRIORITY[Step.CHANGE_PRICE] < PRIORITY[Step.PUBLISH]
