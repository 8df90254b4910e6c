"""The rules of the domain that are plain functions and tables."""

import math
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saluhall.channel import Disconnected, OutOfBudget, Purpose, Rejected, Unavailable
from saluhall.domain.connections.model import BudgetState
from saluhall.domain.connections.operations import _CALLS_PER_POLL, RESERVED, check, poll_pause
from saluhall.domain.webhooks.model import (
    FAILURES_BEFORE_OFF,
    LATER_RETRIES,
    QUICK_RETRIES,
    retry_at,
)
from saluhall.jobs.failure_policy import (
    Consequence,
    Crash,
    Reject,
    Retry,
    Suspend,
    Wait,
    consequence_of,
)
from saluhall.kit.clock import iso_from_instant, utc_now
from saluhall.kit.ids import new_id, text_from_id

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(hours=24)


def used(calls: int, **more: datetime | None) -> BudgetState:
    facts = {"blocked_until": None, "frees_at": None, **more}
    return BudgetState(
        used=calls, blocks=0, blocked_until=facts["blocked_until"], frees_at=facts["frees_at"]
    )


# Verdicts ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "consequence"),
    [
        (OutOfBudget("x", retry_in=timedelta(hours=2)), Wait(timedelta(hours=2))),
        (OutOfBudget("x"), Wait(timedelta(minutes=1))),
        (Unavailable("slow"), Retry("slow", None)),
        (Unavailable("429", retry_in=timedelta(seconds=9)), Retry("429", timedelta(seconds=9))),
        (Disconnected("expired"), Suspend("expired")),
        (Rejected("too many bids"), Reject("too many bids")),
        (KeyError("ours"), Crash()),
        (TimeoutError(), Crash()),
    ],
)
def test_every_failure_says_what_happens_next(error: Exception, consequence: Consequence) -> None:
    assert consequence_of(error) == consequence


# The budget -------------------------------------------------------------------------------------------------------------


def may(purpose: Purpose, state: BudgetState, *, limit: int, calls: int = 1) -> bool:
    try:
        check(state, limit=limit, purpose=purpose, calls=calls, now=NOW)
    except OutOfBudget:
        return False
    return True


def test_every_purpose_has_its_place_in_the_budget() -> None:
    assert list(RESERVED) == list(Purpose)
    assert RESERVED[Purpose.END] == 0
    assert all(before <= after for before, after in pairwise(RESERVED.values()))


@given(limit=st.integers(1, 5000), calls=st.integers(0, 6000))
def test_whoever_is_less_urgent_stops_first(limit: int, calls: int) -> None:
    allowed = [may(purpose, used(calls), limit=limit) for purpose in Purpose]

    assert allowed == sorted(allowed, reverse=True)
    assert may(Purpose.END, used(calls), limit=limit) == (calls < limit)


@given(limit=st.integers(1, 5000), wanted=st.integers(1, 50))
def test_no_purpose_uses_what_it_must_leave(limit: int, wanted: int) -> None:
    for purpose in Purpose:
        left = limit - math.ceil(limit * RESERVED[purpose])
        if left >= wanted:
            assert may(purpose, used(left - wanted), limit=limit, calls=wanted)
        assert not may(purpose, used(max(0, left - wanted + 1)), limit=limit, calls=wanted)


def test_a_blocked_marketplace_takes_no_call_until_the_block_is_over() -> None:
    blocked = used(0, blocked_until=NOW + timedelta(minutes=7))

    with pytest.raises(OutOfBudget) as refused:
        check(blocked, limit=100, purpose=Purpose.END, calls=1, now=NOW)
    assert refused.value.retry_in == timedelta(minutes=7)
    check(blocked, limit=100, purpose=Purpose.END, calls=1, now=NOW + timedelta(minutes=7))


def test_a_used_budget_says_when_it_frees_but_never_at_once() -> None:
    for frees_at, wait in [
        (NOW + timedelta(hours=3), timedelta(hours=3)),
        (NOW, timedelta(minutes=1)),
        (None, DAY),
    ]:
        with pytest.raises(OutOfBudget) as refused:
            check(used(100, frees_at=frees_at), limit=100, purpose=Purpose.END, calls=1, now=NOW)
        assert refused.value.retry_in == wait


