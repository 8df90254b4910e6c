"""The facts of endpoints and deliveries, and the schedule of retries."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from saluhall.domain.history.model import Event, EventType

# The wait before each retry (rheo contract 4.3): one first attempt and five retries.
RETRY_AFTER_S: tuple[int, ...] = (1, 2, 4, 8, 16)
FAILURES_BEFORE_OFF = 15
TIMEOUT_S = 10.0
# What an endpoint hears that did not choose; the other two are surprises to older clients (contract 4.1).
DEFAULT_EVENT_TYPES = (
    EventType.LISTING_CREATED,
    EventType.LISTING_ENDED,
    EventType.LISTING_FAILED,
    EventType.ITEM_SOLD,
)


class DeliveryState(StrEnum):
    """Where a delivery is."""

    DUE = "due"
    DELIVERED = "delivered"
    EXHAUSTED = "exhausted"  # the schedule is used up; the event stays recoverable
    HELD = "held"  # its endpoint is switched off


class BadEndpoint(Exception):
    """The address cannot be an endpoint; the message says why."""


class Endpoint(Struct, frozen=True, kw_only=True):
    """An endpoint; the secret is sealed."""

    id: UUID
    account_id: UUID
    url: str
    secret: bytes
    event_types: tuple[str, ...]
    active: bool
    fail_count: int


class DueDelivery(Struct, frozen=True, kw_only=True):
    """An event to tell an endpoint; `attempts` were made before."""

    id: UUID
    attempts: int
    event: Event


class Attempt(Struct, frozen=True, kw_only=True):
    """What became of one attempt. `retry_at` is None after the last one."""

    id: UUID
    delivery_id: UUID
    event_id: UUID
    success: bool
    http_status: int | None
    error: str | None
    at: datetime
    retry_at: datetime | None


def retry_at(attempts: int, now: datetime) -> datetime | None:
    """Tell when to try again after this many failed attempts; None when the schedule is used up."""
    if attempts > len(RETRY_AFTER_S):
        return None
    return now + timedelta(seconds=RETRY_AFTER_S[attempts - 1])
