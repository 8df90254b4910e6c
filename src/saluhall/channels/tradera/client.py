"""The calls of Tradera's REST v4 that the channel makes."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeVar
from urllib.parse import urlencode

from msgspec.json import Decoder

from saluhall.channel import (
    Login,
    Purpose,
    Toolbox,
    Unavailable,
)
from saluhall.channels.tradera.settings import RESULTS_PER_CALL, Settings
from saluhall.channels.tradera.transport import NotThere, Transport, read
from saluhall.channels.tradera.wire import (
    AddItemImageRequest,
    Item,
    ItemRequest,
    QueuedRequestResponse,
    RequestResult,
    SetPriceShopItem,
    SetPricesShopItems,
    SetQuantitiesShopItems,
    SetQuantityShopItem,
    ShopItemData,
    ShopItemUpdateData,
    ShopPricesResult,
    ShopQuantitiesResult,
    Time,
    UpdatedItemInfo,
    UpdateItemPriceRequest,
    UpdateItemPriceResult,
)
from saluhall.channels.tradera.wire_orders import Sale, SellerOrder, TransactionStatusUpdateData
from saluhall.kit.clock import iso_from_instant
from saluhall.kit.entries import Entries, ListReader

T = TypeVar("T")
U = TypeVar("U")

ACTIVE_AND_ENDED = 0
BY_LAST_UPDATE = 1
NEW_AND_UPDATED = 4

QUEUED = Decoder(QueuedRequestResponse, strict=False)
RESULTS = ListReader(RequestResult)
ITEM = Decoder(Item, strict=False)
ITEMS = ListReader(Item)
UPDATED = ListReader(UpdatedItemInfo)
PRICED = Decoder(UpdateItemPriceResult, strict=False)
YES_OR_NO = Decoder(bool, strict=False)
ORDERS = ListReader(SellerOrder)
SALES = ListReader(Sale)
SHOP_PRICES = Decoder(ShopPricesResult, strict=False)
SHOP_QUANTITIES = Decoder(ShopQuantitiesResult, strict=False)
SHOP_ITEMS = "/v4/listings/shop-items"
TIME: Decoder[str | Time] = Decoder(str | Time)


class Client:
    """One seller's calls to Tradera. Raises Unavailable, Disconnected, Rejected, NotThere."""

    def __init__(self, *, settings: Settings, login: Login, toolbox: Toolbox) -> None:
        self._transport = Transport(settings=settings, login=login, toolbox=toolbox)
        self.clock = toolbox.clock
        self.item_page = settings.item_page

    async def create_item(self, request: ItemRequest, *, needs: int) -> QueuedRequestResponse:
        """Ask for a new item, if `needs` calls can be made; it stays invisible until it is committed."""
        body = await self._transport.call(
            "POST", "/v4/listings/items", Purpose.PUBLISH, request, needs=needs
        )
        return read(QUEUED, body, changes=True)

    async def add_image(self, request_id: int, image: AddItemImageRequest) -> None:
        """Add the next image to a request."""
        await self._transport.call(
            "POST", f"/v4/listings/items/{request_id}/images", Purpose.PUBLISH, image
        )

    async def commit(self, request_id: int) -> None:
        """Commit a request: it is published soon."""
        await self._transport.call(
            "POST", f"/v4/listings/items/{request_id}/commit", Purpose.PUBLISH
        )

    async def request_results(self, request_ids: Sequence[int]) -> dict[int, RequestResult]:
        """Read what became of requests, fifty with one call; those without a result are left out."""
        results: dict[int, RequestResult] = {}
        for start in range(0, len(request_ids), RESULTS_PER_CALL):
            results |= await self._some_results(request_ids[start : start + RESULTS_PER_CALL])
        return results

    async def _some_results(self, request_ids: Sequence[int]) -> dict[int, RequestResult]:
        query = urlencode({"requestIds": request_ids}, doseq=True)
        path = f"/v4/listings/request-results?{query}"
        body = await self._transport.call("GET", path, Purpose.CHECK)
        results = await self._transport.entries(
            RESULTS, body, _as_it_is, kind="submission", id_name="requestId"
        )
        return {result.requestId: result for result in results.good}

    async def item(self, external_id: str, purpose: Purpose) -> Item:
        """Read one item of the seller."""
        return read(
            ITEM, await self._transport.call("GET", f"/v4/listings/items/{external_id}", purpose)
        )

    async def items(
        self, external_ids: Sequence[str], purpose: Purpose, convert: Callable[[Item], U]
    ) -> list[U]:
        """Read items one by one; those that Tradera does not know are left out, those that cannot be read are reported."""
        found: list[U] = []
        for external_id in external_ids:
            try:
                body = await self._transport.call(
                    "GET", f"/v4/listings/items/{external_id}", purpose
                )
            except NotThere:
                continue
            if not body.lstrip().startswith(b"{"):
                raise Unavailable(f"Tradera's answer about item {external_id} cannot be read")
            entries = await self._transport.entries(
                ITEMS, b"[" + body + b"]", convert, kind="listing"
            )
            found += entries.good
        return found

    async def seller_items(
        self,
        purpose: Purpose,
        convert: Callable[[Item], U],
        *,
        ending_after: datetime,
        needs: int = 1,
    ) -> Entries[U]:
        """Read the seller's items, ended ones too, that end after an instant; if `needs` calls can be made."""
        query = urlencode(
            {"filterActive": ACTIVE_AND_ENDED, "minEndDate": iso_from_instant(ending_after)}
        )
        path = f"/v4/listings/seller-items?{query}"
        body = await self._transport.call("GET", path, purpose, needs=needs)
        return await self._transport.entries(ITEMS, body, convert, kind="listing")

    async def updated_items(self, row_version: int) -> list[UpdatedItemInfo]:
        """Read which items changed after a row version; one with a version that cannot be read has changed all the same."""
        path = f"/v4/listings/updated-seller-items?rowVersion={row_version}"
        body = await self._transport.call("GET", path, Purpose.POLL)
        updated = await self._transport.entries(UPDATED, body, _as_it_is, kind="change")
        ids = [i for entry in updated.field_errors_of if (i := entry.number("id")) is not None]
        return [*updated.good, *(UpdatedItemInfo(id=i, rowVersion=row_version) for i in ids)]

    async def change_price(self, external_id: str, kronor: int) -> UpdateItemPriceResult:
        """Set a new start price."""
        path = f"/v4/listings/items/{external_id}/price"
        wanted = UpdateItemPriceRequest(openingPrice=kronor)
        return read(
            PRICED, await self._transport.call("PUT", path, Purpose.PRICE, wanted), changes=True
        )

    async def end_item(self, external_id: str) -> bool:
        """End an item; False when Tradera does not."""
        body = await self._transport.call(
            "DELETE", f"/v4/listings/items/{external_id}", Purpose.END
        )
        return read(YES_OR_NO, body, changes=True) if body.strip() else True

    async def create_shop_item(self, data: ShopItemData) -> QueuedRequestResponse:
        """Ask for a new shop item; it is published soon."""
        body = await self._transport.call("POST", SHOP_ITEMS, Purpose.PUBLISH, data, needs=2)
        return read(QUEUED, body, changes=True)

    async def update_shop_item(self, external_id: str, data: ShopItemData) -> QueuedRequestResponse:
        """Ask to change a shop item; what is left out stays."""
        wanted = ShopItemUpdateData(itemId=int(external_id), itemData=data)
        body = await self._transport.call("PUT", SHOP_ITEMS, Purpose.PRICE, wanted)
        return read(QUEUED, body, changes=True)

    async def set_shop_prices(self, kronor: Mapping[str, int]) -> ShopPricesResult:
        """Ask to set the prices of shop items, by their ids."""
        rows = [SetPriceShopItem(id=int(key), price=price) for key, price in kronor.items()]
        path, wanted = f"{SHOP_ITEMS}/prices", SetPricesShopItems(shopItems=rows)
        body = await self._transport.call("PUT", path, Purpose.PRICE, wanted)
        return read(SHOP_PRICES, body, changes=True)

    async def set_shop_quantities(self, quantities: Mapping[str, int]) -> ShopQuantitiesResult:
        """Set how many are for sale of shop items, by their ids; it takes effect at once."""
        rows = [SetQuantityShopItem(id=int(key), quantity=q) for key, q in quantities.items()]
        path, wanted = f"{SHOP_ITEMS}/quantities", SetQuantitiesShopItems(shopItems=rows)
        body = await self._transport.call("PUT", path, Purpose.PRICE, wanted)
        return read(SHOP_QUANTITIES, body, changes=True)

    async def remove_shop_item(self, external_id: str) -> QueuedRequestResponse:
        """Ask to end a shop item."""
        body = await self._transport.call("DELETE", f"{SHOP_ITEMS}/{external_id}", Purpose.END)
        return read(QUEUED, body, changes=True)

    async def time(self) -> str:
        """Read what time it is at Tradera."""
        time = read(
            TIME, await self._transport.call("GET", "/v4/reference-data/time", Purpose.POLL)
        )
        return time.time if isinstance(time, Time) else time

    async def orders(
        self, start: datetime, end: datetime, convert: Callable[[SellerOrder], U]
    ) -> Sequence[U]:
        """Read the orders that changed within a span of time."""
        span = {"fromDate": iso_from_instant(start), "toDate": iso_from_instant(end)}
        query = urlencode({**span, "queryDateMode": BY_LAST_UPDATE})
        body = await self._transport.call("GET", f"/v4/orders?{query}", Purpose.POLL)
        return (
            await self._transport.entries(ORDERS, body, convert, kind="order", id_name="orderId")
        ).good

    async def order(self, remote_id: str) -> SellerOrder | None:
        """Read one order; None when it is not the seller's."""
        body = await self._transport.call("GET", f"/v4/orders/{remote_id}", Purpose.SHIP)
        found = await self._transport.entries(
            ORDERS, body, _as_it_is, kind="order", id_name="orderId"
        )
        order = next((each for each in found.good if str(each.orderId) == remote_id), None)
        if order is None and found.field_errors_of:
            raise Unavailable(f"Tradera's order {remote_id} cannot be read")
        return order

    async def ship(self, remote_id: str) -> None:
        """Mark an order as shipped."""
        await self._transport.call("POST", f"/v4/orders/{remote_id}/ship", Purpose.SHIP)

    async def sales(self, start: datetime, end: datetime) -> Sequence[Sale]:
        """Read the transactions that were made or changed within a span of time."""
        span = {
            "minTransactionDate": iso_from_instant(start),
            "maxTransactionDate": iso_from_instant(end),
        }
        query = urlencode({**span, "filter": NEW_AND_UPDATED})
        path = f"/v4/listings/seller-transactions?{query}"
        body = await self._transport.call("GET", path, Purpose.SHIP)
        return (await self._transport.entries(SALES, body, _as_it_is, kind="transaction")).good

    async def confirm_paid(self, transaction_id: int) -> None:
        """Mark a transaction as paid."""
        mark = TransactionStatusUpdateData(transactionId=transaction_id, markAsPaidConfirmed=True)
        await self._transport.call("PUT", "/v4/listings/transaction-status", Purpose.SHIP, mark)


def _as_it_is(value: T) -> T:
    return value
