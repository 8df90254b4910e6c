"""What follows from a failure: the one place that decides it."""

from datetime import timedelta

from msgspec import Struct

from saluhall.channel import Disconnected, OutOfBudget, Rejected, Unavailable
from saluhall.storage.claims import ClaimLost, MayNotAct
from saluhall.storage.database import DatabaseUnavailable
from saluhall.storage.image_store import StoreUnavailable


class Wait(Struct, frozen=True):
    """The call budget is used up: not a failure, wait until it allows calls."""

    pause: timedelta


class Retry(Struct, frozen=True):
    """A passing failure: try again; None leaves the pause to the retry policy."""

    reason: str
    pause: timedelta | None


class Suspend(Struct, frozen=True):
    """The seller must act on the connection: suspend its work until it is connected again."""

    reason: str


class Reject(Struct, frozen=True):
    """The data is wrong: notify the seller, wait for new data."""

    reason: str


class Release(Struct, frozen=True):
    """The row may be claimed by another worker: nothing was done, and if it is still ours it is due again at once."""


class Crash(Struct, frozen=True):
    """Our bug: log it, suspend this row alone."""


Consequence = Wait | Retry | Suspend | Reject | Release | Crash


def consequence_of(error: Exception) -> Consequence:
    """Return what follows from a failure of a channel call."""
    match error:
        case ClaimLost() | MayNotAct():
            return Release()
        case OutOfBudget(retry_in=pause):
            return Wait(pause or timedelta(minutes=1))
        case Unavailable(retry_in=pause):
            return Retry(str(error), pause)
        case DatabaseUnavailable() | StoreUnavailable():
            return Retry("The hub could not reach its own storage.", None)
        case Disconnected():
            return Suspend(str(error))
        case Rejected():
            return Reject(str(error))
        case _:
            return Crash()
