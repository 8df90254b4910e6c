"""The things a marketplace keeps: sellers, items, requests, orders."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, IntFlag

from saluhall.practice.tradera.images import Image
from saluhall.practice.tradera.people import Person
from saluhall.practice.tradera.wire import AttributeValues, ItemShipping


class Kind(IntEnum):
    """How an item is sold, in Tradera's numbers."""

    AUCTION = 1
    FIXED = 3
    SHOP = 4


class Result(IntFlag):
    """What became of a queued request: a bit field."""

    NONE = 0
    OK = 1
    IMAGE_PROCESSING_ERROR = 2
    ERROR = 4
    TIMEOUT = 8
    TRY_AGAIN = 16
    UPDATE_NOT_ALLOWED = 32
    REACHED_MAXIMUM_ACTIVE_ITEMS = 64
    WAITING_TO_BE_PROCESSED = 128
    UNCOMMITTED = 256


@dataclass(slots=True, kw_only=True)
class Token:
    """What lets one application act for a seller; without an application, any may."""

    text: str
    expires_at: datetime | None
    app_id: int | None = None


@dataclass(slots=True, kw_only=True)
class Seller:
    """A member who sells, and what belongs to it."""

    person: Person
    tokens: list[Token] = field(default_factory=list)
    has_shop: bool = True
    is_restricted: bool = False
    item_ids: list[int] = field(default_factory=list)
    changes: list[tuple[int, int]] = field(default_factory=list)
    orders: list["Order"] = field(default_factory=list)
    transactions: list["Transaction"] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the seller says about an item, apart from prices and times."""

    title: str
    description: str
    category_id: int
    accepted_buyer_id: int
    attribute_values: AttributeValues | None = None
    item_attributes: tuple[int, ...] = ()
    own_references: tuple[str, ...] = ()
    payment_condition: str | None = None
    payment_option_ids: tuple[int, ...] = ()
    shipping_condition: str | None = None
    shipping_options: tuple[ItemShipping, ...] = ()
    vat: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bid:
    """What somebody was ready to pay, and when it was said."""

    bidder: str
    limit: int
    at: datetime


@dataclass(slots=True, kw_only=True)
class Item:
    """One listing, published or not yet; prices in whole kronor, 0 = none."""

    id: int
    seller: Seller
    kind: Kind
    terms: Terms
    duration: int
    restarts: int = 0
    start_price: int = 0
    reserve_price: int = 0
    buy_now_price: int = 0
    quantity: int = 1
    start_quantity: int = 1
    start_at: datetime
    end_at: datetime
    custom_end: bool = False
    is_published: bool = False
    is_ended: bool = False
    price: int = 0
    bids: list[Bid] = field(default_factory=list)
    leader: Bid | None = None
    winner: Person | None = None
    is_shipped: bool = False
    images: list[Image] = field(default_factory=list)
    row_version: int = 0
    restarted_from: int | None = None
    restarted_as: int | None = None
    restarted_at: datetime | None = None

    @property
    def has_reserve_reached(self) -> bool:
        """Return whether the bids have reached what the seller wants at least."""
        return bool(self.bids) and self.price >= self.reserve_price


@dataclass(slots=True, kw_only=True)
class QueuedRequest:
    """Something asked for, done when the queue comes to it."""

    id: int
    item: Item
    effect: Callable[[datetime], Result]
    images: list[Image] = field(default_factory=list)
    campaign_code: str | None = None
    result: Result = Result.UNCOMMITTED
    polls_to_wait: int = 0

    @property
    def can_be_committed(self) -> bool:
        """Return whether the queue would take the request, the first time or once more."""
        return self.result is Result.UNCOMMITTED or Result.TRY_AGAIN in self.result


@dataclass(slots=True, kw_only=True)
class Payment:
    """Money that reached the marketplace's own payment service."""

    amount: int
    paid_at: datetime
    reference: str


@dataclass(slots=True, kw_only=True)
class Order:
    """What one buyer has bought of one item."""

    id: int
    transaction_id: int
    purchase_id: str
    item: Item
    buyer: Person
    unit_price: int
    quantity: int
    shipping: ItemShipping | None
    created_at: datetime
    changed_at: datetime
    is_shipped: bool = False
    payments: list[Payment] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Transaction:
    """The sale as the seller's books see it, with the marks the seller sets."""

    id: int
    order: Order
    created_at: datetime
    changed_at: datetime
    is_paid_confirmed: bool = False
    is_shipped: bool = False
    is_shipping_booked: bool = False
