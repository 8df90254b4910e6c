"""Rheo's words for events: which of ours it sends, and which its history of an item shows."""

from collections.abc import Mapping
from typing import Final

from saluhall.domain.events.model import EventType
from saluhall.domain.webhooks.model import Vocabulary

NAME: Final = "rheo"
# Of a word that several types have, the first is what `saluhall trigger` sends.
VOCABULARY: Final = Vocabulary(
    dialect=NAME,
    words={
        EventType.PRODUCT_CREATED: "item.created",
        EventType.IMAGES_READY: "item.images_ready",
        EventType.LISTING_PUBLISHED: "listing.created",
        EventType.LISTING_ENDED: "listing.ended",
        EventType.LISTING_REJECTED: "listing.failed",
        EventType.LISTING_OVERSOLD: "listing.failed",
        EventType.LISTING_SOLD: "item.sold",
        EventType.PRODUCT_SOLD: "item.sold",
    },
    on_request={EventType.CONNECTION_EXPIRING: "connection.expiring"},
    # The other two are surprises to older clients (contract 4.1).
    usual=("listing.created", "listing.ended", "listing.failed", "item.sold"),
)
USUAL: Final = VOCABULARY.subscription(VOCABULARY.usual)
HISTORY: Final[Mapping[EventType, str]] = {
    **VOCABULARY.words,
    EventType.PRICE_CHANGED: "price.updated",
    EventType.PRODUCT_UNLISTED: "item.unlisted",
    EventType.IMAGE_REJECTED: "image.refused",
    EventType.TEXT_ENHANCED: "text.enhanced",
    EventType.TEXT_UNCHANGED: "text.unchanged",
}
SALES: Final = frozenset({EventType.LISTING_SOLD, EventType.PRODUCT_SOLD})
