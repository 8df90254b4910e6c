"""The next step on the channel, so that a listing becomes what the seller wants. Pure."""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Final

from msgspec import Struct

from saluhall.capabilities import Revision
from saluhall.domain.listings.model import Listing, State


class Step(StrEnum):
    """A step on the channel."""

    CANCEL = "cancel"  # nothing is there and nothing shall be: no call is needed
    END = "end"
    LOWER_QUANTITY = "lower_quantity"
    CHANGE_PRICE = "change_price"
    LOOK = "look"  # a response was unclear: compare what is there with what is wanted
    RAISE_QUANTITY = "raise_quantity"
    CHECK = "check"
    PUBLISH = "publish"
    REVISE = "revise"


PRIORITY: Final[Mapping[Step, int]] = {
    Step.CANCEL: 0,
    Step.END: 0,
    Step.LOWER_QUANTITY: 1,
    Step.CHANGE_PRICE: 2,
    Step.LOOK: 2,
    Step.RAISE_QUANTITY: 3,
    Step.CHECK: 4,
    Step.PUBLISH: 5,
    Step.REVISE: 6,
}
LAST_PRIORITY: Final = max(PRIORITY.values())


class Target(Struct, frozen=True, kw_only=True):
    """What the channel shall show of an offer.

    `is_wanted`: the seller wants it and the product can be sold; `is_settled`: the product's images and text are ready.
    """

    is_wanted: bool
    is_settled: bool = True
    price: Decimal | None = None
    quantity: int = 0
    content: int = 0

    @property
    def is_shown(self) -> bool:
        """Return whether it shall be on the channel with something to sell."""
        return self.is_wanted and self.quantity > 0 and self.price is not None


class Abilities(Struct, frozen=True, kw_only=True):
    """What the channel can do with a listing of this format that is live."""

    revises: frozenset[Revision] = frozenset()
    stays_without_stock: bool = False


def next_step(listing: Listing, target: Target, abilities: Abilities) -> Step | None:
    """Return the next step towards the target; None when the channel shows it."""
    step = _step(listing, target, abilities)
    is_held = listing.suspended or listing.is_broken
    return None if is_held and step is not Step.CANCEL else step


def _step(listing: Listing, target: Target, abilities: Abilities) -> Step | None:
    match listing.state:
        case State.PENDING:
            return _step_of_pending(listing, target)
        case State.SUBMITTED:
            return Step.CHECK
        case State.LIVE:
            return _step_of_live(listing, target, abilities)
        case State.REJECTED:
            return None if target.is_shown else Step.CANCEL
        case State.ENDED:
            return None


def _step_of_pending(listing: Listing, target: Target) -> Step | None:
    if target.is_shown:
        return Step.PUBLISH if target.is_settled else None
    # It may be there already: find out, then end it.
    return Step.PUBLISH if listing.progress.may_be_live else Step.CANCEL


def _step_of_live(listing: Listing, target: Target, abilities: Abilities) -> Step | None:
    is_counted = Revision.QUANTITY in abilities.revises
    if not target.is_shown:
        if target.is_wanted and abilities.stays_without_stock and is_counted:
            return None if listing.quantity == 0 else Step.LOWER_QUANTITY
        return None if listing.end_refused else Step.END
    there = listing.quantity
    if is_counted and (there is None or target.quantity < there):
        return Step.LOWER_QUANTITY
    is_asked = target.price in {listing.price, listing.refused_price}
    if Revision.PRICE in abilities.revises and not is_asked:
        return Step.CHANGE_PRICE
    if listing.looks_left:
        return Step.LOOK
    if is_counted and there is not None and target.quantity > there:
        return Step.RAISE_QUANTITY
    is_behind = listing.content is not None and listing.content < target.content
    if Revision.CONTENT in abilities.revises and is_behind and target.is_settled:
        return Step.REVISE
    return None


def is_relisted(listing: Listing | None, target: Target) -> bool:
    """Return whether an offer needs a new listing: it shall be shown, and nothing of it is on the channel or on its way there.

    One that expired without a buyer is over: its offer is ended then.
    """
    return target.is_shown and (listing is None or listing.state is State.ENDED)
