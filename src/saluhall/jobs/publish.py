"""Put listings on the marketplace, each going on from wherever an earlier try came to."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from uuid import UUID

from saluhall.channel import Channel, ListingDraft, Picture, Progress, Rejected
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
        self, listing: Listing, images: Sequence[Image], *, ask_in: timedelta
    ) -> None:
        """Hand a listing in with its product's pictures; its verdict is asked for after `ask_in`.

        Raises what the channel raises; Rejected also when no picture of the item is usable; ClaimLost when others may act on it by now.
        """
        run = self._run
        if listing.text_due or any(image.state == "due" for image in images):
            async with run.db.transaction() as tx:
                await outcomes.wait(tx, listing, pause=_PICTURES_PAUSE, now=run.clock())
            return
        draft = _draft(listing, _usable(run, images))

        async def save(progress: Progress) -> None:
            asked_s = steady_s()
            await self._saved.submit((listing, progress))
            acting_since(asked_s)

        progress = await self._channel.publish(draft, progress=listing.progress, save=save)
        await self._submitted.submit((listing, progress, ask_in))

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


def _usable(run: Run, found: Sequence[Image]) -> list[Picture]:
    """Pick the hosted pictures. Raises Rejected when there are pictures and none is usable."""
    pictures = [
        Picture(key=i.stored_key, media_type=i.media_type, read=_reader(run, i.stored_key))
        for i in found
        if i.stored_key is not None and i.media_type is not None
    ]
    if found and not pictures:
        reasons = "; ".join(sorted({i.reason for i in found if i.reason}))
        raise Rejected(f"{_NO_PICTURE} ({reasons})" if reasons else _NO_PICTURE)
    return pictures


def _draft(listing: Listing, pictures: list[Picture]) -> ListingDraft:
    domain = listing.domain or {"domain": "other"}
    return ListingDraft(
        key=str(listing.id),
        title=listing.title,
        description=listing.description or "",
        price=listing.price,
        currency=listing.currency,
        category=str(domain.get("domain", "other")),
        domain=domain,
        shipping_cost=listing.shipping_cost,
        shipping_strategy=listing.shipping_strategy,
        weight_kg=listing.weight_kg,
        pictures=pictures,
    )


def _reader(run: Run, key: str) -> Callable[[], Awaitable[bytes]]:
    async def read() -> bytes:
        return await run.images.get(key)

    return read
