"""Windows of Tradera's time: whatever the clocks say, no order stays unread."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saluhall.channels.tradera.window import (
    MAX_SPAN,
    OVERLAP,
    QUIET,
    Window,
    is_doubtful,
    needs_time,
    read_until,
    windows,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)

# What happens while the hub polls: something is changed at Tradera (stamped some time before it shows), or nothing is.
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            [timedelta(), timedelta(seconds=1), timedelta(minutes=59), DAY, 6 * DAY, 40 * DAY]
        ),
        st.integers(0, 3),  # changes with one and the same stamp
        st.sampled_from([timedelta(), timedelta(microseconds=1), timedelta(minutes=50)]),
    ),
    min_size=1,
    max_size=25,
)


class There:
    """Tradera: its own clock, changes that show a little late, edges that count or do not."""

    def __init__(self, *, skew: timedelta, edges_count: bool) -> None:
        self.skew = skew
        self.edges_count = edges_count
        self.changes: list[tuple[datetime, int]] = []

    def answer(self, window: Window) -> list[tuple[datetime, int]]:
        start = window.start.replace(microsecond=0)  # as it is written
        end = window.end.replace(microsecond=0)
        return [
            change
            for change in self.changes
            if (start <= change[0] <= end if self.edges_count else start < change[0] < end)
        ]


def read(there: There, since: datetime | None, now: datetime) -> tuple[set[int], datetime]:
    """Poll once, as the channel does."""
    time_there = now + there.skew if needs_time(since, now) else None
    found = [change for window in windows(since, time_there) for change in there.answer(window)]
    stamps = [at for at, _ in found]
    if time_there is None and is_doubtful(max(stamps, default=None), now):
        time_there = now + there.skew
    return {name for _, name in found}, read_until(since, time_there, stamps)


@given(
    steps=STEPS,
    skew=st.timedeltas(min_value=-30 * DAY, max_value=30 * DAY),
    edges_count=st.booleans(),
)
def test_no_change_is_missed_whatever_the_clocks_say(
    *, steps: list[tuple[timedelta, int, timedelta]], skew: timedelta, edges_count: bool
) -> None:
    there = There(skew=skew, edges_count=edges_count)
    now, seen, names = NOW, set[int](), 0
    _, since = read(there, None, now)

    for pause, changes, late in steps:
        now += pause
        for _ in range(changes):
            names += 1
            there.changes.append((now + skew - late, names))
        found, since = read(there, since, now)
        seen |= found

    assert seen == set(range(1, names + 1))


@given(
    since=st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2026, 1, 1)),  # noqa: DTZ001 - made aware below
    ahead=st.timedeltas(min_value=timedelta(), max_value=400 * DAY),
)
def test_windows_leave_no_gap_and_none_is_longer_than_allowed(
    since: datetime, ahead: timedelta
) -> None:
    begin = since.replace(tzinfo=UTC)

    found = windows(begin, begin + ahead)

    assert found[0].start == begin - OVERLAP
    assert found[-1].end > begin + ahead
    assert all(window.end - window.start == MAX_SPAN for window in found)
    assert all(b.start < a.end for a, b in pairwise(found))


def test_a_stamp_from_the_far_future_does_not_hide_what_comes_after_it() -> None:
    there = There(skew=timedelta(), edges_count=True)
    _, since = read(there, None, NOW)
    there.changes.append((NOW + 60 * DAY, 1))
    found, since = read(there, since, NOW + timedelta(minutes=1))
    there.changes.append((NOW + timedelta(minutes=2), 2))

    again, _ = read(there, since, NOW + timedelta(minutes=3))

    assert found == {1}
    assert 2 in again


@pytest.mark.parametrize(
    ("since", "asks"),
    [(None, True), (NOW, False), (NOW + DAY, False), (NOW - QUIET - timedelta(seconds=1), True)],
)
def test_tradera_is_asked_for_its_time_only_when_nothing_recent_is_known_of_it(
    *, since: datetime | None, asks: bool
) -> None:
    assert needs_time(since, NOW) is asks
