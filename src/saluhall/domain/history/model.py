"""An event: a fact in the past tense that is never changed."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct

from saluhall.kit.ids import text_from_id


class EventType(StrEnum):
    """The types of events. The first six are delivered to endpoints; the others are in the item's history only."""

    ITEM_CREATED = "item.created"
    IMAGES_READY = "item.images_ready"
    LISTING_CREATED = "listing.created"
    LISTING_ENDED = "listing.ended"
    LISTING_FAILED = "listing.failed"
    ITEM_SOLD = "item.sold"
    PRICE_UPDATED = "price.updated"
    ITEM_UPDATED = "item.updated"
    ITEM_UNLISTED = "item.unlisted"
    ITEM_DELETED = "item.deleted"
    IMAGE_REFUSED = "image.refused"
    TEXT_ENHANCED = "text.enhanced"
    TEXT_UNCHANGED = "text.unchanged"
    CONNECTION_EXPIRING = "connection.expiring"


DELIVERED = frozenset(
    {
        EventType.ITEM_CREATED,
        EventType.IMAGES_READY,
        EventType.LISTING_CREATED,
        EventType.LISTING_ENDED,
        EventType.LISTING_FAILED,
        EventType.ITEM_SOLD,
    }
)
ON_REQUEST = frozenset({EventType.CONNECTION_EXPIRING})
"""Delivered only to endpoints that name them: those that ask for all ask for the six above."""


def text_from_event_id(value: UUID) -> str:
    """Spell the id of an event, in webhooks, the feed and the log alike."""
    return text_from_id("evt", value)


class Event(Struct, frozen=True, kw_only=True):
    """One event.

    `data` holds what the type adds, in our words:

    `channel` (missing where the seller did it, on none), `currency`, `sale_price` (item.sold), `external_id` and `url` (of the
    channel's listing),
    `error` (listing.failed, connection.expiring), `kind` (item.created), `images` (item.images_ready: how many are ready),
    `price` (price.updated),
    `member` (how the reseller who hears it calls the account), `test` (true: nothing happened).
    Money is a decimal in text.
    """

    id: UUID
    account_id: UUID
    type: EventType
    at: datetime
    product_id: UUID | None
    sku: str
    data: Mapping[str, Any] = {}


class Position(Struct, frozen=True):
    """A place in the feed: the era of the database, the transaction that wrote the event, and the event."""

    era: int
    xid: int
    id: UUID


START = Position(0, 0, UUID(int=0))
