"""What a channel can do, as its card declares it; the hub plans with it before anything is queued."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct


class Format(StrEnum):
    """How an offer is sold."""

    AUCTION = "auction"
    FIXED = "fixed"


class QuantityMeaning(StrEnum):
    """What the channel understands by a quantity."""

    ON_HAND = "on_hand"  # units in stock; the channel keeps reservations apart
    FOR_SALE = "for_sale"  # units that can be bought; the channel lowers it when it sells


class WriteStyle(StrEnum):
    """What a write does with fields that it leaves out."""

    PARTIAL = "partial"
    FULL = "full"


class CreatesOnce(StrEnum):
    """What keeps a repeated create from making a second listing."""

    OUR_KEY = "our_key"  # the channel knows the key of the first one again
    UNIQUE_SKU = "unique_sku"
    LOOKUP = "lookup"  # nothing does over there: our key is looked for first


class Revision(StrEnum):
    """What can be changed of a live listing."""

    PRICE = "price"
    QUANTITY = "quantity"
    CONTENT = "content"


class Ending(StrEnum):
    """How a listing can leave the sale; where several are there, they differ."""

    END = "end"  # for good: offering it again makes a new listing
    WITHDRAW = "withdraw"  # it can be published again under its id
    SOLD_OUT = "sold_out"  # it stays with quantity 0
    DELETE = "delete"


class ImageTransfer(StrEnum):
    """How images reach the channel."""

    UPLOADED = "uploaded"
    FETCHED = "fetched"


class OrderNotice(StrEnum):
    """What a channel can be notified of about an order."""

    ACCEPTED = "accepted"
    PAID = "paid"
    SHIPPED = "shipped"
    TRACKING = "tracking"
    LINES = "lines"  # which lines were shipped
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


class LoginKind(StrEnum):
    """How a seller connects."""

    FORM = "form"
    REDIRECT = "redirect"


class Option(Struct, frozen=True, kw_only=True):
    """What a seller is asked for to connect by a form: `label` says it to people; a secret is read from standard input or a terminal."""

    name: str
    label: str
    secret: bool = False
    required: bool = True


class Category(Struct, frozen=True, kw_only=True):
    """A category of the channel; a listing can be in a leaf only."""

    id: str
    name: str
    parent_id: str | None
    is_leaf: bool


class LoginPage(Struct, frozen=True, kw_only=True):
    """Where a seller logs in, and the secret with which what comes of it is fetched."""

    url: str
    secret: str


class LimitScope(StrEnum):
    """What a call limit counts over."""

    APPLICATION = "application"
    CONNECTION = "connection"
    LISTING = "listing"


class LimitPeriod(StrEnum):
    """The span of time of a call limit."""

    DAY = "day"
    SECOND = "second"


class Limit(Struct, frozen=True, kw_only=True):
    """A limit of calls that the channel sets."""

    scope: LimitScope
    per: LimitPeriod


class FormatRules(Struct, frozen=True, kw_only=True):
    """What holds for one format. `update_batch` is how many listings one call can change."""

    max_quantity: int
    revisions: frozenset[Revision]
    endings: frozenset[Ending]
    update_batch: int = 1

    @property
    def stays_at_zero(self) -> bool:
        """Return whether a listing may stay with quantity 0."""
        return Ending.SOLD_OUT in self.endings


class Capabilities(Struct, frozen=True, kw_only=True):
    """What holds for the whole channel.

    `formats` are in order of preference, the first is the default. A price is a multiple of `price_step` within `min_price` and
    `max_price`. A title is cut at `max_title` characters, a description at `max_description`. `repeats_notices` says that notifying
    the channel twice of the same is harmless.
    """

    formats: Mapping[Format, FormatRules]
    quantity_meaning: QuantityMeaning
    write_style: WriteStyle
    creates_once: CreatesOnce
    currencies: frozenset[str]
    price_step: Decimal
    min_price: Decimal
    max_price: Decimal
    max_images: int
    max_image_bytes: int
    image_types: frozenset[str]
    image_transfer: ImageTransfer
    max_title: int
    max_description: int
    order_notices: frozenset[OrderNotice]
    repeats_notices: bool
    reads_inventory: bool
    logins: frozenset[LoginKind]
    limits: Sequence[Limit]

    @property
    def default_format(self) -> Format:
        """Return the format of an offer that names none."""
        return next(iter(self.formats))
