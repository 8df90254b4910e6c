"""Bids: the ladder, bids by proxy, the reserve, and Buy Now."""

from bisect import bisect_right
from datetime import datetime

from saluhall.practice.tradera.errors import Conflicting, Refused
from saluhall.practice.tradera.market import Market
from saluhall.practice.tradera.model import Bid, Item, Kind
from saluhall.practice.tradera.orders import record_sale
from saluhall.practice.tradera.people import person_of_alias

# from this price on, a bid must be so much higher
LADDER = (
    *((1, 1), (20, 3), (50, 5), (150, 10), (250, 15), (500, 20)),
    *((1000, 30), (2500, 50), (4000, 100), (6000, 200), (10000, 500)),
)
STEPS = tuple(price for price, _ in LADDER)


def step_at(price: int) -> int:
    """Return by how much the next bid must exceed a price."""
    return LADDER[max(bisect_right(STEPS, price) - 1, 0)][1]


def next_bid(item: Item) -> int:
    """Return the lowest bid that is taken."""
    return item.price + step_at(item.price) if item.bids else item.start_price


def place(market: Market, item: Item, *, bidder: str, limit: int, now: datetime) -> None:
    """Bid up to a limit; the marketplace bids for the bidder. Raises Conflicting, Refused."""
    if item.kind is not Kind.AUCTION or not market.is_active(item, now):
        raise Conflicting(f"Item {item.id} is not a running auction")
    if bidder.casefold() == item.seller.person.alias.casefold():
        raise Refused("A seller cannot bid on its own item")
    leader = item.leader
    own = leader is not None and leader.bidder == bidder
    least = leader.limit + 1 if leader and own else next_bid(item)
    if limit < least:
        raise Refused(f"The bid must be at least {least}")
    bid = Bid(bidder=bidder, limit=limit, at=now)
    item.price, item.leader = _outcome(item, bid, is_own_raise=own)
    item.bids.append(bid)
    market.touch(item)


def _outcome(item: Item, bid: Bid, *, is_own_raise: bool) -> tuple[int, Bid]:
    """Work out the price and the leader after a bid."""
    leader = item.leader
    if leader is None:
        return _lifted(item, item.start_price, bid), bid
    if is_own_raise:
        return _lifted(item, item.price, bid), bid
    if bid.limit <= leader.limit:
        return min(leader.limit, bid.limit + step_at(bid.limit)), leader
    return _lifted(item, min(bid.limit, leader.limit + step_at(leader.limit)), bid), bid


def _lifted(item: Item, price: int, leader: Bid) -> int:
    """Jump to the reserve, or to the leader's limit if that is below it."""
    return max(price, min(item.reserve_price, leader.limit))


def can_buy_now(item: Item) -> bool:
    """Return whether the item has a price to buy at: on an auction only before any bid."""
    return item.buy_now_price > 0 and not item.bids


def buy(market: Market, item: Item, *, buyer: str, quantity: int, now: datetime) -> None:
    """Buy at the fixed price. Raises Conflicting."""
    if not market.is_active(item, now) or not can_buy_now(item):
        raise Conflicting(f"Item {item.id} cannot be bought now")
    if quantity > item.quantity:
        raise Conflicting(f"Item {item.id} has only {item.quantity} left")
    person = person_of_alias(buyer, seed=market.seed)
    item.winner = person
    if item.kind is not Kind.SHOP:
        item.is_ended, item.end_at = True, now
    record_sale(market, item, buyer=person, price=item.buy_now_price, quantity=quantity, now=now)
    market.touch(item)
