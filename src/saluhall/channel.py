"""The interface of a channel: what the hub asks of a marketplace or web shop.

A channel publishes listings and reads back what became of them. It knows this module and the kit, nothing else of the hub. The hub
passes values in and gets values back; whatever fails is one of three errors.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

from msgspec import Struct

from saluhall.capabilities import Capabilities, Category, Format, LoginPage, Option
from saluhall.channel_orders import Acknowledgement, OrderFeed, Refund, Shipment
from saluhall.kit.environment import Setting
from saluhall.kit.http import Outbound


class Unavailable(Exception):
    """Try later.

    `retry_in` is set when the channel itself says when; `unclear` when the effect may have happened although no response came.
    """

    def __init__(
        self, reason: str, *, retry_in: timedelta | None = None, unclear: bool = False
    ) -> None:
        super().__init__(reason)
        self.retry_in = retry_in
        self.unclear = unclear


class OutOfBudget(Unavailable):
    """The call budget does not allow this call now; `retry_in` says when it will."""


class Disconnected(Exception):
    """The seller must act on the connection. The seller reads the message."""


class Rejected(Exception):
    """The data is wrong: wait for new data. The seller reads the message."""


class Purpose(StrEnum):
    """What a channel call is for; earlier purposes may use what later ones must leave in the budget."""

    END = "end"
    PRICE = "price"
    SHIP = "ship"
    LOGIN = "login"
    CHECK = "check"  # what became of a submission
    PUBLISH = "publish"
    POLL = "poll"


class Budget(Protocol):
    """The calls that may still be made."""

    async def spend(self, purpose: Purpose, *, needs: int = 1) -> None:
        """Count one call that is about to be made. Raises OutOfBudget, also when fewer than `needs` are left, itself included."""

    async def blocked(self, retry_in: timedelta | None) -> None:
        """Note that the channel itself says that the limit is reached."""


class Login(Struct, frozen=True, kw_only=True):
    """A seller's access to a channel."""

    user_id: str
    token: str
    expires_at: datetime | None = None
    options: Mapping[str, Any] = {}


class ProductImage(Struct, frozen=True, kw_only=True):
    """A hosted image: bytes are read when they are needed; by `key` it is known from others."""

    media_type: str
    read: Callable[[], Awaitable[bytes]]
    key: str = ""


class Product(Struct, frozen=True, kw_only=True):
    """What a channel reads of a product. `attributes` are by name; `category` is the hub's slug; what is not known is "" or None."""

    sku: str
    title: str
    subtitle: str = ""
    description: str = ""
    brand: str = ""
    ean: str = ""
    isbn: str = ""
    mpn: str = ""
    condition: str = ""
    condition_text: str = ""
    vat_percent: Decimal | None = None
    weight_kg: Decimal | None = None
    category: str = "other"
    attributes: Mapping[str, Any] = {}
    delivery_days: int | None = None
    shipping_cost: Decimal | None = None
    shipping_strategy: str = ""
    images: Sequence[ProductImage] = ()


class Offer(Struct, frozen=True, kw_only=True):
    """What is to be live on the channel.

    `key` is our reference in the remote listing. `category` is the channel's own id by the seller's map, None leaves the choice to the
    channel.
    """

    key: str
    format: Format
    price: Decimal
    currency: str
    quantity: int
    category: str | None = None
    product: Product


class Progress(Struct, frozen=True, kw_only=True):
    """How far a publication has come. The hub stores it and passes it back.

    `may_be_live` says that the channel was asked to show it: it may be live, whatever the response was. `over` is this offer's listing
    before, sold or ended: it is never taken for the new one, whatever the clocks say. `unclear` and `steps` are the channel's own.
    """

    external_id: str | None = None
    may_be_live: bool = False
    unclear: bool = False
    over: str | None = None
    price: Decimal | None = None  # of a listing found live, as is the quantity
    quantity: int | None = None
    steps: Mapping[str, Any] = {}


Save = Callable[[Progress], Awaitable[None]]


class Live(Struct, frozen=True, kw_only=True):
    """The listing is live. `price` and `quantity` are set when they may not be the offer's: it was found, not made."""

    external_id: str
    url: str
    ends_at: datetime | None = None
    price: Decimal | None = None
    quantity: int | None = None


class Submitted(Struct, frozen=True, kw_only=True):
    """The channel was asked to publish and decides later; check after this long."""

    progress: Progress
    check_in: timedelta


class Pending(Struct, frozen=True, kw_only=True):
    """The channel has not decided yet; check again after this long."""

    check_in: timedelta


class Lost(Struct, frozen=True, kw_only=True):
    """This submission is lost for a passing reason; publish again from `progress`."""

    reason: str
    progress: Progress


class Refusal(Struct, frozen=True, kw_only=True):
    """The channel refused the data for good."""

    reason: str


Outcome = Live | Pending | Lost | Refusal


class Change(Struct, frozen=True, kw_only=True):
    """What to change of a live listing; None stays as it is.

    `content` is the offer with the texts, images and category to be shown. `known_quantity` is how many the hub believes are still
    for sale there: units that are missing from it were sold and are not offered again.
    """

    external_id: str
    format: Format
    price: Decimal | None = None
    quantity: int | None = None
    known_quantity: int | None = None
    content: Offer | None = None


