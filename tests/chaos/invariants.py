"""What must be true after a story, whatever happened in it. Pure: promises and facts go in, violations come out."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal

from msgspec import Struct

from tests.chaos.facts import Facts, Listing
from tests.chaos.ledger import Item, Ledger, Life

Kind = Literal["lost", "doubled", "stuck", "wrong"]
_GONE = {"sold", "ended"}
_OVER = {"listing.ended", "item.sold"}
_ONCE = {"item.created", "item.images_ready", "listing.created", "listing.ended", "item.sold"}


class Violation(Struct, frozen=True, order=True):
    """A promise that was not kept."""

    kind: Kind
    subject: str
    why: str
    item: Item | None = None

    def __str__(self) -> str:
        return f"{self.kind:8} {self.subject}: {self.why}"


def violations(ledger: Ledger, facts: Facts) -> list[Violation]:
    """List everything that is not as it must be."""
    world = World(ledger, facts)
    return sorted({found for check in CHECKS for found in check(world)})


class World:
    """Promises and facts side by side, each listing beside the life it shows."""

    def __init__(self, ledger: Ledger, facts: Facts) -> None:
        self.ledger = ledger
        self.facts = facts
        self.lives = {
            title: (item, life)
            for item, lives in ledger.lives.items()
            for life in lives
            for title in life.titles
        }
        self.listings: dict[Item, list[Listing]] = defaultdict(list)
        for listing in facts.listings:
            if listing.title in self.lives:
                self.listings[self.lives[listing.title][0]].append(listing)

    def of_life(self, item: Item, life: Life) -> list[Listing]:
        return [each for each in self.listings[item] if each.title in life.titles]

    def live(self, item: Item) -> list[Listing]:
        return [each for each in self.listings[item] if not each.ended]


def writes_are_answered(world: World) -> Iterator[Violation]:
    """Every write gets an answer in the end."""
    for what in world.ledger.unanswered.values():
        yield Violation("stuck", what, "nobody answers this write")


def accepted_writes_survive(world: World) -> Iterator[Violation]:
    """What was answered 202 is shown: the item, its id, its title, its price; what was deleted is not."""
    for item, life in world.ledger.current():
        shown = world.facts.shown.get(item)
        if life.wanted == "deleted":
            if shown is not None and not _may_be_kept(world.listings[item]):
                yield _about("lost", item, "it was deleted, and is shown")
        elif shown is None:
            yield _about("lost", item, f"it was accepted ({life.title}), and is not shown")
        else:
            yield from _same(item, life, shown)


def _may_be_kept(listings: Iterable[Listing]) -> bool:
    """Tell whether a deleted item may still be shown: it is sold, or an auction with bids cannot be ended."""
    return any(each.bids for each in listings)


def _same(item: Item, life: Life, shown: Mapping[str, Any]) -> Iterator[Violation]:
    for name, promised in (
        ("title", life.title),
        ("price", life.price),
        ("rheoItemId", life.item_id),
    ):
        if shown[name] != promised:
            why = f"{name} was accepted as {promised!r}, and is shown as {shown[name]!r}"
            yield _about("lost", item, why)


def lives_are_apart(world: World) -> Iterator[Violation]:
    """An item that is put again after it was deleted is a new one, unless an order in progress kept it."""
    for item, lives in world.ledger.lives.items():
        ids = Counter(life.item_id for life in lives)
        for life in lives:
            is_back = life.was_kept and not _may_be_kept(world.of_life(item, life))
            if ids[life.item_id] > 1 or is_back:
                yield _about("wrong", item, f"{life.item_id} came back after it was deleted")


def one_live_listing_at_most(world: World) -> Iterator[Violation]:
    """An item has one live listing at most, and was listed as often as it was offered."""
    for item, lives in world.ledger.lives.items():
        for life in lives:
            listings = world.of_life(item, life)
            live = [each.id for each in listings if not each.ended]
            if len(live) > 1:
                yield _about("doubled", item, f"live at once: {', '.join(live)}")
            ever = [each.id for each in listings]
            if len(ever) > 1 + life.restocked:
                why = f"offered {1 + life.restocked} times, listed as {', '.join(ever)}"
                yield _about("doubled", item, why)


def listings_are_what_the_seller_wants(world: World) -> Iterator[Violation]:
    """What is wanted is listed, or was and went; what is not wanted is down, but for auctions with bids."""
    for item, life in world.ledger.current():
        for listing in world.live(item):
            unwanted = life.wanted != "live" or listing.title not in life.titles
            if unwanted and not listing.bids:
                why = f"listing {listing.id} runs on, the seller wants it {life.wanted}"
                yield _about("stuck", item, why)
        if life.wanted == "live" and not world.of_life(item, life):
            yield _about("stuck", item, f"accepted ({life.title}), never listed")


def price_and_state_agree(world: World) -> Iterator[Violation]:
    """What the hub shows of a listing is what stands at the marketplace."""
    for item, life in world.ledger.current():
        shown = world.facts.shown.get(item)
        if shown is None or life.wanted == "deleted":
            continue
        state = shown["traderaStatus"]
        live = [each for each in world.live(item) if each.title in life.titles]
        if not live and state not in _GONE and world.of_life(item, life):
            kind: Kind = "wrong" if state == "active" else "stuck"
            yield _about(kind, item, f"shown as {state}, no listing is live")
        for listing in live:
            yield from _agree(item, life, listing, shown)


def _agree(
    item: Item, life: Life, listing: Listing, shown: Mapping[str, Any]
) -> Iterator[Violation]:
    said = (shown["traderaStatus"], str(shown["traderaAdId"]))
    if life.wanted == "live" and said != ("active", listing.id):
        yield _about("wrong", item, f"listing {listing.id} is live, shown as {said}")
    if life.wanted == "live" and not listing.bids and listing.price != life.price:
        why = f"listing {listing.id} offers it for {listing.price}, accepted was {life.price}"
        yield _about("lost", item, why)


def images_stand_once(world: World) -> Iterator[Violation]:
    """A listing has the images of its item, each once."""
    for listing in world.facts.listings:
        if listing.title not in world.lives:
            continue
        item, life = world.lives[listing.title]
        if listing.images != life.images:
            kind: Kind = "doubled" if listing.images > life.images else "lost"
            why = f"listing {listing.id} has {listing.images} images, the item {life.images}"
            yield _about(kind, item, why)


def events_have_one_id(world: World) -> Iterator[Violation]:
    """A fact is told by one event, and the feed shows each event once."""
    for shop, feed in enumerate(world.facts.feeds):
        for event_id, times in Counter(event.id for event in feed).items():
            if times > 1:
                yield Violation("doubled", event_id, f"stands {times} times in the feed")
        told = defaultdict(set)
        for event in feed:
            if event.type in _ONCE:
                told[event.sku, event.type, event.item_id, event.listing_id].add(event.id)
        for (sku, kind, _, listing_id), ids in told.items():
            if len(ids) > 1:
                why = f"{kind} of listing {listing_id} is told by {', '.join(sorted(ids))}"
                yield _about("doubled", (shop, sku), why)


def events_are_delivered(world: World) -> Iterator[Violation]:
    """Every event of the feed is delivered at least once, and nothing else is."""
    for shop, feed in enumerate(world.facts.feeds):
        told = {event.id: event for event in feed}
        came = {event.id: event for event in world.facts.delivered[shop]}
        for event_id in told.keys() - came.keys():
            event = told[event_id]
            yield _about("lost", (shop, event.sku), f"{event.type} was not delivered")
        for event_id in came.keys() - told.keys():
            event = came[event_id]
            why = f"{event.type} was delivered and is not in the feed"
            yield _about("wrong", (shop, event.sku), why)


def facts_are_told(world: World) -> Iterator[Violation]:
    """Every item is reported as created, every listing as published, and then as sold or ended when it is.

    What the marketplace sold of an item that the seller had sold elsewhere is reported as failed.
    """
    created = {event.item_id for feed in world.facts.feeds for event in feed if event.type == "item.created"}  # fmt: skip
    for item, lives in world.ledger.lives.items():
        for life in lives:
            if life.item_id not in created:
                yield _about("lost", item, f"item.created of {life.item_id} is missing")
    published, over, failed = (
        {event.listing_id for feed in world.facts.feeds for event in feed if event.type in kinds}
        for kinds in ({"listing.created"}, _OVER, {"listing.failed"})
    )
    for listing in world.facts.listings:
        if listing.title not in world.lives:
            continue
        item, life = world.lives[listing.title]
        if listing.id not in published:
            yield _about("lost", item, f"listing.created of {listing.id} is missing")
        is_oversold = listing.sold and life.wanted == "sold" and listing.id in failed
        if listing.ended and listing.id not in over and not is_oversold:
            why = f"listing {listing.id} is over ({'sold' if listing.sold else 'ended'}), not told"
            yield _about("lost", item, why)


def a_piece_is_sold_once(world: World) -> Iterator[Violation]:
    """No more sales of an item are reported than it had pieces."""
    sales = Counter(
        event.item_id for feed in world.facts.feeds for event in feed if event.type == "item.sold"
    )
    for item, lives in world.ledger.lives.items():
        for life in lives:
            times = sales[life.item_id]
            if times > 1 + life.restocked:
                yield _about("doubled", item, f"{times} sales are told of {1 + life.restocked}")


def published_comes_first(world: World) -> Iterator[Violation]:
    """A listing is reported as published before it is reported as sold or ended."""
    for shop, feed in enumerate(world.facts.feeds):
        published = set[str | None]()
        for event in feed:
            if event.type == "listing.created":
                published.add(event.listing_id)
            elif event.type in _OVER and event.listing_id and event.listing_id not in published:
                why = f"{event.type} of listing {event.listing_id} came before listing.created"
                yield _about("wrong", (shop, event.sku), why)


def orders_come_once(world: World) -> Iterator[Violation]:
    """Every order of the marketplace is in the hub once."""
    for shop, codes in enumerate(world.facts.hub_orders):
        had = Counter(codes)
        real = {order.id for order in world.facts.orders if order.shop == shop}
        for code in real - had.keys():
            yield Violation("lost", f"order {code} of shop {shop}", "it is not in the hub")
        for code in had.keys() - real:
            yield Violation("wrong", f"order {code} of shop {shop}", "the marketplace has none")
        for code, times in had.items():
            if times > 1:
                yield Violation("doubled", f"order {code} of shop {shop}", f"it is there {times} times")  # fmt: skip


def stock_is_never_negative(world: World) -> Iterator[Violation]:
    """There are never fewer than none."""
    for shop, sku, quantity in world.facts.stock:
        if quantity < 0:
            yield _about("wrong", (shop, sku), f"its quantity is {quantity}")


def nothing_is_due(world: World) -> Iterator[Violation]:
    """After a while nothing is left to do."""
    for kind, rows in world.facts.due.items():
        if rows:
            yield Violation("stuck", kind, f"{rows} rows are still due")


def calls_make_sense(world: World) -> Iterator[Violation]:
    """No call names a listing that cannot be."""
    for call in world.facts.odd_calls:
        yield Violation("wrong", "call to the marketplace", call)


def _about(kind: Kind, item: Item, why: str) -> Violation:
    return Violation(kind, f"{item[1]} of shop {item[0]}", why, item)


Check = Callable[[World], Iterable[Violation]]
CHECKS: tuple[Check, ...] = (
    writes_are_answered,
    accepted_writes_survive,
    lives_are_apart,
    one_live_listing_at_most,
    listings_are_what_the_seller_wants,
    price_and_state_agree,
    images_stand_once,
    events_have_one_id,
    events_are_delivered,
    facts_are_told,
    a_piece_is_sold_once,
    published_comes_first,
    orders_come_once,
    stock_is_never_negative,
    nothing_is_due,
    calls_make_sense,
)
