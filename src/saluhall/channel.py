"""THE SOCKET: what a channel is.

A channel puts listings on one marketplace and reads their state back. It knows this module and the kit, nothing else of the hub. The
hub hands it values and gets values back; whatever goes wrong is one of three errors.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

from msgspec import Struct

from saluhall.kit.environment import Setting
from saluhall.kit.http import Outbound


class Unavailable(Exception):
    """The moment is wrong: try again later.

    `retry_in` is the marketplace's own word on when; `unclear` says that the effect may have happened although no answer came.
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
    """The access is wrong: the seller must connect again. The message is told to the seller."""


class Rejected(Exception):
    """The data is wrong: tell the seller and wait for new data. The message is told to the seller."""


class Purpose(StrEnum):
    """What a call is for; earlier purposes may use what later ones must leave in the budget."""

    END = "end"
    PRICE = "price"
    SHIP = "ship"
    ASK = "ask"  # what became of a listing that was handed in
    PUBLISH = "publish"
    POLL = "poll"


class Budget(Protocol):
    """The calls an application may still make."""

    async def spend(self, purpose: Purpose, *, needs: int = 1) -> None:
        """Account for one call that is about to be made. Raises OutOfBudget, also when fewer than `needs` are left, itself included."""

    async def blocked(self, retry_in: timedelta | None) -> None:
        """Note that the marketplace itself said the limit is reached."""


class Capabilities(Struct, frozen=True, kw_only=True):
    """What a marketplace can say at all."""

    auctions: bool
    max_images: int
    max_image_bytes: int
    image_types: frozenset[str]
    currencies: frozenset[str]


class Login(Struct, frozen=True, kw_only=True):
    """A seller's access to a marketplace."""

    user_id: str
    token: str
    expires_at: datetime | None = None
    options: Mapping[str, Any] = {}


class Picture(Struct, frozen=True, kw_only=True):
    """A hosted picture: bytes are read when they are needed; `key` tells them from others."""

    media_type: str
    read: Callable[[], Awaitable[bytes]]
    key: str = ""


class ListingDraft(Struct, frozen=True, kw_only=True):
    """What shall stand on the marketplace. `key` is our own reference in the remote record."""

    key: str
    title: str
    description: str
    price: Decimal
    currency: str
    category: str
    domain: Mapping[str, Any]
    shipping_cost: Decimal | None  # None: nobody has said
    shipping_strategy: str
    weight_kg: Decimal | None = None
    pictures: Sequence[Picture] = ()


class Progress(Struct, frozen=True, kw_only=True):
    """How far a publication has come. The hub stores it and hands it back.

    `may_stand` says that the marketplace was asked to show it: it may stand there, whatever we heard. `over` is the listing of this offer
    before, sold or ended: it is never taken for the new one, whatever the clocks say. `unclear` and `steps` are the channel's own.
    """

    external_id: str | None = None
    may_stand: bool = False
    unclear: bool = False
    over: str | None = None
    price: Decimal | None = None  # what was found standing has, which may not be the draft's
    steps: Mapping[str, Any] = {}


Save = Callable[[Progress], Awaitable[None]]


class Live(Struct, frozen=True, kw_only=True):
    """The listing stands on the marketplace."""

    external_id: str
    url: str
    ends_at: datetime | None = None


class Waiting(Struct, frozen=True, kw_only=True):
    """The marketplace has not decided yet; ask again after this long."""

    ask_in: timedelta


class Again(Struct, frozen=True, kw_only=True):
    """This attempt is lost for a passing reason; go on from `progress` later."""

    reason: str
    progress: Progress


class Refused(Struct, frozen=True, kw_only=True):
    """The marketplace refused the data for good."""

    reason: str


Outcome = Live | Waiting | Again | Refused


class RemoteState(StrEnum):
    """What became of a listing."""

    LIVE = "live"
    SOLD = "sold"
    ENDED = "ended"


class RemoteListing(Struct, frozen=True, kw_only=True):
    """A listing as the marketplace tells it. `sale_price` is in whole currency units, only when sold."""

    external_id: str
    state: RemoteState
    price: Decimal | None = None
    sale_price: Decimal | None = None
    bids: int = 0
    ends_at: datetime | None = None
    url: str = ""


class Changes(Struct, frozen=True, kw_only=True):
    """What changed since a cursor: hand the new cursor back next time. `others` changed too and were not watched."""

    cursor: str
    listings: Sequence[RemoteListing]
    others: frozenset[str] = frozenset()


class RemoteAddress(Struct, frozen=True, kw_only=True):
    """A person and where they live, as the marketplace tells it; what it does not tell is "".

    `user_id` is the name or number they go by there; `country` is ISO 3166 alpha-3, or a name that the channel could not read.
    """

    user_id: str = ""
    name: str = ""
    line1: str = ""
    line2: str = ""
    zip: str = ""
    city: str = ""
    country: str = ""
    email: str = ""
    phone: str = ""


