"""Which spans of time orders are asked for, purely: bounded by Tradera's clock, never by ours.

The bound is the newest change that Tradera itself has stamped, which costs no call. Our own clock only says when that bound may be
old; then Tradera is asked what time it is.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

OVERLAP = timedelta(hours=1)  # equal stamps, stamps that show late, edges that do not count
FIRST_LOOK_BACK = timedelta(days=30)
MAX_SPAN = timedelta(days=90)  # how long a span Tradera answers, nobody says
QUIET = timedelta(days=7)
BEYOND = timedelta(days=1)  # past what is known of Tradera's time; also how far a stamp is trusted


class Window(Struct, frozen=True):
    """A span of Tradera's time."""

    start: datetime
    end: datetime


def needs_time(since: datetime | None, now: datetime) -> bool:
    """Return whether Tradera must be asked what time it is: nothing is known of it, or nothing recent."""
    return since is None or now - since > QUIET


def windows(since: datetime | None, time_there: datetime | None) -> list[Window]:
    """Cover everything from a little before `since` to past Tradera's time, oldest first; neighbours overlap."""
    newest = time_there or since
    if newest is None:
        raise AssertionError("without an earlier read, Tradera is asked what time it is")
    start = newest - FIRST_LOOK_BACK if since is None else since - OVERLAP
    found = [Window(start, start + MAX_SPAN)]
    while found[-1].end < newest + BEYOND:
        start = found[-1].end - OVERLAP
        found.append(Window(start, start + MAX_SPAN))
    return found


def is_doubtful(newest: datetime | None, now: datetime) -> bool:
    """Return whether a stamp is so far ahead that it counts only up to what Tradera's clock says."""
    return newest is not None and newest > now + BEYOND


def read_until(
    since: datetime | None, time_there: datetime | None, stamps: Sequence[datetime]
) -> datetime:
    """Return up to when orders are read now: Tradera's time when it was asked, else the newest stamp."""
    if time_there is not None:
        return time_there
    return max([*stamps, *([since] if since else [])])
