"""Orders: read in windows of Tradera's time, shipped, and marked as paid where Tradera can record it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from saluhall.channel import Rejected, Unavailable
from saluhall.channel_orders import (
    Acknowledged,
    Acknowledgement,
    NotSupported,
    OrderFeed,
    RemoteOrder,
)
from saluhall.channels.tradera.client import Client
from saluhall.channels.tradera.items import instant_from_text
from saluhall.channels.tradera.order_words import order_from_wire, sales_of_order
from saluhall.channels.tradera.transport import NotThere
from saluhall.channels.tradera.window import is_doubtful, needs_time, read_until, windows
from saluhall.channels.tradera.wire_orders import SellerOrder

BEFORE_ORDER = timedelta(days=1)
AFTER_ORDER = timedelta(days=365)  # every transaction of an order is made by then
NOT_KNOWN = "Tradera does not know the order, or it is another seller's"


class Sales:
    """One seller's orders."""

    def __init__(self, *, client: Client) -> None:
        self._client = client

    async def read(self, since: datetime | None) -> OrderFeed:
        """Read what changed since an instant of Tradera's time: one channel call for 90 days, one more when its time is not known."""
        time_there = await self._time() if needs_time(since, self._client.clock()) else None
        read = partial(order_from_wire, page=self._client.item_page)
        found: dict[str, RemoteOrder] = {}
        for window in windows(since, time_there):
            for each in await self._client.orders(window.start, window.end, read):
                found[each.external_id] = each
        orders = list(found.values())
        stamps = [order.changed_at for order in orders]
        if time_there is None and is_doubtful(max(stamps, default=None), self._client.clock()):
            time_there = await self._time()
        return OrderFeed(orders=orders, read_until=read_until(since, time_there, stamps))

    async def ship(self, order_id: str) -> Acknowledgement:
        """Mark an order as shipped; Tradera takes no tracking number. Raises Rejected."""
        try:
            await self._client.ship(order_id)
        except NotThere as error:
            raise Rejected(NOT_KNOWN) from error
        return Acknowledged()

    async def mark_paid(self, order_id: str) -> Acknowledgement:
        """Mark an order's transactions as paid; NotSupported when they cannot be found. Raises Rejected."""
        try:
            order = await self._client.order(order_id)
            if order is None:
                raise Rejected(NOT_KNOWN)
            return await self._confirm(order)
        except NotThere as error:
            raise Rejected(NOT_KNOWN) from error

    async def _confirm(self, order: SellerOrder) -> Acknowledgement:
        made_at = instant_from_text(order.createdDate) or instant_from_text(order.lastUpdatedDate)
        if made_at is None:
            return NotSupported()
        sales = await self._client.sales(made_at - BEFORE_ORDER, made_at + AFTER_ORDER)
        found = sales_of_order(order, sales)
        for sale in found:
            if not sale.isMarkedAsPaidConfirmed:
                await self._client.confirm_paid(sale.id)
        return Acknowledged() if _covers(order, len(found)) else NotSupported()

    async def _time(self) -> datetime:
        time = instant_from_text(await self._client.time())
        if time is None:
            raise Unavailable("Tradera's time cannot be read")
        return time


def _covers(order: SellerOrder, found: int) -> bool:
    items: Sequence[object] = order.items or ()
    return 0 < len(items) <= found
