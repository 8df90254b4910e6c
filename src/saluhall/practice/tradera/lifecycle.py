"""An item's life: published, ended by the clock or the seller, restarted."""

from dataclasses import replace
from datetime import datetime, timedelta

from saluhall.practice.tradera.errors import Refused
from saluhall.practice.tradera.listing_rules import FIXED_DAYS
from saluhall.practice.tradera.market import Market
from saluhall.practice.tradera.model import Item, Kind, Result
from saluhall.practice.tradera.orders import record_sale
from saluhall.practice.tradera.people import person_of_alias


def publish(market: Market, item: Item, *, now: datetime) -> Result:
    """Show an auction or a fixed price item from now on, and have the clock end it."""
    item.is_published, item.start_at = True, now
    if item.kind is Kind.FIXED:
        item.duration, item.custom_end = FIXED_DAYS, False
    if not item.custom_end:
        item.end_at = now + timedelta(days=item.duration)
    market.touch(item)
    market.schedule(item.end_at, lambda at: _close(market, item, at))
    return Result.OK


def _close(market: Market, item: Item, at: datetime) -> None:
    """End an item at the end of its time: it is sold, restarted, or unsold."""
    if item.is_ended:
        return
    item.is_ended = True
    if item.leader and item.has_reserve_reached:
        item.winner = person_of_alias(item.leader.bidder, seed=market.seed)
        record_sale(market, item, buyer=item.winner, price=item.price, quantity=1, now=at)
    elif item.restarts > 0:
        _relist(market, item, restarts=item.restarts - 1, now=at)
    market.touch(item)


def end_now(market: Market, item: Item, *, now: datetime) -> None:
    """End an item at this instant as the clock would: sold to the leader, if there is one."""
    if not item.is_ended:
        item.end_at = now
        _close(market, item, now)


def end_early(market: Market, item: Item, *, now: datetime) -> bool:
    """End an item for its seller; False or Refused, as the rules say, when it is too late."""
    problem = None
    if item.kind is Kind.SHOP:
        raise Refused("Shop items are removed through shop-items")
    if item.is_ended:
        problem = "The item is already ended"
    elif item.bids:
        problem = "The item has bids and cannot be ended"
    if problem and market.rules.end_refusal == "error":
        raise Refused(problem)
    if problem is None:
        item.is_ended, item.end_at = True, now
        market.touch(item)
    return problem is None


def restart_problem(market: Market, item: Item) -> str | None:
    """Say why an item cannot be restarted, if so."""
    if not item.is_ended:
        return "Item is not ended"
    if item.restarted_as is not None:
        return "Item has already been restarted"
    if item.winner is not None or item.kind is Kind.SHOP:
        return "Item was sold" if item.winner else "Shop items cannot be restarted"
    if _generation(market, item) >= market.rules.max_restarts:
        return "Item has no restarts left"
    return None


def restart(market: Market, item: Item, *, now: datetime) -> Item:
    """List an ended item once more under a new id."""
    new = _relist(market, item, restarts=0, now=now)
    market.touch(item)
    return new


def _relist(market: Market, item: Item, *, restarts: int, now: datetime) -> Item:
    fresh = replace(
        item,
        id=next(market.item_ids),
        restarts=restarts,
        custom_end=False,
        is_ended=False,
        price=0,
        bids=[],
        leader=None,
        restarted_from=item.id,
        restarted_as=None,
        restarted_at=None,
    )
    market.add_item(fresh)
    item.restarted_as, item.restarted_at = fresh.id, now
    publish(market, fresh, now=now)
    return fresh


def ancestry(market: Market, item: Item) -> list[Item]:
    """List the items an item was restarted from, the first of all first, itself last."""
    line = [item]
    while (before := line[0].restarted_from) is not None and before in market.items:
        line.insert(0, market.items[before])
    return line


def _generation(market: Market, item: Item) -> int:
    return len(ancestry(market, item)) - 1