class RemoteState(StrEnum):
    """What became of a listing."""

    LIVE = "live"
    SOLD = "sold"
    ENDED = "ended"


class RemoteListing(Struct, frozen=True, kw_only=True):
    """A listing as it is on the channel.

    `quantity` is still for sale, `units_sold` what was sold since it was published; None where the channel does not say.
    `sale_price` is set when it is sold, in whole currency units.
    """

    external_id: str
    state: RemoteState
    format: Format = Format.AUCTION
    price: Decimal | None = None
    quantity: int | None = None
    units_sold: int | None = None
    sale_price: Decimal | None = None
    bids: int = 0
    ends_at: datetime | None = None
    url: str = ""


class Changes(Struct, frozen=True, kw_only=True):
    """What changed since a cursor: pass the new cursor next time. `others` changed too and are not among the known ids."""

    cursor: str
    listings: Sequence[RemoteListing]
    others: frozenset[str] = frozenset()


class UnreadableEntry(Struct, frozen=True, kw_only=True):
    """An entry of a channel's list that cannot be understood, or not be stored: its text as it came and what is wrong.

    `kind` says what it was to be (`order`, `listing`, ...), `remote_id` is its id there as far as it can be read, else "".
    """

    kind: str
    remote_id: str
    raw: str
    reason: str


Report = Callable[[Sequence[UnreadableEntry]], Awaitable[None]]
"""Keep entries for a person to look at; the work continues with their neighbours."""


class Channel(Protocol):
    """One seller's access to one channel. Every method raises Unavailable, Disconnected or Rejected."""

    async def publish(self, offer: Offer, *, progress: Progress, save: Save) -> Live | Submitted:
        """Publish an offer, from `progress` on; save every step the moment it is known."""

    async def check(self, submissions: Mapping[str, Progress]) -> Mapping[str, Outcome]:
        """Check what became of submissions, by our key; one call for many."""

    async def update(self, changes: Sequence[Change]) -> Sequence[Exception | None]:
        """Change live listings, at most as many as the capabilities declare; one result each, in the order given.

        None means that it is changed. Rejected means that the channel keeps what it has.
        """

    async def end(self, external_id: str, format: Format) -> RemoteListing | None:  # noqa: A002 - the word of the field
        """End a listing; None when that ended it. Raises Rejected when it may not end.

        One that is over already is returned as it is there: it may have been sold.
        """

    async def changes(self, cursor: str | None, known_ids: Sequence[str]) -> Changes:
        """Read what changed since the cursor among the known external ids."""

    async def read(self, external_ids: Sequence[str]) -> Sequence[RemoteListing]:
        """Read listings by external id; ids that the channel does not know are left out."""

    async def orders(self, since: datetime | None) -> OrderFeed:
        """Read orders changed since an instant of the channel's time; None reads all that it still has."""

    async def ship(self, order_id: str, shipment: Shipment) -> Acknowledgement:
        """Notify the channel that an order was shipped; twice is fine."""

    async def mark_paid(self, order_id: str) -> Acknowledgement:
        """Notify the channel that an order was paid."""

    async def cancel(self, order_id: str, reason: str) -> Acknowledgement:
        """Notify the channel that an order, or what is left of it, is cancelled; twice is fine."""

    async def refund(self, order_id: str, refund: Refund) -> Acknowledgement:
        """Pay money back through the channel, or notify it that it was paid back. Once for each `key`."""


class Toolbox(Struct, frozen=True, kw_only=True):
    """What a channel gets from the hub: its settings, outbound HTTP, a budget, a place for odd data, the time, our public address."""

    env: Mapping[str, str]
    http: Outbound
    budget: Budget
    report: Report
    clock: Callable[[], datetime]
    public_url: str = ""


class ChannelCard(Struct, frozen=True, kw_only=True):
    """A channel's one value, found by entry point.

    `site` is the part of the marketplace that is sold on and `country` where that is (ISO 3166 alpha-3). `check` reads the channel's
    settings and a connection's options and raises BadSetting for what it cannot understand. `settings` are the channel's own, and
    `base_urls` returns the addresses it calls. `practice_of` returns, for the address of a listing, the practice server that it is
    on, None for the marketplace itself. `categories` reads the channel's own, parents first; a listing can be in a leaf only. `connect_url`
    returns where a seller logs in, given the settings and a state that comes back; `exchange` turns that page's secret and the values
    that the browser brings back into a login. Every command imports the card: keep the client out of what it imports.
    """

    name: str
    label: str
    site: str = ""
    country: str = ""
    capabilities: Capabilities
    options: Sequence[Option]
    calls_per_day: Callable[[Mapping[str, str]], int]
    check: Callable[[Mapping[str, str], Mapping[str, Any]], None]
    connect: Callable[[Login, Toolbox], Channel]
    practice_of: Callable[[str], str | None]
    categories: Callable[[Toolbox], Awaitable[Sequence[Category]]] | None = None
    connect_url: Callable[[Mapping[str, str], str], LoginPage] | None = None
    exchange: Callable[[Toolbox, str, Mapping[str, str]], Awaitable[Login]] | None = None
    settings: Sequence[Setting[Any]] = ()
    base_urls: Callable[[Mapping[str, str]], Sequence[str]] = lambda _: ()
