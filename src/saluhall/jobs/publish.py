"""Put listings on the marketplace, each going on from wherever an earlier try came to."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from uuid import UUID

from msgspec import structs

from saluhall.capabilities import Format
from saluhall.channel import (
    Channel,
    Live,
    Offer,
    Product,
    ProductImage,
    Progress,
    Rejected,
)
from saluhall.domain.images.model import Image
from saluhall.domain.listings import handing_in, outcomes
from saluhall.domain.listings.model import Listing
from saluhall.jobs.run import Run
from saluhall.kit.batching import Batcher
from saluhall.kit.clock import steady_s
from saluhall.storage.claims import ClaimLost, acting_since

_PICTURES_PAUSE = timedelta(seconds=2)
_NO_PICTURE = "Image download failed: none of the item's pictures could be used"


class Publisher:
    """Hands listings of one connection in; what several have to note at the same time is noted in one statement."""

    def __init__(self, run: Run, channel: Channel, owner: UUID, *, lease: timedelta) -> None:
        self._run = run
        self._channel = channel
        self._owner = owner
        self._lease = lease
        self._saved: Batcher[tuple[Listing, Progress], None] = Batcher(self._save)
        self._submitted: Batcher[tuple[Listing, Progress, timedelta], None] = Batcher(self._submit)

    async def publish(
        self,
        listing: Listing,
        content: Product,
        images: Sequence[Image],
        *,
        check_at: Callable[[timedelta], timedelta],
    ) -> None:
        """Hand a listing in with its product's pictures; `check_at` says when to check, given the channel's wish.

        Raises what the channel raises; Rejected also when no picture of the item is usable; ClaimLost when others may act on it by now.
        """
        run = self._run
        if listing.text_due or any(image.state == "due" for image in images):
            async with run.db.transaction() as tx:
                await outcomes.wait(tx, listing, pause=_PICTURES_PAUSE, now=run.clock())
            return
        offer = _offer(listing, structs.replace(content, images=_usable(run, images)))

        async def save(progress: Progress) -> None:
            asked_s = steady_s()
            await self._saved.submit((listing, progress))
            acting_since(asked_s)

        made = await self._channel.publish(offer, progress=listing.progress, save=save)
        if isinstance(made, Live):
            live = structs.replace(made, price=made.price or listing.price)
            async with run.db.transaction() as tx:
                await handing_in.went_live(tx, self._owner, [(listing, live)], now=run.clock())
        else:
            await self._submitted.submit((listing, made.progress, check_at(made.check_in)))

    async def _save(self, saved: Sequence[tuple[Listing, Progress]]) -> Sequence[ClaimLost | None]:
        async with self._run.db.statement() as tx:
            return await handing_in.save_progress(
                tx, self._owner, saved, lease=self._lease, now=self._run.clock()
            )

    async def _submit(
        self, submitted: Sequence[tuple[Listing, Progress, timedelta]]
    ) -> Sequence[ClaimLost | None]:
        async with self._run.db.statement() as tx:
            return await handing_in.submitted(tx, self._owner, submitted, now=self._run.clock())


def _usable(run: Run, found: Sequence[Image]) -> list[ProductImage]:
    """Pick the hosted pictures. Raises Rejected when there are pictures and none is usable."""
    pictures = [
        ProductImage(key=i.stored_key, media_type=i.media_type, read=_reader(run, i.stored_key))
        for i in found
        if i.stored_key is not None and i.media_type is not None
    ]
    if found and not pictures:
        reasons = "; ".join(sorted({i.reason for i in found if i.reason}))
        raise Rejected(f"{_NO_PICTURE} ({reasons})" if reasons else _NO_PICTURE)
    return pictures


def _offer(listing: Listing, product: Product) -> Offer:
    return Offer(
        key=str(listing.id),
        format=Format.AUCTION,
        price=listing.price,
        currency=listing.currency,
        quantity=1,
        product=product,
    )


def _reader(run: Run, key: str) -> Callable[[], Awaitable[bytes]]:
    async def read() -> bytes:
        return await run.images.get(key)

    return read