class RemoteOrderRow(Struct, frozen=True, kw_only=True):
    """One row of an order. `external_id` is the listing's id; money in whole currency units and hundredths."""

    external_id: str
    own_references: Sequence[str]
    title: str
    quantity: int
    unit_price: Decimal
    vat_rate: Decimal
    url: str = ""


class RemoteOrder(Struct, frozen=True, kw_only=True):
    """An order as the marketplace tells it; `total` includes VAT and no shipping. Instants are the marketplace's."""

    remote_id: str
    created_at: datetime
    modified_at: datetime
    currency: str
    total: Decimal
    shipping_price: Decimal
    shipping_code: str
    payment_code: str
    payment_fee: Decimal
    paid_at: datetime | None
    buyer: RemoteAddress
    ship_to: RemoteAddress | None
    rows: Sequence[RemoteOrderRow]


class OrderFeed(Struct, frozen=True, kw_only=True):
    """Orders changed since an instant; `read_until` is the marketplace's own time up to which they were read."""

    orders: Sequence[RemoteOrder]
    read_until: datetime


class Saying(StrEnum):
    """How a channel takes a change of an order's status."""

    TOLD = "told"  # the marketplace knows it now
    LOCAL = "local"  # the marketplace has no word for it: it is done here only


class UnreadableEntry(Struct, frozen=True, kw_only=True):
    """An entry of a marketplace's list that cannot be understood, or not be stored: its text as it came and what is wrong.

    `kind` says what it was to be (`order`, `listing`, ...), `remote_id` is its id there as far as it can be read, else "".
    """

    kind: str
    remote_id: str
    raw: str
    reason: str


Report = Callable[[Sequence[UnreadableEntry]], Awaitable[None]]
"""Keep entries for a person to look at; the work goes on with their neighbours."""


class Channel(Protocol):
    """One seller's access to one marketplace. Every method raises Unavailable, Disconnected or Rejected."""

    async def publish(self, draft: ListingDraft, *, progress: Progress, save: Save) -> Progress:
        """Hand a listing in, going on from `progress`; save every step the moment it is known."""

    async def outcomes(self, handed_in: Mapping[str, Progress]) -> Mapping[str, Outcome]:
        """Ask what became of listings handed in, by our key; one call for many."""

    async def change_price(self, external_id: str, price: Decimal) -> None:
        """Change the price in place. Raises Rejected when the marketplace does not allow it any more."""

    async def end(self, external_id: str) -> RemoteListing | None:
        """Take a listing down; None when that did it. Raises Rejected when it may not end.

        One that is down already is fine and is handed back as it is there: it may have been sold.
        """

    async def changes(self, cursor: str | None, watched: Sequence[str]) -> Changes:
        """Read what changed since the cursor among the watched external ids."""

    async def read(self, external_ids: Sequence[str]) -> Sequence[RemoteListing]:
        """Read listings by external id; ids the marketplace does not know are left out."""

    async def orders(self, since: datetime | None) -> OrderFeed:
        """Read orders changed since an instant of the marketplace's time; None asks for all it still tells."""

    async def mark_shipped(self, remote_id: str) -> Saying:
        """Tell the marketplace that an order was sent; telling it twice is fine."""

    async def mark_paid(self, remote_id: str) -> Saying:
        """Tell the marketplace that an order was paid, if it has a word for that."""


class Toolbox(Struct, frozen=True, kw_only=True):
    """What a channel gets from the hub: the environment for its own settings, a way out, a budget, and whom to tell of odd data."""

    env: Mapping[str, str]
    http: Outbound
    budget: Budget
    report: Report


class ChannelCard(Struct, frozen=True, kw_only=True):
    """A channel's one value, found by entry point.

    `site` is the part of the marketplace that is sold on and `country` where that is (ISO 3166 alpha-3). `check` reads the channel's
    settings and a connection's options and raises BadSetting for what it cannot understand. `settings` are the channel's own, and
    `base_urls` returns the addresses it calls. `practice_of` returns, for the address of a listing, the practice server that it is
    on, None for the marketplace itself. Every command imports the card: keep the client out of what it imports. The
    `secret_options` of `connection add` are read from standard input or asked at a terminal.
    """

    name: str
    label: str
    site: str = ""
    country: str = ""
    capabilities: Capabilities
    calls_per_day: Callable[[Mapping[str, str]], int]
    check: Callable[[Mapping[str, str], Mapping[str, Any]], None]
    connect: Callable[[Login, Toolbox], Channel]
    practice_of: Callable[[str], str | None]
    settings: Sequence[Setting[Any]] = ()
    base_urls: Callable[[Mapping[str, str]], Sequence[str]] = lambda _: ()
    secret_options: frozenset[str] = frozenset({"token"})
