"""What is seen from outside after a story: at the marketplace, at the receiver, and by asking the hub."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from tests.chaos.ledger import Item


class Listing(Struct, frozen=True, kw_only=True):
    """A listing as the marketplace has it."""

    id: str
    shop: int
    title: str
    price: int
    bids: int
    images: int
    ended: bool
    sold: bool


class Event(Struct, frozen=True, kw_only=True):
    """An event, from the feed or as it was delivered."""

    id: str
    type: str
    sku: str
    item_id: str
    listing_id: str | None = None
    order_id: str | None = None

    @classmethod
    def read(cls, envelope: Mapping[str, Any]) -> "Event":
        """Read the body of a webhook."""
        data = envelope["data"]
        return cls(
            id=envelope["eventId"],
            type=envelope["eventType"],
            sku=data["externalId"],
            item_id=data["rheoItemId"],
            listing_id=data.get("traderaAdId"),
            order_id=data.get("orderId"),
        )


class Order(Struct, frozen=True):
    """An order at the marketplace: its id, whose it is, and for which listing."""

    id: str
    shop: int
    listing_id: str


class Facts(Struct, frozen=True, kw_only=True):
    """Everything the invariants look at."""

    shown: Mapping[Item, Mapping[str, Any] | None]  # what GET answers; None: 404
    listings: Sequence[Listing]
    orders: Sequence[Order]
    hub_orders: Sequence[Sequence[str]]  # for each shop the marketplace's ids of its orders
    stock: Sequence[tuple[int, str, int]]  # shop, sku, quantity
    feeds: Sequence[Sequence[Event]]  # for each shop
    delivered: Sequence[Sequence[Event]]  # for each shop, in the order of arrival
    due: Mapping[str, int]  # rows that something must still happen to, by kind
    odd_calls: Sequence[str]  # calls to the marketplace that no one can mean
