"""Orders as they are stored: status, lines, parcels, refunds, and what can be wrong with a change."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from saluhall.kit.claim import Claim


class OrderStatus(StrEnum):
    """Where an order is."""

    PENDING = "pending"  # not paid yet
    PAID = "paid"
    SHIPPED = "shipped"  # all units that are not cancelled
    CANCELLED = "cancelled"


DONE = frozenset({OrderStatus.SHIPPED, OrderStatus.CANCELLED})
"""Where nothing of an order is in progress any more."""


class UpdateKind(StrEnum):
    """What a channel is notified of about an order."""

    PAID = "paid"
    SHIPPED = "shipped"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


class UpdateState(StrEnum):
    """What became of a notification."""

    DUE = "due"
    ACKNOWLEDGED = "acknowledged"
    NOT_SUPPORTED = "not_supported"  # the channel has no word for it
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"  # there was nothing to say any more


class Attention(StrEnum):
    """Why a person should look at an order."""

    UNMATCHED = "unmatched"  # a line is of nothing that the hub has listed
    OVERSOLD = "oversold"  # a line was bought when too few units were left


class StatusChange(Struct, frozen=True, kw_only=True):
    """One wanted change of one order; None leaves what is stored. `index` is its place in the request."""

    index: int
    order_id: int
    status: OrderStatus
    tracking: str | None = None
    carrier: str | None = None
    carrier_number: int | None = None
    paid_at: datetime | None = None
    shipping_note: str | None = None
    reason: str | None = None


class OrderFilter(Struct, frozen=True, kw_only=True):
    """Which orders are asked for: days are whole days in `time_zone`, the last one included; None and () leave a thing open.

    An order matches when its number, its status and one of its tags are among those named. `limit` None is all.
    """

    placed_from: date | None = None
    placed_to: date | None = None
    changed_from: date | None = None
    changed_to: date | None = None
    time_zone: str = "UTC"
    numbers: tuple[str, ...] = ()
    statuses: tuple[OrderStatus, ...] = ()
    tags: tuple[str, ...] = ()
    offset: int = 0
    limit: int | None = None

    @property
    def names_days(self) -> bool:
        """Return whether it matters when a day begins."""
        days = (self.placed_from, self.placed_to, self.changed_from, self.changed_to)
        return any(day is not None for day in days)


class OrderState(Struct, frozen=True, kw_only=True):
    """How far an order is; `shop` is the label of the connection it came through, `due` what its channel must still be notified of."""

    id: int
    number: str
    connection_id: UUID | None
    channel: str
    shop: str
    status: OrderStatus
    previous_status: OrderStatus | None
    status_message: str
    due: UpdateKind | None
    carrier: str
    carrier_number: int | None
    tracking: str
    paid_at: datetime | None
    shipped_at: datetime | None
    cancelled_at: datetime | None
    cancel_reason: str
    shipping_note: str


class OrderLine(Struct, frozen=True, kw_only=True):
    """A line of an order: units ordered, shipped, cancelled and refunded. `sku` is "" when nothing matched.

    `fee` is what the channel keeps of it, `net` what is left of the total without it, refunds and cancelled units.
    """

    id: int
    sku: str
    catalog: int | None
    title: str
    quantity: int
    shipped: int
    cancelled: int
    refunded: int
    unit_price: Decimal
    total: Decimal
    tax: Decimal
    fee: Decimal
    net: Decimal


class Order(Struct, frozen=True, kw_only=True):
    """An order with its lines, as people read it. Amounts are in `currency`."""

    id: int
    number: str
    channel: str
    connection_id: UUID | None
    status: OrderStatus
    placed_at: datetime
    currency: str
    total: Decimal
    buyer: str
    lines: Sequence[OrderLine]
    tags: Sequence[str]
    attention: Sequence[str]


class OrderNotFound(Exception):
    """The account has no order with this id."""

    def __init__(self, order_id: object) -> None:
        super().__init__(
            f"the account has no order with the id {order_id}: order list shows the ids beside the marketplace's numbers"
        )


class LineNotFound(Exception):
    """The order has no line with this id; the message says so."""


class TrackingWithoutCarrier(Exception):
    """A tracking number needs a carrier, in the change or in the order."""

    def __init__(self, order_id: int) -> None:
        super().__init__(
            f"the tracking number needs a carrier: name one, for the order {order_id} has none"
        )


class ChangePending(Exception):
    """The channel must still be notified that the order with this number was shipped: the shop with this label."""

    def __init__(self, number: str, shop: str) -> None:
        super().__init__(
            f"order {number} on shop {shop} is being reported as shipped; try again when that is done"
        )
        self.number = number
        self.shop = shop


class NotShippedBySeller(Exception):
    """Nothing of this order is sent by the seller's own means."""


class OrderCancelled(Exception):
    """A cancelled order stays cancelled."""

    def __init__(self, order_id: int) -> None:
        super().__init__(f"the order {order_id} is cancelled, and stays so")


class OrderShipped(Exception):
    """Nothing of a shipped order is left to cancel."""

    def __init__(self, order_id: int) -> None:
        super().__init__(
            f"the order {order_id} is shipped: nothing of it is left to cancel; when the buyer gets money back, refund it"
        )


class TooManyUnits(Exception):
    """A line has fewer units left to ship than were named."""

    def __init__(self, line_id: int, *, left: int, units: int) -> None:
        super().__init__(
            f"the line {line_id} has {left} left to ship: name 1 to {left} units, not {units}"
            if left
            else f"the line {line_id} has nothing left to ship: its units are shipped or cancelled"
        )


class TagRefused(Exception):
    """An order cannot have these tags; the message says why."""


class RefundRefused(Exception):
    """An order cannot be refunded like this; the message says why."""


class MatchRefused(Exception):
    """An order line cannot be of this product; the message says why."""


class Refusal(Struct, frozen=True, kw_only=True):
    """Why one change of a request was refused."""

    index: int
    order_id: int
    fact: Exception


class DueUpdate(Struct, frozen=True, kw_only=True):
    """What a channel must be notified of about an order; `lines` are the units in the parcel, by the channel's id of the line."""

    account_id: UUID
    id: UUID
    order_id: int
    connection_id: UUID
    external_id: str
    kind: UpdateKind
    carrier: str
    tracking: str
    lines: Mapping[str, int]
    reason: str
    amount: Decimal | None
    currency: str
    attempts: int
    claim: Claim | None = None
