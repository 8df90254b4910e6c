"""Change and end auctions, which Tradera allows until the first bid."""

from saluhall.channel import (
    Change,
    Disconnected,
    Purpose,
    Rejected,
    RemoteListing,
    RemoteState,
    Unavailable,
)
from saluhall.channels.tradera.client import Client
from saluhall.channels.tradera.items import (
    has_bids,
    remote_listing_from_item,
    sentences_of_refusal,
)
from saluhall.channels.tradera.settings import Settings
from saluhall.channels.tradera.translate import kronor_from_price
from saluhall.channels.tradera.transport import NotThere


class Auctions:
    """One seller's auctions."""

    def __init__(self, *, client: Client, settings: Settings) -> None:
        self._client = client
        self._settings = settings

    async def update(self, change: Change) -> Exception | None:
        """Change the start price; return what failed."""
        try:
            await self._change_price(change)
        except (Unavailable, Disconnected, Rejected) as error:
            return error
        return None

    async def end(self, external_id: str) -> RemoteListing | None:
        """End an auction; one that is over is returned. Raises Rejected."""
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
        there = remote_listing_from_item(item, self._client.clock(), self._settings.item_page)
        if there.state is not RemoteState.LIVE:
            return there
        raise Rejected("The auction has bids and cannot be ended" if has_bids(item) else refusal)

    async def _change_price(self, change: Change) -> None:
        if change.price is None:
            raise Rejected("Tradera can change only the price of an auction")
        kronor = kronor_from_price(change.price)
        try:
            result = await self._client.change_price(change.external_id, kronor)
        except NotThere as error:
            raise Rejected("The auction is no longer on Tradera; its price stays") from error
        if not result.isSuccessful:
            sentences = sentences_of_refusal(result)
            reason = "Tradera kept the old price; an auction with bids cannot change it"
            raise Rejected(": ".join([reason, "; ".join(sentences)]) if sentences else reason)
