"""The facts of a listing: desired beside confirmed, the moves between its states, and what is to be done next."""

from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from saluhall.channel import Progress
from saluhall.domain.images.model import ShownImage
from saluhall.domain.products.model import Product
from saluhall.kit.claim import Claim


class Desired(StrEnum):
    """What the seller wants."""

    LIVE = "live"
    ENDED = "ended"


class State(StrEnum):
    """What is confirmed of a listing at its marketplace."""

    WAITING = "waiting"  # nothing stands there yet
    SUBMITTED = "submitted"  # handed in, the marketplace has not decided
    LIVE = "live"
    SOLD = "sold"
    ENDED = "ended"
    REFUSED = "refused"  # the data was refused; new data makes it due again


MOVES: dict[State, frozenset[State]] = {
    State.WAITING: frozenset({State.SUBMITTED, State.LIVE, State.REFUSED, State.ENDED}),
    State.SUBMITTED: frozenset({State.LIVE, State.WAITING, State.REFUSED, State.ENDED}),
    State.LIVE: frozenset({State.SOLD, State.ENDED}),
    State.REFUSED: frozenset({State.WAITING, State.SUBMITTED, State.LIVE, State.ENDED}),
    State.SOLD: frozenset(),
    State.ENDED: frozenset({State.WAITING, State.SUBMITTED, State.LIVE, State.REFUSED}),
}


def may_move(state: State, to: State | None) -> bool:
    """Tell whether a listing may go from one state to another; staying is fine except in those that are told once."""
    if to is None or to is state:
        return to not in {State.LIVE, State.SOLD, State.ENDED}
    return to in MOVES[state]


class Step(StrEnum):
    """What is to be done at the marketplace next."""

    END = "end"
    CHANGE_PRICE = "change_price"
    LOOK = "look"  # an answer was unclear: compare what stands there with what is wanted
    ASK = "ask"
    PUBLISH = "publish"
    CANCEL = "cancel"  # nothing stands there, and nothing shall: no call is needed


PRIORITY: dict[Step, int] = {
    Step.CANCEL: 0,
    Step.END: 0,
    Step.CHANGE_PRICE: 1,
    Step.LOOK: 1,
    Step.ASK: 2,
    Step.PUBLISH: 3,
}


LOOKS = (timedelta(seconds=25), timedelta(seconds=5))
"""How long to wait before each look after an unclear answer, the last first: a call may take effect long after it was given up."""


class Listing(Struct, frozen=True, kw_only=True):
    """A listing with the product it shows, as claimed for work."""

    id: UUID
    account_id: UUID
    connection_id: UUID | None
    product_id: UUID
    sku: str
    desired: Desired
    revision: int
    state: State
    price: Decimal
    confirmed_price: Decimal | None
    refused_price: Decimal | None
    external_id: str | None
    url: str | None
    progress: Progress
    attempts: int
    error: str | None
    told: str | None
    looks_left: int
    delete_wanted: bool
    currency: str
    text_due: bool
    claim: Claim | None = None


def next_step(listing: Listing) -> Step | None:
    """Tell what a listing needs next to become what the seller wants; None when there is nothing to do."""
    match listing.desired, listing.state:
        case Desired.ENDED, State.LIVE:
            return Step.END
        case _, State.SUBMITTED:
            return Step.ASK
        case Desired.ENDED, State.WAITING if listing.progress.may_be_live:
            return Step.PUBLISH  # it may stand there already: find out, then end it
        case Desired.ENDED, State.WAITING | State.REFUSED:
            return Step.CANCEL
        case Desired.LIVE, State.LIVE if listing.price not in {
            listing.confirmed_price,
            listing.refused_price,
        }:
            return Step.CHANGE_PRICE
        case Desired.LIVE, State.LIVE if listing.looks_left:
            return Step.LOOK
        case Desired.LIVE, State.WAITING:
            return Step.PUBLISH
        case _:
            return None


class Shelved(Struct, frozen=True, kw_only=True):
    """A product together with its newest listing, as one look shows it.

    `state` is None before any listing was wanted; `pending` says that work at the marketplace is still due; `error` is the last
    refusal or failure as told to the seller, None when the last step went well. `waits_reason` says why pending work waits, and
    `next_try_at` when it is tried next.
    """

    product: Product
    state: State | None = None
    desired: Desired | None = None
    pending: bool = False
    external_id: str | None = None
    external_url: str | None = None
    error: str | None = None
    waits_reason: str | None = None
    next_try_at: datetime | None = None
    images: tuple[ShownImage, ...] = ()

    @property
    def is_live(self) -> bool:
        """Return whether people can see it at a marketplace now."""
        return self.state is State.LIVE and self.external_id is not None
