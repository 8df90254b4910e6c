"""The values of offers and policies, and what can be wrong with them."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from saluhall.capabilities import Format


class OfferNotFound(Exception):
    """The account has no offer with this id; the message says so."""


class OfferRefused(Exception):
    """An offer cannot be made as it was asked for; the message says what is wrong and what to do."""


class PolicyRefused(Exception):
    """A policy cannot be as it was asked for; the message says what is wrong and what to do."""


class Wanted(StrEnum):
    """What the seller wants of an offer."""

    LIVE = "live"
    ENDED = "ended"


class Selection(StrEnum):
    """Which products a connection offers of its own accord."""

    NONE = "none"  # only those that are offered one by one
    ALL = "all"
    FILTER = "filter"


class Rounding(StrEnum):
    """How a price is rounded: to a multiple, or to the nearest amount with these cents."""

    NONE = "none"
    ONE = "1"
    FIVE = "5"
    TEN = "10"
    POINT_90 = ".90"
    POINT_99 = ".99"


class Hold(StrEnum):
    """From when on an auction holds its unit, so that no fixed-price offer shows it."""

    FIRST_BID = "first_bid"
    START = "start"


class ProductFilter(Struct, frozen=True, kw_only=True):
    """Which products a policy selects; what is empty or None excludes nothing."""

    catalogs: tuple[int, ...] = ()
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    has_images: bool = False


class PriceRule(Struct, frozen=True, kw_only=True):
    """How the price of an offer is made: the price list, then exchange rate, percent, plus, rounding, and the floor at last.

    `currency` is that of the result; None is the product's own, and then no exchange rate applies.
    """

    price_list: int = 1
    exchange_rate: Decimal | None = None
    currency: str | None = None
    percent: Decimal = Decimal(0)
    plus: Decimal = Decimal(0)
    rounding: Rounding = Rounding.NONE
    floor: Decimal | None = None


class QuantityRule(Struct, frozen=True, kw_only=True):
    """How many of the units at hand an offer shows: `buffer` are kept back, of the others `percent`, at most `maximum`.

    Units of a cancelled order return to stock unless `returns_cancelled` is false: then a person counts them first.
    """

    buffer: int = 0
    maximum: int | None = None
    percent: int = 100
    returns_cancelled: bool = True


class Policy(Struct, frozen=True, kw_only=True):
    """What a connection offers, and how. `format` None is the first that the channel has."""

    products: Selection = Selection.NONE
    filter: ProductFilter = ProductFilter()
    format: Format | None = None
    price: PriceRule = PriceRule()
    quantity: QuantityRule = QuantityRule()
    hold: Hold = Hold.FIRST_BID
    categories: Mapping[str, str] = {}


class Offer(Struct, frozen=True, kw_only=True):
    """The intent to sell a product at a connection in a format.

    `named_price` wins over the policy's price rule; `max_quantity` limits what is shown. `price` and `quantity` are what the channel
    shall show by them, None and 0 before that is known. `connection_id` is None while the account has no connection of the channel.
    `listing_id` is the newest listing. `revision` grows with each change that makes a rejected listing worth another try.
    """

    id: UUID
    account_id: UUID
    product_id: UUID
    channel: str
    connection_id: UUID | None
    format: Format
    wanted: Wanted
    named_price: Decimal | None
    max_quantity: int | None
    price: Decimal | None
    currency: str
    quantity: int
    revision: int
    listing_id: UUID | None
    error: str | None
    created_at: datetime


class Terms(Struct, frozen=True):
    """What the seller says of an offer."""

    wanted: Wanted
    price: Decimal | None
    max_quantity: int | None


class EndedOffer(Struct, frozen=True, kw_only=True):
    """An offer that is not wanted any longer, and whether it was before."""

    product_id: UUID
    sku: str
    channel: str
    connection_id: UUID | None
    wanted: Wanted


class OfferedListing(Struct, frozen=True, kw_only=True):
    """The newest listing of an offer, as the channel confirmed it."""

    state: str
    external_id: str | None
    url: str | None
    price: Decimal | None
    quantity: int | None
    confirmed_at: datetime
    units_sold: int
    error: str | None


class ListedOffer(Struct, frozen=True, kw_only=True):
    """An offer in a list, with its newest listing."""

    offer_id: UUID
    connection_id: UUID | None
    channel: str
    catalog_id: int
    sku: str
    format: str
    wanted: str
    price: Decimal | None
    quantity: int
    currency: str
    listing: OfferedListing | None


class Place(Struct, frozen=True, kw_only=True):
    """Where products are offered: a connection (None: the account has none yet) with its policy."""

    channel: str
    connection_id: UUID | None
    policy: Policy = Policy()
