"""A seller at a channel, with the hub around: publishes, changes, ends and reads as the hub does."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from msgspec import structs

from saluhall.capabilities import Capabilities, Format, FormatRules
from saluhall.channel import (
    Change,
    Channel,
    ChannelCard,
    Live,
    Login,
    Lost,
    Offer,
    Outcome,
    Pending,
    Product,
    Progress,
    Refusal,
    Rejected,
    RemoteListing,
    Submitted,
    Toolbox,
    Unavailable,
    UnreadableEntry,
)
from saluhall.kit.clock import utc_now
from saluhall.kit.http import Outbound
from tests.contract.counterpart import Counterpart, Shown
from tests.contract.hub_side import Killed, Notebook, Purse, image
from tests.contract.lossy_proxy import LossyProxy

MAX_TRIES = 12
SOON = timedelta(minutes=1)


@dataclass
class Seller:
    """One seller of a channel."""

    card: ChannelCard
    counterpart: Counterpart
    proxy: LossyProxy
    http: Outbound
    login: Login = field(default_factory=lambda: Login(user_id="", token=""))
    purse: Purse = field(default_factory=Purse)
    reported: list[UnreadableEntry] = field(default_factory=list)
    ahead: timedelta = timedelta()

    @property
    def can(self) -> Capabilities:
        return self.card.capabilities

    def rules(self, sold_as: Format) -> FormatRules:
        return self.can.formats[sold_as]

    async def begin(self) -> None:
        """Begin with an empty counterpart and a full budget."""
        self.login = await self.counterpart.reset()
        self.purse, self.ahead, self.reported = Purse(), timedelta(), []
        self.proxy.mend()
        self.proxy.calls.clear()

    def channel(self) -> Channel:
        return self.card.connect(self.login, self.toolbox())

    def toolbox(self) -> Toolbox:
        return Toolbox(
            env=self.counterpart.settings(self.proxy.url),
            http=self.http,
            budget=self.purse,
            report=self._report,
            clock=self.clock,
        )

    async def _report(self, entries: Sequence[UnreadableEntry]) -> None:
        self.reported += entries

    def clock(self) -> datetime:
        return utc_now() + self.ahead

    def wait(self, error: Unavailable) -> None:
        """Let the time pass that the hub waits after this error."""
        self.ahead += error.retry_in or SOON

    def offer(self, sold_as: Format, **changes: Any) -> Offer:
        """Make an offer; changes are of the offer or of its product."""
        product = {name: changes.pop(name) for name in [*changes] if name in _PRODUCT}
        whole: dict[str, Any] = {
            "key": "lst_01jd8z2v5w",
            "format": sold_as,
            "price": self.counterpart.price,
            "currency": min(self.can.currencies),
            "quantity": self.units(sold_as),
            "product": structs.replace(
                self.counterpart.product, **{"images": [image(key="a")]} | product
            ),
        }
        return Offer(**whole | changes)

    def units(self, sold_as: Format, wanted: int = 5) -> int:
        """Return so many units, or as many as a listing can have."""
        return min(wanted, self.rules(sold_as).max_quantity)

    async def publish(self, offer: Offer, notes: Notebook | None = None) -> Live:
        """Publish and check until it is live. Raises Rejected, Unavailable, Disconnected."""
        notes = notes or Notebook()
        for _ in range(MAX_TRIES):
            channel = self.channel()
            made = await channel.publish(offer, progress=notes.progress, save=notes.save)
            if isinstance(made, Live):
                return made
            await notes.save(made.progress)
            match await self._decided(channel, offer.key, notes.progress):
                case Live() as live:
                    return live
                case Lost(progress=progress):
                    notes.progress = progress
                case Refusal(reason=reason):
                    raise Rejected(reason)
                case Pending():
                    pass
        raise AssertionError("it never came through")

    async def _decided(self, channel: Channel, key: str, progress: Progress) -> Outcome:
        outcome: Outcome = Pending(check_in=SOON)
        for _ in range(MAX_TRIES):
            if not isinstance(outcome, Pending):
                break
            outcome = (await channel.check({key: progress}))[key]
        return outcome

    async def publish_in_spite_of_trouble(self, offer: Offer, notes: Notebook) -> Live:
        """Publish, and continue after each error and each death from what was saved."""
        for _ in range(MAX_TRIES):
            try:
                return await self.publish(offer, notes)
            except Unavailable as error:
                self.wait(error)
            except Killed:
                notes.dies_at = None
        raise AssertionError("it never came through")

    async def submit(self, offer: Offer) -> Submitted | Live:
        notes = Notebook()
        return await self.channel().publish(offer, progress=notes.progress, save=notes.save)

    async def update(self, *changes: Change) -> list[Exception | None]:
        """Change listings, as many with one request as the channel declares."""
        size = self.rules(changes[0].format).update_batch
        results: list[Exception | None] = []
        for start in range(0, len(changes), size):
            results += await self.channel().update(changes[start : start + size])
        return results

    async def read(self, listing: Live) -> RemoteListing:
        (there,) = await self.channel().read([listing.external_id])
        return there

    async def shown(self, listing: Live) -> Shown:
        """Return what buyers see of a listing."""
        every = await self.counterpart.shown()
        (found,) = [each for each in every if each.external_id == listing.external_id]
        return found


_PRODUCT = frozenset(Product.__struct_fields__).difference(Offer.__struct_fields__)


def change(listing: Live, sold_as: Format, **wanted: Any) -> Change:
    return Change(external_id=listing.external_id, format=sold_as, **wanted)


def assert_sentence(error: BaseException | None, kind: type[Exception] = Rejected) -> None:
    """An error of this kind says in a sentence what is wrong."""
    assert isinstance(error, kind), error
    text = str(error)
    assert text[:1].isupper()
    assert len(text.split()) > 2, text
    assert not {*"{}<>"} & {*text}, text
