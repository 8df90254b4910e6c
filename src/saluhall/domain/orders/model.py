"""The facts of an order: its status, the status asked for beside it, and what can be wrong with a change."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct


class OrderStatus(StrEnum):
    """Where an order is, in the words partners use."""

    STANDBY = "standby"  # not paid yet
    ACCEPTED = "accepted"  # paid
    SENT = "sent"
    CANCELLED = "cancelled"


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


class OrderNotFound(Exception):
    """The account has no order with this id."""


class TrackingWithoutCourier(Exception):
    """A tracking number needs a courier, in the change or in the order."""


class ChangePending(Exception):
    """An earlier change is still on its way to the marketplace; the message tells the order's code and the shop's label."""


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
