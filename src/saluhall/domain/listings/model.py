"""The values of listings: what is, or was, on a channel for an offer."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from saluhall.capabilities import Format
from saluhall.channel import Progress
from saluhall.domain.images.model import ShownImage
from saluhall.domain.offers.model import Offer
from saluhall.domain.products.model import Product, Status
from saluhall.kit.claim import Claim


class State(StrEnum):
    """What is confirmed of a listing on its channel."""

    PENDING = "pending"  # not published yet
    SUBMITTED = "submitted"  # the channel has it and has not decided
    LIVE = "live"
    ENDED = "ended"
    REJECTED = "rejected"  # the data was rejected; new data makes it due again


class EndedReason(StrEnum):
    """Why a listing ended."""

    SOLD_OUT = "sold_out"
    WITHDRAWN = "withdrawn"  # by the seller, or because its units were sold elsewhere
    EXPIRED = "expired"  # over without a buyer


class Listing(Struct, frozen=True, kw_only=True):
    """A listing. `price`, `quantity` and `content` (the product's content revision) are what the channel confirmed.

    `refused_price` is a price that the channel does not take; `end_refused`: it does not end it. `units_awaiting_order` were seen
    to be sold and are in no order yet. `error` is what the seller sees, `notified_error` what was sent last as an event. `suspended`
    waits for its connection, `is_broken` for a change by the seller.
    """

    id: UUID
    account_id: UUID
    offer_id: UUID
    product_id: UUID
    connection_id: UUID
    format: Format
    state: State = State.PENDING
    ended_reason: EndedReason | None = None
    external_id: str | None = None
    url: str | None = None
    ends_at: datetime | None = None
    live_since: datetime | None = None
    price: Decimal | None = None
    quantity: int | None = None
    content: int | None = None
    refused_price: Decimal | None = None
    end_refused: bool = False
    bids: int = 0
    units_sold: int = 0
    units_awaiting_order: int = 0
    progress: Progress = Progress()
    attempts: int = 0
    error: str | None = None
    notified_error: str | None = None
    waits_reason: str | None = None
    looks_left: int = 0
    suspended: bool = False
    is_broken: bool = False
    claim: Claim | None = None


class Scheduled(Struct, frozen=True):
    """A listing with when it is due, None when nothing is to be done, and how urgent that is."""

    listing: Listing
    due_at: datetime | None
    priority: int


class OfferedProduct(Struct, frozen=True, kw_only=True):
    """What decides whether a product is offered. `is_text_due`: its text is being enhanced; publishing waits for it."""

    id: UUID
    sku: str
    status: Status
    is_deleted: bool
    is_text_due: bool
    content_revision: int

    @property
    def can_sell(self) -> bool:
        """Return whether its units can be offered."""
        return self.status in {Status.DRAFT, Status.ACTIVE} and not self.is_deleted

    @property
    def is_settled(self) -> bool:
        """Return whether its images and its text are ready."""
        return self.status is not Status.DRAFT


class Stock(Struct, frozen=True, kw_only=True):
    """Units on hand, of which some were seen to be sold and are in no order yet."""

    on_hand: int
    awaiting_order: int

    @property
    def available(self) -> int:
        """Return how many units nobody has bought."""
        return max(0, self.on_hand - self.awaiting_order)


class DueListing(Struct, frozen=True, kw_only=True):
    """A listing with its offer and product, as claimed for work."""

    listing: Listing
    offer: Offer
    product: OfferedProduct


class ListedProduct(Struct, frozen=True, kw_only=True):
    """A product together with its newest listing.

    `state` is None before any listing was wanted; `is_wanted`: it shall be on the channel;
    `pending`: work on the channel is due; `error` is the last rejection or
    failure the seller was notified of, None when the last step went well. `waits_reason` says why pending work waits, and
    `next_try_at` when it is tried next.
    """

    product: Product
    state: State | None = None
    ended_reason: EndedReason | None = None
    is_wanted: bool = False
    pending: bool = False
    external_id: str | None = None
    external_url: str | None = None
    error: str | None = None
    waits_reason: str | None = None
    next_try_at: datetime | None = None
    images: tuple[ShownImage, ...] = ()

    @property
    def is_live(self) -> bool:
        """Return whether people can see it on a channel now."""
        return self.state is State.LIVE and self.external_id is not None
