"""An event: a fact in the past tense that is never changed."""

from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from msgspec import Raw, Struct

from saluhall.kit.ids import new_id, text_from_id


class EventType(StrEnum):
    """The types of events. Each dialect renders those for which it has a word."""

    PRODUCT_CREATED = "product.created"
    PRODUCT_UPDATED = "product.updated"
    PRICE_CHANGED = "price.changed"
    STOCK_CHANGED = "stock.changed"
    PRODUCT_SOLD = "product.sold"
    PRODUCT_UNLISTED = "product.unlisted"
    PRODUCT_DELETED = "product.deleted"
    IMAGES_READY = "images.ready"
    IMAGE_REJECTED = "image.rejected"
    TEXT_ENHANCED = "text.enhanced"
    TEXT_UNCHANGED = "text.unchanged"
    OFFER_CHANGED = "offer.changed"
    POLICY_CHANGED = "policy.changed"
    LISTING_PUBLISHED = "listing.published"
    LISTING_ENDED = "listing.ended"
    LISTING_REJECTED = "listing.rejected"
    LISTING_SOLD = "listing.sold"
    LISTING_OVERSOLD = "listing.oversold"
    ORDER_CREATED = "order.created"
    ORDER_PAID = "order.paid"
    ORDER_SHIPPED = "order.shipped"
    ORDER_CANCELLED = "order.cancelled"
    ORDER_REFUNDED = "order.refunded"
    CONNECTION_EXPIRING = "connection.expiring"


# What the seller's own systems did and know: it is in the history, and in no feed.
HISTORY_ONLY: Final = frozenset(
    {
        EventType.PRODUCT_UPDATED,
        EventType.PRICE_CHANGED,
        EventType.STOCK_CHANGED,
        EventType.PRODUCT_UNLISTED,
        EventType.PRODUCT_DELETED,
        EventType.IMAGE_REJECTED,
        EventType.TEXT_ENHANCED,
        EventType.TEXT_UNCHANGED,
        EventType.OFFER_CHANGED,
        EventType.POLICY_CHANGED,
        EventType.CONNECTION_EXPIRING,
    }
)
IN_FEED: Final = frozenset(EventType) - HISTORY_ONLY
"""The types that the feed can return: those of its index."""


class Change(Struct, frozen=True):
    """The value of a field before and after a change: a decimal is text."""

    before: Any
    after: Any


class Event(Struct, frozen=True, kw_only=True):
    """One event.

    `actor`, `source` and `request_id` say where it comes from (`kit/origin.py`): the log has them from the transaction, and they are
    empty before. `changes` are those of the fields that changed; Raw is their JSON.

    `data` holds what the type adds, in our words; money is a decimal in text:

    `channel` (missing where the seller did it, on none), `connection_id`, `listing_id`, `external_id` and `url` (of the channel's
    listing), `currency`, `sale_price` (listing.sold, product.sold), `price` (price.changed), `order_id`,
    `error` (listing.rejected, listing.oversold, connection.expiring), `reason` (image.rejected, text.unchanged),
    `kind` (product.created), `images` (images.ready: how many are ready),
    `member` (the reseller's name for the account, where a reseller is notified), `test` (true: nothing happened).
    """

    id: UUID
    account_id: UUID
    type: EventType
    at: datetime
    product_id: UUID | None
    sku: str
    data: Mapping[str, Any] = {}
    changes: Mapping[str, Change] | Raw = {}
    actor: str = ""
    source: str = ""
    request_id: str | None = None


_PRICE: Final = frozenset({"price"})
_STOCK: Final = frozenset({"quantity", "status"})  # a status follows the quantity


def type_of_changes(fields: Collection[str]) -> EventType:
    """Return the type of an event in which these fields of a product changed."""
    if _PRICE.issuperset(fields):
        return EventType.PRICE_CHANGED
    if "quantity" in fields and _STOCK.issuperset(fields):
        return EventType.STOCK_CHANGED
    return EventType.PRODUCT_UPDATED


class Position(Struct, frozen=True):
    """A place in the feed: the era of the database, the transaction that wrote the event, and the event."""

    era: int
    xid: int
    id: UUID


START: Final = Position(0, 0, UUID(int=0))


def new_event(
    account_id: UUID,
    event_type: EventType,
    *,
    product_id: UUID | None,
    sku: str,
    data: Mapping[str, Any] | None = None,
    changes: Mapping[str, Change] | Raw | None = None,
    now: datetime,
) -> Event:
    """Make an event with its own id."""
    return Event(
        id=new_id(),
        account_id=account_id,
        type=event_type,
        at=now,
        product_id=product_id,
        sku=sku,
        data=data or {},
        changes=changes or {},
    )


def text_from_event_id(value: UUID) -> str:
    """Spell the id of an event, in webhooks, the feed and the log alike."""
    return text_from_id("evt", value)