@given(
    limit=st.integers(1, 5000),
    calls=st.integers(0, 6000),
    connections=st.integers(1, 50),
    interval_s=st.integers(1, 3600),
)
def test_polling_never_uses_up_what_is_left_of_the_day(
    limit: int, calls: int, connections: int, interval_s: int
) -> None:
    interval = timedelta(seconds=interval_s)

    pause = poll_pause(used(calls), limit=limit, connections=connections, interval=interval)

    assert pause >= interval
    spare = limit - calls - math.ceil(limit * RESERVED[Purpose.POLL])
    if spare / 2 >= _CALLS_PER_POLL:
        a_microsecond_late = pause + timedelta(microseconds=1)  # durations are rounded to it
        assert DAY / a_microsecond_late * connections * _CALLS_PER_POLL <= spare / 2
    else:
        assert pause >= timedelta(hours=1)


# Retries ----------------------------------------------------------------------------------------------------------------


def test_webhooks_are_tried_again_after_1_2_4_8_and_16_seconds() -> None:
    waits = [retry_at(failed, NOW, days=0, chance=0.5) for failed in range(1, 8)]

    assert waits == [NOW + timedelta(seconds=s) for s in (1, 2, 4, 8, 16)] + [None, None]
    assert QUICK_RETRIES.attempts == 6


def test_later_retries_grow_over_three_days_and_end_before_the_endpoint_is_switched_off() -> None:
    waits = [retry_at(failed, NOW, days=3, chance=0.5) for failed in range(6, 15)]

    later = [NOW + LATER_RETRIES.delay(n) for n in range(1, 9)]
    assert waits == [*later, None]
    assert later == sorted(later)
    assert 5 + len(later) + 1 < FAILURES_BEFORE_OFF


@given(
    days=st.integers(0, 30),
    failed=st.integers(6, 60),
    chance=st.floats(0, 1, allow_nan=False),
)
def test_no_retry_comes_later_than_the_operator_wants(
    days: int, failed: int, chance: float
) -> None:
    even = [retry_at(n, NOW, days=days, chance=0.5) for n in range(6, failed + 1)]

    total = sum((at - NOW for at in even if at is not None), timedelta())
    assert total <= timedelta(days=days)
    at = retry_at(failed, NOW, days=days, chance=chance)
    if at is not None and even[-1] is not None:
        assert abs((at - NOW) / (even[-1] - NOW) - 1) <= LATER_RETRIES.jitter + 1e-9
    else:
        assert at == even[-1]


# Clock and identifiers ----------------------------------------------------------------------------------------------------


def test_the_clock_is_aware_and_in_utc() -> None:
    assert utc_now().utcoffset() == timedelta(0)


@given(
    st.datetimes(
        min_value=datetime(1970, 1, 2),  # noqa: DTZ001 - the zone comes from `timezones`
        max_value=datetime(9999, 12, 30),  # noqa: DTZ001
        timezones=st.just(UTC) | st.timezones(),
    )
)
def test_an_instant_is_written_in_utc_whatever_its_zone(instant: datetime) -> None:
    written = iso_from_instant(instant)

    assert written.endswith("Z")
    assert datetime.fromisoformat(written) == instant.astimezone(UTC).replace(microsecond=0)


def test_identifiers_sort_by_the_time_they_were_made_and_so_do_their_texts() -> None:
    made = []
    for _ in range(4):
        made.append(new_id())
        until = utc_now() + timedelta(milliseconds=2)
        while utc_now() < until:
            pass

    assert made == sorted(made)
    texts = [text_from_id("evt", each) for each in made]
    assert texts == sorted(texts)
    assert all(len(text) == len("evt_") + 26 for text in texts)


@given(st.uuids(), st.uuids())
def test_texts_sort_as_the_identifiers_do(one: object, other: object) -> None:
    pair = (one, other)

    assert (text_from_id("x", one) < text_from_id("x", other)) == (one < other), pair  # type: ignore[arg-type,operator]
