"""Ask a failure one question: what happens next."""

from datetime import timedelta

from msgspec import Struct

from saluhall.channel import Disconnected, OutOfBudget, Rejected, Unavailable
from saluhall.storage.claims import ClaimLost, MayNotAct
from saluhall.storage.database import DatabaseUnavailable
from saluhall.storage.image_store import StoreUnavailable


class Wait(Struct, frozen=True):
    """The budget is used up: not a failure, go on when it allows."""

    pause: timedelta


class Retry(Struct, frozen=True):
    """The moment is wrong: try again; None leaves the pause to the schedule."""

    reason: str
    pause: timedelta | None


class Park(Struct, frozen=True):
    """The access is wrong: set the connection's work aside until it is connected again."""

    reason: str


class Refuse(Struct, frozen=True):
    """The data is wrong: tell the seller, wait for new data."""

    reason: str


class GiveBack(Struct, frozen=True):
    """The row may be somebody else's by now: nothing was done, and if it is still ours it is due again at once."""


class Crash(Struct, frozen=True):
    """We are wrong: log it, set this row alone aside."""


Verdict = Wait | Retry | Park | Refuse | GiveBack | Crash


def verdict_on(error: Exception) -> Verdict:
    """Judge a failure of a channel."""
    match error:
        case ClaimLost() | MayNotAct():
            return GiveBack()
        case OutOfBudget(retry_in=pause):
            return Wait(pause or timedelta(minutes=1))
        case Unavailable(retry_in=pause):
            return Retry(str(error), pause)
        case DatabaseUnavailable() | StoreUnavailable():
            return Retry("The hub could not reach its own storage.", None)
        case Disconnected():
            return Park(str(error))
        case Rejected():
            return Refuse(str(error))
        case _:
            return Crash()
