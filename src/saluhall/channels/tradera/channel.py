"""One seller's access to Tradera."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from saluhall.capabilities import Format
from saluhall.channel import (
    Change,
    Changes,
    Live,
    Lost,
    Offer,
    Outcome,
    Pending,
    Progress,
    Purpose,
    Refusal,
    Rejected,
    RemoteListing,
    Save,
    Submitted,
    Unavailable,
)
from saluhall.channel_orders import (
    Acknowledgement,
    NotSupported,
    OrderFeed,
    Refund,
    Shipment,
)
from saluhall.channels.tradera.auctions import Auctions
from saluhall.channels.tradera.category_tree import Categories
from saluhall.channels.tradera.client import Client
from saluhall.channels.tradera.items import (
    CHECK_IN,
    dated_listing_from_item,
    is_uncommitted,
    outcome_from_result,
    url_from_id,
)
from saluhall.channels.tradera.publication import Publication
from saluhall.channels.tradera.sales import Sales
from saluhall.channels.tradera.settings import Settings
from saluhall.channels.tradera.shop import ShopItems
from saluhall.channels.tradera.steps import Steps, restart_from, steps_from_progress
from saluhall.channels.tradera.transport import NotThere
from saluhall.channels.tradera.wire import Item, RequestResult

SINGLE_READS = 2  # more changed items than this are read with one call for the whole list
LOOK_BACK = timedelta(days=60)
FIRST_CHECK_IN = timedelta(milliseconds=100)


class TraderaChannel:
    """What a seller sells on Tradera, by its REST API v4."""

    def __init__(self, *, client: Client, categories: Categories, settings: Settings) -> None:
        self._client = client
        self._categories = categories
        self._settings = settings
        self._sales = Sales(client=client)
        self._auctions = Auctions(client=client, settings=settings)
        self._shop = ShopItems(client=client, categories=categories, settings=settings)

    async def publish(self, offer: Offer, *, progress: Progress, save: Save) -> Live | Submitted:
        """Submit an auction or a shop item, from `progress` on; one that is found live is not submitted again."""
        publication = Publication(
            client=self._client,
            categories=self._categories,
            settings=self._settings,
            offer=offer,
            progress=progress,
            save=save,
        )
        reached = await publication.run()
        steps = steps_from_progress(reached)
        if steps.is_adopted:
            return self._live(str(reached.external_id), steps, reached)
        return Submitted(progress=reached, check_in=FIRST_CHECK_IN)

    async def check(self, submissions: Mapping[str, Progress]) -> Mapping[str, Outcome]:
        """Check what became of submissions, fifty with one call."""
        steps = {key: steps_from_progress(progress) for key, progress in submissions.items()}
        results = await self._client.request_results(
            [each.request_id for each in steps.values() if each.request_id is not None]
        )
        return {
            key: await self._outcome(progress, steps[key], results)
            for key, progress in submissions.items()
        }

    async def update(self, changes: Sequence[Change]) -> Sequence[Exception | None]:
        """Change shop items together, and start prices of auctions one by one; one result each."""
        fixed = [change for change in changes if change.format is Format.FIXED]
        failures = await self._shop.update(fixed)
        return [
            failures.get(change.external_id)
            if change.format is Format.FIXED
            else await self._auctions.update(change)
            for change in changes
        ]

    async def end(self, external_id: str, format: Format) -> RemoteListing | None:  # noqa: A002 - the interface
        """End a listing; one that is over is returned. Raises Rejected."""
        kind = self._shop if format is Format.FIXED else self._auctions
        return await kind.end(external_id)

    async def changes(self, cursor: str | None, known_ids: Sequence[str]) -> Changes:
        """Read the known items that changed: few one by one, many with one call."""
        since = int(cursor or 0)
        updated = await self._client.updated_items(since)
        touched = {str(each.id) for each in updated}
        changed = [external_id for external_id in known_ids if external_id in touched]
        highest = max([since, *(each.rowVersion for each in updated)])
        others = frozenset(touched.difference(changed))
        return Changes(cursor=str(highest), listings=await self._read(changed), others=others)

    async def read(self, external_ids: Sequence[str]) -> Sequence[RemoteListing]:
        """Read items one by one; those Tradera does not know are left out."""
        return await self._client.items(external_ids, Purpose.POLL, self._remote)

    async def orders(self, since: datetime | None) -> OrderFeed:
        """Read the orders that changed since an instant of Tradera's time."""
        return await self._sales.read(since)

    async def ship(self, order_id: str, shipment: Shipment) -> Acknowledgement:  # noqa: ARG002 - Tradera takes no tracking
        """Mark an order as shipped. Raises Rejected."""
        return await self._sales.ship(order_id)

    async def mark_paid(self, order_id: str) -> Acknowledgement:
        """Mark an order's transactions as paid, if they can be found. Raises Rejected."""
        return await self._sales.mark_paid(order_id)

    async def cancel(self, order_id: str, reason: str) -> Acknowledgement:  # noqa: ARG002 - Tradera has no word for it
        """Return NotSupported: sellers cancel an order on Tradera's pages."""
        return NotSupported()

    async def refund(self, order_id: str, refund: Refund) -> Acknowledgement:  # noqa: ARG002 - Tradera has no word for it
        """Return NotSupported: sellers pay back on Tradera's pages."""
        return NotSupported()

    async def _outcome(
        self, progress: Progress, steps: Steps, results: Mapping[int, RequestResult]
    ) -> Outcome:
        if progress.external_id is None or (steps.request_id is None and not steps.is_adopted):
            return Lost(reason="The listing was never submitted", progress=progress)
        live = self._live(progress.external_id, steps, progress)
        if steps.request_id is None:
            return live
        result = results.get(steps.request_id)
        if is_uncommitted(result):
            return await self._commit_again(steps.request_id, progress)
        return outcome_from_result(result, live=live, restart=restart_from(progress))

    async def _commit_again(self, request_id: int, progress: Progress) -> Outcome:
        """Commit a request once more: its commit did not arrive. A failure of one is not that of the others."""
        try:
            await self._client.commit(request_id)
        except Rejected as error:
            return Refusal(reason=str(error))
        except NotThere:
            reason = "Tradera no longer knows the request"
            return Lost(reason=reason, progress=restart_from(progress))
        except Unavailable as error:
            return Pending(check_in=error.retry_in or CHECK_IN)
        return Pending(check_in=CHECK_IN)

    async def _read(self, external_ids: Sequence[str]) -> list[RemoteListing]:
        if len(external_ids) <= SINGLE_READS:
            return await self._client.items(external_ids, Purpose.POLL, self._remote)
        after = self._client.clock() - LOOK_BACK
        listed = await self._client.seller_items(Purpose.POLL, self._remote, ending_after=after)
        wanted = set(external_ids)
        found = {item.external_id: item for item in listed.good if item.external_id in wanted}
        missing = [each for each in external_ids if each not in found]
        return [*found.values(), *await self._client.items(missing, Purpose.POLL, self._remote)]

    def _live(self, external_id: str, steps: Steps, progress: Progress) -> Live:
        return Live(
            external_id=external_id,
            url=url_from_id(external_id, self._settings.item_page),
            ends_at=steps.ends_at,
            price=progress.price,
            quantity=progress.quantity,
        )

    def _remote(self, item: Item) -> RemoteListing:
        """Read an item of a list. Raises ValueError when no field says whether it has ended."""
        return dated_listing_from_item(item, self._client.clock(), self._settings.item_page)
