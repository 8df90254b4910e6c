"""Each invariant can fail: true facts are no violation, and each way of spoiling them is the one it must be."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from tests.chaos.facts import Event, Facts, Listing, Order
from tests.chaos.invariants import CHECKS, Check, Kind, World, violations
from tests.chaos.ledger import Ledger

SOLD, LIVE, GONE = (0, "SOLD"), (0, "LIVE"), (0, "GONE")


def event(number: int, kind: str, sku: str, **more: Any) -> Event:
    return Event(id=f"e{number}", type=kind, sku=sku, item_id=f"i-{sku}", **more)


FEED = (
    event(1, "item.created", "SOLD"),
    event(2, "item.created", "LIVE"),
    event(3, "item.created", "GONE"),
    event(4, "listing.created", "SOLD", listing_id="1"),
    event(5, "listing.created", "LIVE", listing_id="2"),
    event(6, "listing.created", "GONE", listing_id="3"),
    event(7, "item.sold", "SOLD", listing_id="1", order_id="9"),
    event(8, "listing.ended", "GONE", listing_id="3"),
)


def listing(number: str, title: str, **more: Any) -> Listing:
    told = {"shop": 0, "price": 50, "bids": 0, "images": 1, "ended": False, "sold": False, **more}
    return Listing(id=number, title=title, **told)


def shown(sku: str, state: str, number: str) -> dict[str, object]:
    return {
        "title": f"{sku} text",
        "price": 50,
        "rheoItemId": f"i-{sku}",
        "traderaStatus": state,
        "traderaAdId": number,
    }


def kept() -> Ledger:
    """One item was sold, one is live, one was deleted."""
    ledger = Ledger()
    for _, sku in (SOLD, LIVE, GONE):
        ledger.put((0, sku), item_id=f"i-{sku}", title=f"{sku} text", price=50, images=1)
    ledger.want(GONE, "deleted")
    return ledger


def true_facts() -> Facts:
    return Facts(
        shown={SOLD: shown("SOLD", "sold", "1"), LIVE: shown("LIVE", "active", "2"), GONE: None},
        listings=[
            listing("1", "SOLD text", ended=True, sold=True, bids=1),
            listing("2", "LIVE text"),
            listing("3", "GONE text", ended=True),
        ],
        orders=[Order("o1", 0, "1")],
        hub_orders=[["o1"]],
        stock=[(0, "SOLD", 0), (0, "LIVE", 1)],
        feeds=[FEED],
        delivered=[FEED],
        due={"listings": 0},
        odd_calls=[],
    )


def found(ledger: Ledger, facts: Facts) -> set[tuple[Kind, str]]:
    return {(each.kind, each.subject.partition(" ")[0]) for each in violations(ledger, facts)}


def test_true_facts_are_no_violation() -> None:
    assert violations(kept(), true_facts()) == []


def with_feed(facts: Facts, feed: Sequence[Event]) -> Facts:
    return replace(facts, feeds=[feed], delivered=[feed])


def with_listing(facts: Facts, *more: Listing, without: str = "") -> Facts:
    listings = [each for each in facts.listings if each.id != without]
    return replace(facts, listings=[*listings, *more])


def without(kind: str, sku: str) -> Callable[[Facts], Facts]:
    feed = [each for each in FEED if (each.type, each.sku) != (kind, sku)]
    return lambda facts: with_feed(facts, feed)


def showing(facts: Facts, item: tuple[int, str], **said: object) -> Facts:
    return replace(facts, shown={**facts.shown, item: {**(facts.shown[item] or {}), **said}})


SPOILED: dict[str, tuple[Callable[[Facts], Facts], tuple[Kind, str]]] = {
    "an accepted item is gone": (
        lambda facts: replace(facts, shown={**facts.shown, LIVE: None}),
        ("lost", "LIVE"),
    ),
    "a price is lost": (lambda facts: showing(facts, LIVE, price=49), ("lost", "LIVE")),
    "a title is lost": (lambda facts: showing(facts, SOLD, title="old"), ("lost", "SOLD")),
    "an item has another id": (
        lambda facts: showing(facts, LIVE, rheoItemId="other"),
        ("lost", "LIVE"),
    ),
    "a deleted item is shown": (
        lambda facts: showing(facts, GONE, **shown("GONE", "ended", "3")),
        ("lost", "GONE"),
    ),
    "two listings are live": (
        lambda facts: with_listing(facts, listing("4", "LIVE text")),
        ("doubled", "LIVE"),
    ),
    "it was listed twice, one after the other": (
        lambda facts: with_listing(facts, listing("4", "LIVE text", ended=True)),
        ("doubled", "LIVE"),
    ),
    "a deleted item is on sale": (
        lambda facts: with_listing(facts, listing("3", "GONE text"), without="3"),
        ("stuck", "GONE"),
    ),
    "an accepted item was never listed": (
        lambda facts: with_listing(facts, without="2"),
        ("stuck", "LIVE"),
    ),
    "the listing has the old price": (
        lambda facts: with_listing(facts, listing("2", "LIVE text", price=40), without="2"),
        ("lost", "LIVE"),
    ),
    "the hub believes it is live": (
        lambda facts: showing(facts, SOLD, traderaStatus="active"),
        ("wrong", "SOLD"),
    ),
    "the hub waits for ever": (
        lambda facts: showing(facts, SOLD, traderaStatus="pending_sync"),
        ("stuck", "SOLD"),
    ),
    "the hub does not know that it is live": (
        lambda facts: showing(facts, LIVE, traderaStatus="sold"),
        ("wrong", "LIVE"),
    ),
    "an image stands twice": (
        lambda facts: with_listing(facts, listing("2", "LIVE text", images=2), without="2"),
        ("doubled", "LIVE"),
    ),
    "an image is missing": (
        lambda facts: with_listing(facts, listing("2", "LIVE text", images=0), without="2"),
        ("lost", "LIVE"),
    ),
    "a fact has two events": (
        lambda facts: with_feed(
            facts, [*FEED, event(10, "listing.created", "LIVE", listing_id="2")]
        ),
        ("doubled", "LIVE"),
    ),
    "the feed shows an event twice": (
        lambda facts: with_feed(facts, [*FEED, FEED[0]]),
        ("doubled", "e1"),
    ),
    "an event was not delivered": (
        lambda facts: replace(facts, delivered=[FEED[:-1]]),
        ("lost", "GONE"),
    ),
    "an event was delivered that never happened": (
        lambda facts: replace(facts, delivered=[[*FEED, event(11, "item.sold", "LIVE")]]),
        ("wrong", "LIVE"),
    ),
    "nobody told that it was created": (without("item.created", "LIVE"), ("lost", "LIVE")),
    "nobody told that it was published": (without("listing.created", "LIVE"), ("lost", "LIVE")),
    "nobody told that it was sold": (without("item.sold", "SOLD"), ("lost", "SOLD")),
    "nobody told that it ended": (without("listing.ended", "GONE"), ("lost", "GONE")),
    "one piece is sold twice": (
        lambda facts: with_feed(facts, [*FEED, event(13, "item.sold", "SOLD")]),
        ("doubled", "SOLD"),
    ),
    "it was sold before it was published": (
        lambda facts: with_feed(facts, [*FEED[:3], *FEED[4:], FEED[3]]),
        ("wrong", "SOLD"),
    ),
    "an order is missing": (lambda facts: replace(facts, hub_orders=[[]]), ("lost", "order")),
    "an order is there twice": (
        lambda facts: replace(facts, hub_orders=[["o1", "o1"]]),
        ("doubled", "order"),
    ),
    "an order was made up": (
        lambda facts: replace(facts, hub_orders=[["o1", "o2"]]),
        ("wrong", "order"),
    ),
    "there are fewer than none": (
        lambda facts: replace(facts, stock=[(0, "SOLD", -1)]),
        ("wrong", "SOLD"),
    ),
    "something is due for ever": (
        lambda facts: replace(facts, due={"listings": 1}),
        ("stuck", "listings"),
    ),
    "a call names no listing": (
        lambda facts: replace(facts, odd_calls=["PUT /v4/listings/items/None/price"]),
        ("wrong", "call"),
    ),
}


@pytest.mark.parametrize("how", SPOILED)
def test_a_violation_is_found_when(how: str) -> None:
    spoil, wanted = SPOILED[how]
    assert wanted in found(kept(), spoil(true_facts()))


def test_a_write_without_an_answer_is_stuck() -> None:
    ledger = kept()
    ledger.begin("Put of NEW")
    assert found(ledger, true_facts()) == {("stuck", "Put")}


def test_an_item_that_comes_back_under_its_old_id_is_wrong() -> None:
    ledger = kept()
    ledger.put(GONE, item_id="i-GONE", title="GONE again", price=50, images=1)
    assert ("wrong", "GONE") in found(ledger, true_facts())


def test_an_item_that_was_sold_may_be_kept_for_its_order() -> None:
    ledger = kept()
    ledger.want(SOLD, "deleted")
    ledger.put(SOLD, item_id="i-SOLD", title="SOLD again", price=60, images=0)
    archived = {**shown("SOLD", "sold", "1"), "title": "SOLD again", "price": 60}
    assert found(ledger, showing(true_facts(), SOLD, **archived)) == set()


def test_an_auction_with_bids_may_run_on_though_its_item_is_deleted() -> None:
    facts = with_listing(true_facts(), listing("3", "GONE text", bids=1), without="3")
    assert found(kept(), with_feed(facts, FEED[:-1])) == set()


def test_what_the_marketplace_sold_of_an_item_sold_elsewhere_may_be_told_as_failed() -> None:
    ledger = kept()
    ledger.want(SOLD, "sold")
    feed = [
        *(each for each in FEED if each.type != "item.sold"),
        event(7, "item.sold", "SOLD"),
        event(14, "listing.failed", "SOLD", listing_id="1"),
    ]
    assert violations(ledger, with_feed(true_facts(), feed)) == []


def test_an_item_that_is_offered_again_may_be_listed_again() -> None:
    ledger = kept()
    ledger.restock(SOLD)
    facts = with_listing(true_facts(), listing("4", "SOLD text"))
    facts = showing(facts, SOLD, **shown("SOLD", "active", "4"))
    feed = [*FEED, event(12, "listing.created", "SOLD", listing_id="4")]
    assert violations(ledger, with_feed(facts, feed)) == []


def test_every_check_can_fail() -> None:
    unanswered, revived = kept(), kept()
    unanswered.begin("Put of NEW")
    revived.put(GONE, item_id="i-GONE", title="GONE again", price=50, images=1)
    worlds = [World(ledger, true_facts()) for ledger in (unanswered, revived)]
    worlds += [World(kept(), spoil(true_facts())) for spoil, _ in SPOILED.values()]
    assert [check.__name__ for check in CHECKS if not any(map(any_of(check), worlds))] == []


def any_of(check: Check) -> Callable[[World], bool]:
    return lambda world: bool(list(check(world)))
