"""Publish offers on a channel, each from wherever an earlier attempt came to."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from saluhall.channel import Channel, Live, Offer, ProductImage, Progress, Rejected
from saluhall.domain.connections.model import Connection
from saluhall.domain.images import queries as images
from saluhall.domain.images.model import Image
from saluhall.domain.listings import outcomes, submissions
from saluhall.domain.listings.events import Waits, WentLive
from saluhall.domain.listings.model import DueListing
from saluhall.domain.listings.record import record
from saluhall.domain.offers.model import Policy
from saluhall.domain.products.content import ProductContent, list_contents
from saluhall.jobs.run import Run
from saluhall.kit.batching import Batcher
from saluhall.kit.clock import steady_s
from saluhall.storage import Transaction
from saluhall.storage.claims import ClaimLost, acting_since

IMAGES_PAUSE = timedelta(seconds=2)
_NO_IMAGE = "Image download failed: none of the item's images could be used"


class Content(Struct, frozen=True):
    """What is read of a product for publishing or revising it."""

    content: ProductContent
    images: Sequence[Image] = ()


async def read_contents(
    tx: Transaction, account_id: UUID, product_ids: Sequence[UUID]
) -> Mapping[UUID, Content]:
    """Read what a channel shows of products."""
    if not product_ids:
        return {}
    found = await list_contents(tx, account_id=account_id, product_ids=product_ids)
    shown = await images.list_images(tx, account_id, product_ids)
    return {key: Content(each, shown.get(key, ())) for key, each in found.items()}


class Publisher:
    """Publishes for one connection; what several save at the same time is saved in one statement."""

    def __init__(
        self,
        run: Run,
        channel: Channel,
        connection: Connection,
        policy: Policy,
        *,
        lease: timedelta,
    ) -> None:
        self._run = run
        self._channel = channel
        self._connection = connection
        self._policy = policy
        self._lease = lease
        self._saved: Batcher[tuple[DueListing, Progress], None] = Batcher(self._save)
        self._submitted: Batcher[tuple[DueListing, Progress, timedelta], None] = Batcher(
            self._submit
        )

    async def publish(
        self, due: DueListing, content: Content, *, check_in: Callable[[timedelta], timedelta]
    ) -> None:
        """Publish an offer with its product's images; `check_in` says when to check it, given what the channel proposes.

        Raises what the channel raises; Rejected also when no image of the item is usable; ClaimLost when others may act on it by now.
        """
        run = self._run
        if not is_ready(due, content):
            async with run.db.transaction() as tx:
                await record(tx, due, Waits(), due_in=IMAGES_PAUSE, now=run.clock())
            return
        offer = self.offer_of(due, content)

        async def save(progress: Progress) -> None:
            asked_s = steady_s()
            await self._saved.submit((due, progress))
            acting_since(asked_s)

        made = await self._channel.publish(offer, progress=due.listing.progress, save=save)
        if isinstance(made, Live):
            async with run.db.transaction() as tx:
                live = live_from(made, due, now=run.clock())
                account_id = self._connection.account_id
                await outcomes.went_live(tx, account_id, [(due, live)], now=live.at)
        else:
            await self._submitted.submit((due, made.progress, check_in(made.check_in)))

    def offer_of(self, due: DueListing, content: Content) -> Offer:
        """Make the offer that a channel is to show. Raises Rejected when there are images and none is usable."""
        known = content.content
        category = self._policy.categories.get(known.product.category)
        return Offer(
            key=str(due.listing.id),
            format=due.offer.format,
            price=due.offer.price or Decimal(0),
            currency=due.offer.currency,
            quantity=max(1, due.offer.quantity),
            category=category or known.categories.get(str(self._connection.number)),
            product=replace(known.product, images=_usable(self._run, content.images)),
        )

    async def _save(
        self, saved: Sequence[tuple[DueListing, Progress]]
    ) -> Sequence[ClaimLost | None]:
        async with self._run.db.statement() as tx:
            return await submissions.save_progress(
                tx, self._connection.account_id, saved, lease=self._lease, now=self._run.clock()
            )

    async def _submit(
        self, submitted: Sequence[tuple[DueListing, Progress, timedelta]]
    ) -> Sequence[ClaimLost | None]:
        async with self._run.db.statement() as tx:
            return await submissions.submitted(
                tx, self._connection.account_id, submitted, now=self._run.clock()
            )


def is_ready(due: DueListing, content: Content) -> bool:
    """Return whether the product's text is enhanced and all of its images are fetched, or refused for good."""
    return not due.product.is_text_due and all(image.state != "due" for image in content.images)


def live_from(live: Live, due: DueListing, *, now: datetime) -> WentLive:
    """Return the event of a listing that is live, with what it was published with where the channel does not say."""
    listing, offer = due.listing, due.offer
    is_saved = listing.price is not None
    return WentLive(
        external_id=live.external_id,
        url=live.url,
        ends_at=live.ends_at,
        at=now,
        price=live.price or (None if is_saved else offer.price),
        quantity=offer.quantity if live.quantity is None and listing.quantity is None else live.quantity,
        content=None if listing.content is not None else due.product.content_revision,
    )  # fmt: skip


def _usable(run: Run, found: Sequence[Image]) -> list[ProductImage]:
    """Pick the hosted images. Raises Rejected when there are images and none is usable."""
    usable = [
        ProductImage(key=i.stored_key, media_type=i.media_type, read=_reader(run, i.stored_key))
        for i in found
        if i.stored_key is not None and i.media_type is not None
    ]
    if found and not usable:
        reasons = "; ".join(sorted({i.reason for i in found if i.reason}))
        raise Rejected(f"{_NO_IMAGE} ({reasons})" if reasons else _NO_IMAGE)
    return usable


def _reader(run: Run, key: str) -> Callable[[], Awaitable[bytes]]:
    async def read() -> bytes:
        return await run.images.get(key)

    return read
