"""Tradera's counterpart for the contract suite: the practice server, in this process."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any, cast

from aiohttp import web
from multidict import MultiDict

from saluhall.channel import Login, Product
from saluhall.channels.tradera import category_tree, shop
from saluhall.practice.tradera import bidding, control, lifecycle, orders
from saluhall.practice.tradera.call_log import Quota
from saluhall.practice.tradera.market import Market
from saluhall.practice.tradera.model import Kind, Token
from saluhall.practice.tradera.routing import Call
from saluhall.practice.tradera.rules import Rules
from saluhall.practice.tradera.server import create_app
from tests.contract.counterpart import Shown

USER_ID = 1001
TOKEN = "a-seller-s-token"


class PracticeTradera:
    """The practice marketplace, through its own memory."""

    unknown_id = "999"
    price = Decimal(950)
    product = Product(
        sku="PART-1",
        title="Volvo XC90 bromsok fram",
        description="Begagnat bromsok.",
        category="auto_parts",
        shipping_cost=Decimal(149),
        shipping_strategy="fixed",
    )

    def __init__(self, market: Market) -> None:
        self._market = market
        self.url = ""

    def settings(self, url: str) -> Mapping[str, str]:
        return {"SALUHALL_TRADERA_URL": url}

    async def reset(self) -> Login:
        self._market.reset()
        category_tree._known.clear()  # so that reading them is a call that can be lost
        self._market.enrol(USER_ID).tokens = [Token(text=TOKEN, expires_at=None)]
        return Login(user_id=str(USER_ID), token=TOKEN)

    async def shown(self) -> Sequence[Shown]:
        now = self._market.catch_up()
        call = Call(market=self._market, now=now, query=MultiDict(), match={}, body=b"")
        return [_shown(each) for each in cast("list[dict[str, Any]]", control.list_items(call))]

    async def sell(self, external_id: str, units: int) -> None:
        item, now = self._market.items[int(external_id)], self._market.catch_up()
        if item.kind is Kind.SHOP:
            bidding.buy(self._market, item, buyer="eva", quantity=units, now=now)
        else:
            bidding.place(self._market, item, bidder="eva", limit=2000, now=now)
            lifecycle.end_now(self._market, item, now=now)

    async def pay(self, order_id: str) -> None:
        orders.pay(self._market.orders[int(order_id)], now=self._market.catch_up())

    async def is_shipped(self, order_id: str) -> bool:
        return self._market.orders[int(order_id)].is_shipped

    async def is_marked_paid(self, order_id: str) -> bool:
        order = self._market.orders[int(order_id)]
        sales = [each for each in self._market.transactions.values() if each.order is order]
        return any(each.is_paid_confirmed for each in sales)

    async def expire_login(self) -> None:
        self._market.sellers[USER_ID].tokens = []

    async def limit_calls(self) -> None:
        self._market.quota = Quota(whole=0)


def _shown(entry: Mapping[str, Any]) -> Shown:
    return Shown(
        external_id=str(entry["itemId"]),
        title=entry["title"],
        price=Decimal(entry["buyItNowPrice"] or entry["startPrice"]),
        quantity=entry["quantity"],
        images=entry["images"],
        is_live=not entry["ended"],
    )


@asynccontextmanager
async def open_counterpart() -> AsyncIterator[PracticeTradera]:
    """Serve the practice marketplace, which decides at once; the channel need not wait for it."""
    tradera = PracticeTradera(Market(seed=1, rules=Rules(settle_polls=0)))
    app = create_app(tradera._market)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    pauses, shop.PAUSES_S = shop.PAUSES_S, (0.0, 0.01)  # type: ignore[assignment]
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        tradera.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield tradera
    finally:
        shop.PAUSES_S = pauses
        await runner.cleanup()
