"""What can happen to a listing: one value for each."""

from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from saluhall.channel import Progress
from saluhall.domain.listings.model import EndedReason


class Submitted(Struct, frozen=True, kw_only=True):
    """The channel has it and decides later; it was asked to show this price, quantity and content."""

    progress: Progress
    price: Decimal | None = None
    quantity: int | None = None
    content: int | None = None


class Undecided(Struct, frozen=True, kw_only=True):
    """The channel has not decided yet."""


class WentLive(Struct, frozen=True, kw_only=True):
    """It is on the channel, with this price, quantity and content; None is not known."""

    external_id: str
    url: str
    at: datetime
    ends_at: datetime | None = None
    price: Decimal | None = None
    quantity: int | None = None
    content: int | None = None


class Lost(Struct, frozen=True, kw_only=True):
    """The channel lost the submission; publishing starts over from `progress`."""

    reason: str
    progress: Progress


class Rejected(Struct, frozen=True, kw_only=True):
    """The channel, or our own check, rejected the data."""

    reason: str


class Updated(Struct, frozen=True, kw_only=True):
    """The channel shows this now; None is what was not changed."""

    price: Decimal | None = None
    quantity: int | None = None
    content: int | None = None


class UpdateRefused(Struct, frozen=True, kw_only=True):
    """The channel keeps what it shows; this price, or this content, is not asked for again."""

    reason: str
    price: Decimal | None = None
    content: int | None = None


class UpdateUnclear(Struct, frozen=True, kw_only=True):
    """Nobody knows whether an update took effect: it is made again, and looked at until it is sure to stay."""

    reason: str
    is_of_quantity: bool = False


class Seen(Struct, frozen=True, kw_only=True):
    """What the channel shows of it, live; None is not known. `is_look`: it was read to clear up an unclear response."""

    price: Decimal | None = None
    quantity: int | None = None
    bids: int = 0
    is_look: bool = False


class Sold(Struct, frozen=True, kw_only=True):
    """Units were sold. `awaits_order`: that was seen on the channel, and the order has not come yet."""

    units: int = 1
    awaits_order: bool = False


class Ended(Struct, frozen=True, kw_only=True):
    """It is not on the channel any more, or never was."""

    reason: EndedReason


class EndRefused(Struct, frozen=True, kw_only=True):
    """The channel does not end it: it has bids."""

    reason: str


class Failed(Struct, frozen=True, kw_only=True):
    """An attempt failed for a passing reason."""

    reason: str


class Waits(Struct, frozen=True, kw_only=True):
    """It has to wait without a fault of anybody: for call budget, or for images."""

    reason: str | None = None


class Broken(Struct, frozen=True, kw_only=True):
    """Our own bug: the row waits until the seller changes something."""

    reason: str


class Changed(Struct, frozen=True, kw_only=True):
    """The seller changed what a channel shows or checks: whatever was rejected or failed is worth another try."""


Event = (
    Submitted | Undecided | WentLive | Lost | Rejected | Updated | UpdateRefused | UpdateUnclear | Seen
    | Sold | Ended | EndRefused | Failed | Waits | Broken | Changed
)  # fmt: skip
