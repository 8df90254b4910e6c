"""Look from outside at what became of everything: the marketplace's own books, the receiver's, and what the hub answers."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from tests.chaos.facts import Event, Facts, Listing, Order
from tests.chaos.ledger import Item, Ledger
from tests.chaos.receiver import Receiver
from tests.chaos.seller import Seller
from tests.hub import Hub

_AT_ONCE = 8
_ENDLESS = """
  select (select count(*) from images where due_at is not null) as images,
         (select count(*) from products where enhance_due_at is not null) as texts,
         (select count(*) from listings where due_at is not null) as listings,
         (select count(*) from deliveries where due_at is not null) as deliveries,
         (select count(*) from connections where poll_due_at < now() - interval '30 seconds') as polls
"""


async def look(
    hub: Hub, sellers: Sequence[Seller], receiver: Receiver, ledger: Ledger, market_users: Sequence[int]
) -> Facts:  # fmt: skip
    """Gather the facts."""
    items = await hub.market.items()
    orders = list(await hub.market.control("GET", "/orders"))
    return Facts(
        shown=await _shown(sellers, ledger),
        listings=[_listing(entry, market_users) for entry in items],
        orders=[_order(entry, market_users) for entry in orders],
        hub_orders=[await seller.order_codes() for seller in sellers],
        stock=[(s.number, sku, left) for s in sellers for sku, left in await s.stock()],
        feeds=[[Event.read(each) for each in await seller.feed()] for seller in sellers],
        delivered=[receiver.delivered(seller.shop.hook) for seller in sellers],
        due=await _due(hub),
        odd_calls=[
            f"{call['method']} {call['path']}"
            for call in await hub.market.calls()
            if "None" in call["path"]
        ],
    )


async def _shown(
    sellers: Sequence[Seller], ledger: Ledger
) -> Mapping[Item, Mapping[str, Any] | None]:
    few = asyncio.Semaphore(_AT_ONCE)

    async def show(item: Item) -> Mapping[str, Any] | None:
        async with few:
            return await sellers[item[0]].show(item[1])

    items = list(ledger.lives)
    return dict(zip(items, await asyncio.gather(*map(show, items)), strict=True))


def _listing(entry: Mapping[str, Any], users: Sequence[int]) -> Listing:
    return Listing(
        id=str(entry["itemId"]),
        shop=users.index(entry["sellerId"]),
        title=entry["title"],
        price=entry["startPrice"],
        bids=entry["totalBids"],
        images=entry["images"],
        ended=entry["ended"],
        sold=entry["gotWinner"],
    )


def _order(entry: Mapping[str, Any], users: Sequence[int]) -> Order:
    return Order(
        str(entry["orderId"]),
        users.index(entry["seller"]["userId"]),
        str(entry["items"][0]["itemId"]),
    )


async def _due(hub: Hub) -> Mapping[str, int]:
    async with hub.db.statement() as tx:
        found = await tx.one(dict, _ENDLESS)
    return found or {}
