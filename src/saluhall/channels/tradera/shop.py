"""Change and end shop items: many prices or quantities with one call, content one by one; most of it Tradera decides later."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal

from msgspec import UNSET, structs

from saluhall.channel import (
    Change,
    Disconnected,
    Live,
    Lost,
    Offer,
    Pending,
    Progress,
    Purpose,
    Refusal,
    Rejected,
    RemoteListing,
    RemoteState,
    Unavailable,
)
from saluhall.channels.tradera.category_tree import Categories
from saluhall.channels.tradera.client import Client
from saluhall.channels.tradera.items import outcome_from_result, remote_listing_from_item
from saluhall.channels.tradera.settings import Settings
from saluhall.channels.tradera.shop_changes import (
    GONE,
    Failures,
    changed_content,
    each_number,
    quantity_from_change,
    refusals,
    unqueued,
)
from saluhall.channels.tradera.translate import kronor_from_price, shop_item_from_offer
from saluhall.channels.tradera.transport import NotThere
from saluhall.channels.tradera.uploads import with_images
from saluhall.channels.tradera.wire import Item, RequestResult

SINGLE_READS = 2  # more items than this are read with one call for the whole list
LOOK_BACK = timedelta(days=60)
PAUSES_S = (0.1, 0.4, 1.0, 2.0)  # before each look at what became of changes
LATER = timedelta(seconds=30)


class ShopItems:
    """One seller's shop items."""

    def __init__(self, *, client: Client, categories: Categories, settings: Settings) -> None:
        self._client = client
        self._categories = categories
        self._settings = settings

    async def update(self, changes: Sequence[Change]) -> Failures:
        """Change shop items; return what failed, by external id."""
        there: dict[str, Item] = {}
        queued: dict[str, int] = {}
        needed = [c for c in changes if c.content is not None or c.quantity is not None]
        failures = await _failures_of(needed, self._read(needed, there))
        unknown = [c.external_id for c in needed if c.external_id not in there]
        failures = dict.fromkeys(unknown, Rejected(GONE)) | failures
        left = [change for change in changes if change.external_id not in failures]
        for change in left:
            if change.content is not None:
                put = self._put(change, change.content, there[change.external_id], queued)
                failures |= await _failures_of([change], put)
        left = [change for change in left if change.content is None]
        priced = [change for change in left if change.price is not None]
        failures |= await _failures_of(priced, self._set_prices(priced, queued))
        counted = [change for change in left if change.quantity is not None]
        failures |= await _failures_of(counted, self._set_quantities(counted, there))
        return failures | await self._decided(queued)

    async def end(self, external_id: str) -> RemoteListing | None:
        """End a shop item; one that is over is returned. Raises Rejected, and Unavailable while Tradera has not decided."""
        try:
            queued = await self._client.remove_shop_item(external_id)
        except NotThere:
            return None
        failure = (await self._decided({external_id: queued.requestId})).get(external_id)
        if failure is None:
            return None
        if not isinstance(failure, Rejected):
            raise failure
        try:
            item = await self._client.item(external_id, Purpose.END)
        except NotThere:
            return None
        there = remote_listing_from_item(item, self._client.clock(), self._settings.item_page)
        if there.state is RemoteState.LIVE:
            raise failure
        return there

    async def _read(self, changes: Sequence[Change], found: dict[str, Item]) -> None:
        """Read what the items are now: few one by one, many with one call."""
        wanted = [change.external_id for change in changes]
        if len(wanted) > SINGLE_READS:
            after = self._client.clock() - LOOK_BACK
            listed = await self._client.seller_items(Purpose.PRICE, _itself, ending_after=after)
            found |= {str(item.id): item for item in listed.good}
        missing = [external_id for external_id in wanted if external_id not in found]
        for item in await self._client.items(missing, Purpose.PRICE, _itself):
            found[str(item.id)] = item

    async def _put(
        self, change: Change, content: Offer, item: Item, queued: dict[str, int]
    ) -> None:
        """Change everything of one item with one call."""
        data, has_other_images = changed_content(
            shop_item_from_offer(content, self._settings), item
        )
        if data.categoryId is not UNSET:
            await self._categories.check(data.categoryId)
        if has_other_images:
            data = await with_images(data, content)
        price = UNSET if change.price is None else kronor_from_price(change.price)
        quantity = UNSET if change.quantity is None else quantity_from_change(change, item)
        data = structs.replace(data, price=price, absoluteQuantity=quantity)
        made = await self._client.update_shop_item(change.external_id, data)
        queued[change.external_id] = made.requestId

    async def _set_prices(self, changes: Sequence[Change], queued: dict[str, int]) -> Failures:
        kronor, failures = each_number(changes, lambda c: kronor_from_price(c.price or Decimal(0)))
        if not kronor:
            return failures
        result = await self._client.set_shop_prices(kronor)
        errors = result.validationErrors
        requests, refused = unqueued(kronor, result.queuedRequestResponses, errors)
        queued |= requests
        return failures | refused

    async def _set_quantities(
        self, changes: Sequence[Change], there: Mapping[str, Item]
    ) -> Failures:
        """Set quantities, which takes effect at once."""
        quantities, failures = each_number(
            changes, lambda c: quantity_from_change(c, there[c.external_id])
        )
        if not quantities:
            return failures
        result = await self._client.set_shop_quantities(quantities)
        return failures | refusals(quantities, result.validationErrors)

    async def _decided(self, queued: Mapping[str, int]) -> Failures:
        """Wait a moment for what became of changes; return what failed, and what Tradera has not decided yet."""
        left, failures = dict(queued), Failures()
        for pause_s in PAUSES_S:
            if not left:
                return failures
            await asyncio.sleep(pause_s)
            try:
                results = await self._client.request_results(list(left.values()))
            except (Unavailable, Disconnected, Rejected, NotThere) as error:
                return failures | dict.fromkeys(left, Unavailable(str(error), unclear=True))
            decided = {key: _failure_from_result(results.get(left[key])) for key in left}
            failures |= {key: e for key, e in decided.items() if e is not None and e is not PENDING}
            left = {key: left[key] for key, error in decided.items() if error is PENDING}
        return failures | dict.fromkeys(left, PENDING)


PENDING = Unavailable("Tradera has not decided on the change yet", retry_in=LATER, unclear=True)


def _failure_from_result(result: RequestResult | None) -> Exception | None:
    match outcome_from_result(result, live=_CHANGED, restart=Progress()):
        case Live():
            return None
        case Pending():
            return PENDING
        case Lost(reason=reason):
            return Unavailable(reason)
        case Refusal(reason=reason):
            return Rejected(reason)


_CHANGED = Live(external_id="", url="")


async def _failures_of(changes: Sequence[Change], work: Awaitable[Failures | None]) -> Failures:
    """Do work for some changes; when it fails as a whole, it fails for each of them."""
    error: Exception
    try:
        return await work or {}
    except NotThere:
        error = Rejected(GONE)
    except (Unavailable, Disconnected, Rejected) as failure:
        error = failure
    return {change.external_id: error for change in changes}


def _itself(item: Item) -> Item:
    return item
