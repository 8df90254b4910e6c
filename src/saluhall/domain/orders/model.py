"""The facts of an order: its status, the status asked for beside it, and what can be wrong with a change."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from saluhall.kit.claim import Claim


class OrderStatus(StrEnum):
    """Where an order is, in the words partners use."""

    STANDBY = "standby"  # not paid yet
    ACCEPTED = "accepted"  # paid
    SENT = "sent"
    CANCELLED = "cancelled"


DONE = frozenset({OrderStatus.SENT, OrderStatus.CANCELLED})
"""Where nothing of an order is in progress any more."""


class StatusChange(Struct, frozen=True, kw_only=True):
    """One wanted change of one order; None leaves what is stored. `index` is its place in the call."""

    index: int
    order_id: int
    status: OrderStatus
    tracking: str | None = None
    courier: int | None = None
    courier_code: str | None = None
    payment_date: datetime | None = None
    shipping_note: str | None = None


class Wanted(Struct, frozen=True, kw_only=True):
    """Which orders are asked for: days are whole days in `time_zone`, the last one included; None and () leave a thing open.

    An order matches when its code, its status and one of its tags are among those named. `limit` None is all.
    """

    ordered_from: date | None = None
    ordered_to: date | None = None
    modified_from: date | None = None
    modified_to: date | None = None
    time_zone: str = "UTC"
    codes: tuple[str, ...] = ()
    statuses: tuple[OrderStatus, ...] = ()
    tags: tuple[str, ...] = ()
    offset: int = 0
    limit: int | None = None

    @property
    def names_days(self) -> bool:
        """Tell whether it matters when a day begins."""
        days = (self.ordered_from, self.ordered_to, self.modified_from, self.modified_to)
        return any(day is not None for day in days)


class Standing(Struct, frozen=True, kw_only=True):
    """How far an order is; `shop` is the label of the connection it came through."""

    id: int
    code: str
    connection_id: UUID | None
    shop: str
    status: OrderStatus
    status_old: str
    status_message: str
    wanted_status: OrderStatus | None
    courier: int | None
    courier_code: str
    tracking: str
    date_payment: datetime | None
    date_shipping: datetime | None
    shipping_note: str


class OrderNotFound(Exception):
    """The account has no order with this id."""


class TrackingWithoutCourier(Exception):
    """A tracking number needs a courier, in the change or in the order."""


class ChangePending(Exception):
    """An earlier change of the order with this code is still on its way to the marketplace, to the shop with this label."""

    def __init__(self, code: str, shop: str) -> None:
        super().__init__(f"order {code} on shop {shop}")
        self.code = code
        self.shop = shop


class NotShippedBySeller(Exception):
    """Nothing of this order is sent by the seller's own means."""


class OrderCancelled(Exception):
    """A cancelled order stays cancelled."""


class Refusal(Struct, frozen=True, kw_only=True):
    """Why one change of a call was refused."""

    index: int
    order_id: int
    fact: Exception


class DuePush(Struct, frozen=True, kw_only=True):
    """An order whose status the marketplace must still be told."""

    account_id: UUID
    id: int
    connection_id: UUID
    remote_id: str
    code: str
    status: OrderStatus
    wanted_status: OrderStatus
    tracking: str
    courier_code: str
    date_payment: datetime | None
    attempts: int
    claim: Claim | None = None
