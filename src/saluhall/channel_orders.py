"""Orders as a channel gives them, and what it can be notified of: a part of the channel interface."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from msgspec import Struct


class RemoteAddress(Struct, frozen=True, kw_only=True):
    """A person and where they live; what the channel does not say is "".

    `user_id` is the name or number they have there; `country` is ISO 3166 alpha-3, or a name that the channel could not read.
    """

    user_id: str = ""
    name: str = ""
    line1: str = ""
    line2: str = ""
    zip: str = ""
    city: str = ""
    region: str = ""
    country: str = ""
    email: str = ""
    phone: str = ""
    vat_number: str = ""
    tax_code: str = ""


class RemoteOrderLine(Struct, frozen=True, kw_only=True):
    """One line of an order; amounts in whole currency units and hundredths.

    `external_id` is the line's id where the channel has one, `listing_id` that of the listing that was bought, `sku` ours. `total` of
    None is quantity times price less the discount, `tax` of None what the rate says. Units that were shipped, cancelled and refunded
    are those that the channel knows of.
    """

    external_id: str = ""
    listing_id: str
    sku: str = ""
    own_references: Sequence[str] = ()
    title: str
    quantity: int
    unit_price: Decimal
    discount: Decimal = Decimal(0)
    total: Decimal | None = None
    tax_percent: Decimal = Decimal(0)
    tax: Decimal | None = None
    fee: Decimal = Decimal(0)
    shipped: int = 0
    cancelled: int = 0
    refunded: int = 0
    refunded_amount: Decimal = Decimal(0)
    category_id: str = ""
    category_name: str = ""
    note: str = ""
    url: str = ""
    extras: Mapping[str, str] = {}


class RemoteRefund(Struct, frozen=True, kw_only=True):
    """Money that went back to the buyer, in the order's currency."""

    external_id: str
    amount: Decimal
    refunded_at: datetime
    reason: str = ""


class RemoteOrder(Struct, frozen=True, kw_only=True):
    """An order as it is on the channel. Instants are the channel's.

    `total` includes tax, shipping and discounts; `number` is what buyer and seller call it, "" is its id. `fee` is what the channel
    keeps, `tax` of None the sum of the lines'. `extras` are facts that only some partner has a key for, by that key.
    """

    external_id: str
    number: str = ""
    placed_at: datetime
    changed_at: datetime
    currency: str
    total: Decimal
    shipping_price: Decimal = Decimal(0)
    shipping_method: str = ""
    discount: Decimal = Decimal(0)
    tax: Decimal | None = None
    fee: Decimal = Decimal(0)
    payment_method: str = ""
    payment_reference: str = ""
    paid_at: datetime | None = None
    shipped_at: datetime | None = None
    carrier: str = ""
    tracking: str = ""
    cancelled_at: datetime | None = None
    cancel_reason: str = ""
    ship_by: datetime | None = None
    deliver_by: datetime | None = None
    buyer: RemoteAddress
    ship_to: RemoteAddress | None = None
    buyer_note: str = ""
    is_business: bool = False
    lines: Sequence[RemoteOrderLine]
    refunds: Sequence[RemoteRefund] = ()
    extras: Mapping[str, str] = {}


class OrderFeed(Struct, frozen=True, kw_only=True):
    """Orders changed since an instant; `read_until` is the channel's own time up to which they were read."""

    orders: Sequence[RemoteOrder]
    read_until: datetime


class Shipment(Struct, frozen=True, kw_only=True):
    """A parcel: carrier and tracking number where they are known, and the lines in it by external id; no lines are all."""

    carrier: str = ""
    tracking: str = ""
    lines: Mapping[str, int] = {}


class Refund(Struct, frozen=True, kw_only=True):
    """Money for the buyer; `key` is ours, so that it is paid once."""

    key: str
    amount: Decimal
    currency: str
    reason: str = ""


class Acknowledged(Struct, frozen=True):
    """The channel has recorded it."""


class NotSupported(Struct, frozen=True):
    """The channel cannot record it: it is done in the hub only."""


Acknowledgement = Acknowledged | NotSupported
