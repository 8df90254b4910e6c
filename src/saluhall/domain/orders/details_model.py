"""An order with all that happened to it, for people."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from msgspec import Struct

from saluhall.domain.orders.model import Order, UpdateKind, UpdateState


class SentParcel(Struct, frozen=True, kw_only=True):
    """A parcel that was sent: how many units of which lines are in it."""

    id: UUID
    carrier: str
    tracking: str
    shipped_at: datetime
    lines: Mapping[int, int]


class MadeRefund(Struct, frozen=True, kw_only=True):
    """Money that went back; `external_id` is the channel's, None when the channel did not make it."""

    id: UUID
    external_id: str | None
    amount: Decimal
    currency: str
    reason: str
    refunded_at: datetime


class SentUpdate(Struct, frozen=True, kw_only=True):
    """What the channel was notified of, or must be: `attempts` that failed, and its answer."""

    kind: UpdateKind
    state: UpdateState
    attempts: int
    answer: str
    due_at: datetime | None
    created_at: datetime
    settled_at: datetime | None


class OrderDetails(Struct, frozen=True, kw_only=True):
    """An order, and what happened to it, each oldest first."""

    order: Order
    parcels: Sequence[SentParcel]
    refunds: Sequence[MadeRefund]
    updates: Sequence[SentUpdate]
