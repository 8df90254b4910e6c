"""One seller's access to Tradera."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from saluhall.channel import (
    Again,
    Changes,
    ListingDraft,
    Live,
    OrderFeed,
    Outcome,
    Progress,
    Purpose,
    Refused,
    Rejected,
    RemoteListing,
    RemoteState,
    Save,
    Saying,
    Unavailable,
    Waiting,
)
from saluhall.channels.tradera.client import Client, NotThere
from saluhall.channels.tradera.publication import Publication
from saluhall.channels.tradera.sales import Sales
from saluhall.channels.tradera.settings import Settings
from saluhall.channels.tradera.steps import Steps, afresh, steps_from_progress
from saluhall.channels.tradera.translate import (
    ASK_AGAIN_IN,
    has_bids,
    is_uncommitted,
    kronor_from_price,
    outcome_from_result,
    remote_listing_from_item,
    sentences_of_refusal,
    told_listing_from_item,
    url_from_id,
)
from saluhall.channels.tradera.wire import Item, RequestResult
from saluhall.kit.clock import utc_now

RESULTS_PER_CALL = 50
SINGLE_READS = 2  # more changed items than this are read with one call for the whole list
LOOK_BACK = timedelta(days=60)


class TraderaChannel:
    """Auctions on Tradera, by its REST API v4."""

    def __init__(self, *, client: Client, settings: Settings) -> None:
        self._client = client
        self._settings = settings
        self._sales = Sales(client=client)

    async def publish(self, draft: ListingDraft, *, progress: Progress, save: Save) -> Progress:
        """Hand an auction in, going on from `progress`."""
        publication = Publication(
            client=self._client,
            settings=self._settings,
            draft=draft,
            progress=progress,
            save=save,
        )
        return await publication.run()

    async def outcomes(self, handed_in: Mapping[str, Progress]) -> Mapping[str, Outcome]:
        """Ask what became of auctions handed in, fifty with one call."""
        steps = {key: steps_from_progress(progress) for key, progress in handed_in.items()}
        results = await self._results(
            [each.request_id for each in steps.values() if each.request_id is not None]
        )
        return {
            key: await self._outcome(progress, steps[key], results)
            for key, progress in handed_in.items()
        }

    async def change_price(self, external_id: str, price: Decimal) -> None:
        """Change the start price, which Tradera allows until the first bid. Raises Rejected."""
        kronor = kronor_from_price(price)
        try:
            result = await self._client.change_price(external_id, kronor)
        except NotThere as error:
            raise Rejected("The auction is no longer on Tradera; its price stays") from error
        if not result.isSuccessful:
            said = sentences_of_refusal(result)
            reason = "Tradera kept the old price; an auction with bids cannot change it"
            raise Rejected(": ".join([reason, "; ".join(said)]) if said else reason)

    async def end(self, external_id: str) -> RemoteListing | None:
        """End an auction, which Tradera allows until the first bid; one that is over is told. Raises Rejected."""
        refusal = "Tradera did not end the auction"
        try:
            if await self._client.end_item(external_id):
                return None
        except NotThere:
            return None
        except Rejected as error:
            refusal = str(error)
        try:
            item = await self._client.item(external_id, Purpose.END)
        except NotThere:
            return None
        there = remote_listing_from_item(item, utc_now(), self._settings.item_page)
        if there.state is not RemoteState.LIVE:
            return there
        raise Rejected("The auction has bids and cannot be ended" if has_bids(item) else refusal)

    async def changes(self, cursor: str | None, watched: Sequence[str]) -> Changes:
        """Read the watched auctions that changed: few one by one, many with one call."""
        since = int(cursor or 0)
        updated = await self._client.updated_items(since)
        touched = {str(each.id) for each in updated}
        changed = [external_id for external_id in watched if external_id in touched]
        highest = max([since, *(each.rowVersion for each in updated)])
        others = frozenset(touched.difference(changed))
        return Changes(cursor=str(highest), listings=await self._read(changed), others=others)

    async def read(self, external_ids: Sequence[str]) -> Sequence[RemoteListing]:
        """Read auctions one by one; those Tradera does not know are left out."""
        return await self._client.items(external_ids, Purpose.POLL, self._remote)

    async def orders(self, since: datetime | None) -> OrderFeed:
        """Read the orders that changed since an instant of Tradera's time."""
        return await self._sales.read(since)

    async def mark_shipped(self, remote_id: str) -> Saying:
        """Mark an order as shipped. Raises Rejected."""
        return await self._sales.ship(remote_id)

    async def mark_paid(self, remote_id: str) -> Saying:
        """Mark an order's transactions as paid, if they can be found. Raises Rejected."""
        return await self._sales.mark_paid(remote_id)

    async def _results(self, request_ids: Sequence[int]) -> dict[int, RequestResult]:
        results: dict[int, RequestResult] = {}
        for start in range(0, len(request_ids), RESULTS_PER_CALL):
            chunk = request_ids[start : start + RESULTS_PER_CALL]
            results |= await self._client.request_results(chunk)
        return results

    async def _outcome(
        self, progress: Progress, steps: Steps, results: Mapping[int, RequestResult]
    ) -> Outcome:
        if progress.external_id is None or (steps.request_id is None and not steps.is_adopted):
            return Again(reason="The listing was never handed in", progress=progress)
        external_id = progress.external_id
        live = Live(external_id=external_id, url=self._url(external_id), ends_at=steps.ends_at)
        if steps.request_id is None:
            return live
        result = results.get(steps.request_id)
        if is_uncommitted(result):
            return await self._commit_again(steps.request_id, steps)
        return outcome_from_result(result, live=live, afresh=afresh(steps))

    async def _commit_again(self, request_id: int, steps: Steps) -> Outcome:
        """Hand in what did not arrive; the trouble of one is not that of the others."""
        try:
            await self._client.commit(request_id)
        except Rejected as error:
            return Refused(reason=str(error))
        except NotThere:
            return Again(reason="Tradera no longer knows the request", progress=afresh(steps))
        except Unavailable as error:
            return Waiting(ask_in=error.retry_in or ASK_AGAIN_IN)
        return Waiting(ask_in=ASK_AGAIN_IN)

    async def _read(self, external_ids: Sequence[str]) -> list[RemoteListing]:
        if len(external_ids) <= SINGLE_READS:
            return await self._client.items(external_ids, Purpose.POLL, self._remote)
        after = utc_now() - LOOK_BACK
        listed = await self._client.seller_items(Purpose.POLL, self._remote, ending_after=after)
        wanted = set(external_ids)
        found = {item.external_id: item for item in listed.good if item.external_id in wanted}
        missing = [each for each in external_ids if each not in found]
        return [*found.values(), *await self._client.items(missing, Purpose.POLL, self._remote)]

    def _remote(self, item: Item) -> RemoteListing:
        """Read an item of a list. Raises ValueError when no field says whether it has ended."""
        return told_listing_from_item(item, utc_now(), self._settings.item_page)

    def _url(self, external_id: str) -> str:
        return url_from_id(external_id, self._settings.item_page)
