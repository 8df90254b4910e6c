"""What buyers and time do at the marketplace, by its knobs."""

from contextlib import suppress
from typing import Any

from tests.hub import Market

_DAY_S = 86_400
_BIDDERS = ("anna", "bo", "cecilia")


async def bid_somewhere(market: Market, *, place: float, above: int) -> None:
    """Bid on the live listing at this place of the list, if any is live."""
    live = [item for item in await market.items() if not item["ended"]]
    if live:
        await _bid(market, live[int(place * len(live))], above=above)


async def bid_on(market: Market, user_id: int, sku: str, *, above: int) -> None:
    """Bid on the live listing of an item, if there is one."""
    for item in await market.items():
        is_it = item["sellerId"] == user_id and item["title"].startswith(f"{sku} ")
        if is_it and not item["ended"]:
            await _bid(market, item, above=above)
            return


async def _bid(market: Market, item: dict[str, Any], *, above: int) -> None:
    """Bid so much above what is asked; a bid that comes too late, or is too low, is none."""
    amount = (item["maxBid"] or item["startPrice"]) + above
    with suppress(AssertionError):
        await market.bid(item["itemId"], amount, bidder=_BIDDERS[above % len(_BIDDERS)])


async def leap(market: Market, days: float) -> None:
    """Turn the marketplace's clock forward."""
    await market.advance(int(days * _DAY_S))
