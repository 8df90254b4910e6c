"""Publish one auction: create, images, commit, each step saved before the next one could make it a second listing."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from saluhall.channel import (
    Disconnected,
    Offer,
    ProductImage,
    Progress,
    Purpose,
    Rejected,
    RemoteState,
    Save,
    Unavailable,
)
from saluhall.channels.tradera.client import Client, NotThere
from saluhall.channels.tradera.settings import MAX_IMAGE_BYTES, MEGA_IMAGES, Settings
from saluhall.channels.tradera.steps import (
    Commit,
    Steps,
    progress_from_steps,
    restart_from,
    steps_from_progress,
)
from saluhall.channels.tradera.translate import (
    formats_from_media_types,
    instant_from_text,
    is_uncommitted,
    item_request_from_offer,
    remote_listing_from_item,
)
from saluhall.channels.tradera.wire import AddItemImageRequest, Item, ItemRequest

CALLS_BESIDE_IMAGES = 3  # create, commit, asking for the result
LOOK_BACK = timedelta(days=30)
CLOCK_SKEW = timedelta(minutes=5)  # between Tradera and us
DIGEST_LETTERS = 16


class Wanted(Struct, frozen=True, kw_only=True):
    """What is asked for, and a digest that tells it from other data."""

    request: ItemRequest
    formats: list[int]
    digest: str


class Publication:
    """An offer, how far its publication has come, and where that is saved."""

    def __init__(
        self,
        *,
        client: Client,
        settings: Settings,
        offer: Offer,
        progress: Progress,
        save: Save,
    ) -> None:
        self._client = client
        self._settings = settings
        self._offer = offer
        self._progress = progress
        self._steps = steps_from_progress(progress)
        self._over = progress.over
        self._fresh = restart_from(self._steps) if progress.unclear else Progress()
        self._save = save
        self._is_saved = True

    async def run(self) -> Progress:
        """Continue from where the last attempt stopped."""
        try:
            await self._settle_unclear_commit()
            if self._steps.commit is not Commit.DONE:
                await self._go_on(_wanted_from_offer(self._offer, self._settings))
        except NotThere as error:
            await self._keep(restart_from(self._steps))
            raise Unavailable(f"Tradera no longer knows the request: {error}") from error
        except Rejected:
            await self._keep(self._fresh)  # this request is never published; other data is another
            raise
        except Exception:  # whatever it was: a request that is known must not be made again
            if not self._is_saved:
                await self._keep(self._progress)
            raise
        return self._progress

    async def _go_on(self, wanted: Wanted) -> None:
        """Begin, or continue a request for this very data; one for older data is left alone."""
        is_known = self._steps.request_id is not None and not self._steps.uploading
        if not is_known or self._steps.digest != wanted.digest:
            await self._begin(wanted)
        elif self._steps.images < len(wanted.formats):
            await self._advance(uploading=True)
        if self._steps.commit is not Commit.DONE:
            await self._add_images(wanted)
            await self._commit()

    async def _settle_unclear_commit(self) -> None:
        """Ask whether a commit arrived whose answer was lost; if not, it has not been made yet."""
        if self._steps.commit is not Commit.ASKED or self._steps.request_id is None:
            return
        results = await self._client.request_results([self._steps.request_id])
        arrived = not is_uncommitted(results.get(self._steps.request_id))
        await self._advance(commit=Commit.DONE if arrived else Commit.NOT_YET)

    async def _begin(self, wanted: Wanted) -> None:
        look = self._progress.unclear
        calls = CALLS_BESIDE_IMAGES + len(wanted.formats)
        started_at = (self._steps.started_at if look else None) or self._client.clock()
        if look and (item := await self._find_live(started_at, calls + 1)):
            await self._adopt(item, started_at)
            return
        steps = Steps(started_at=started_at, digest=wanted.digest)
        # Neither this nor what create answers is saved here: before the commit it is, and so it is when anything goes wrong. A kill in
        # between leaves a request that nobody commits, which is never shown.
        self._hold(progress_from_steps(steps, unclear=True))
        try:
            queued = await self._client.create_item(wanted.request, needs=calls)
        except (Unavailable, Disconnected) as error:
            if _is_surely_undone(error):
                self._hold(self._fresh)
            raise
        steps = msgspec.structs.replace(steps, request_id=queued.requestId)
        self._hold(progress_from_steps(steps, external_id=str(queued.itemId)))

    async def _find_live(self, started_at: datetime, calls: int) -> Item | None:
        """Look for our own reference among the seller's items: live, or sold since we began."""
        after = min(started_at, self._client.clock() - LOOK_BACK)
        items = await self._client.seller_items(
            Purpose.PUBLISH, _as_it_is, ending_after=after, needs=calls
        )
        if any(self._offer.key in misfit.raw for misfit in items.field_errors_of):
            raise Unavailable("The listing may be live on Tradera, in an entry that cannot be read")
        ours = [item for item in items.good if self._offer.key in (item.ownReferences or ())]
        newer = [item for item in ours if item.id > int(self._over or 0)]
        found = [item for item in newer if self._is_live(item, started_at)]
        return max(found, key=lambda item: item.id, default=None)

    def _is_live(self, item: Item, started_at: datetime) -> bool:
        state = remote_listing_from_item(item, self._client.clock()).state
        begun_at = instant_from_text(item.startDate)
        is_fresh = begun_at is not None and begun_at >= started_at - CLOCK_SKEW
        return state is RemoteState.LIVE or (state is RemoteState.SOLD and is_fresh)

    async def _adopt(self, item: Item, started_at: datetime) -> None:
        steps = Steps(
            started_at=started_at,
            commit=Commit.DONE,
            ends_at=instant_from_text(item.endDate),
        )
        progress = progress_from_steps(steps, external_id=str(item.id))
        price = remote_listing_from_item(item, self._client.clock()).price
        await self._keep(msgspec.structs.replace(progress, price=price))

    async def _add_images(self, wanted: Wanted) -> None:
        while (done := self._steps.images) < len(wanted.formats):
            data = await _bytes_of(self._offer.product.images, done)
            image = AddItemImageRequest(
                imageData=data, imageFormat=wanted.formats[done], hasMega=MEGA_IMAGES
            )
            try:
                await self._client.add_image(self._request_id(), image)
            except (Unavailable, Disconnected) as error:
                # A request that may have an image twice is not committed: a new one is begun.
                is_undone = _is_surely_undone(error)
                self._hold(self._advanced() if is_undone else self._fresh)
                raise
            if done + 1 < len(wanted.formats):
                await self._advance(images=done + 1, uploading=True)
            else:
                await self._advance(images=done + 1, commit=Commit.ASKED)

    async def _commit(self) -> None:
        if self._steps.commit is not Commit.ASKED:
            await self._advance(commit=Commit.ASKED)
        try:
            await self._client.commit(self._request_id())
        except (Unavailable, Disconnected) as error:
            if _is_surely_undone(error):
                await self._advance(commit=Commit.NOT_YET)
            raise
        except Rejected:
            await self._settle_unclear_commit()
            if self._steps.commit is Commit.DONE:
                return  # it refused because it has the commit already
            raise
        # Not saved here: the hub saves what we return, and until then `asked` finds it out.
        self._hold(self._advanced(commit=Commit.DONE))

    def _request_id(self) -> int:
        if self._steps.request_id is None:
            raise AssertionError("images and commit come after create")
        return self._steps.request_id

    async def _advance(
        self, *, images: int | None = None, uploading: bool = False, commit: Commit | None = None
    ) -> None:
        await self._keep(self._advanced(images=images, uploading=uploading, commit=commit))

    def _advanced(
        self, *, images: int | None = None, uploading: bool = False, commit: Commit | None = None
    ) -> Progress:
        ends_at = self._client.clock() + timedelta(days=self._settings.duration_days)
        steps = msgspec.structs.replace(
            self._steps,
            images=self._steps.images if images is None else images,
            uploading=uploading,
            commit=commit or self._steps.commit,
            ends_at=ends_at if commit is Commit.DONE else self._steps.ends_at,
        )
        return progress_from_steps(steps, external_id=self._progress.external_id)

    async def _keep(self, progress: Progress) -> None:
        self._hold(progress)
        await self._save(self._progress)
        self._is_saved = True

    def _hold(self, progress: Progress) -> None:
        self._progress = msgspec.structs.replace(progress, over=self._over)
        self._steps = steps_from_progress(progress)
        self._is_saved = False


def _as_it_is(item: Item) -> Item:
    return item


def _is_surely_undone(error: Unavailable | Disconnected) -> bool:
    return not (isinstance(error, Unavailable) and error.unclear)


def _wanted_from_offer(offer: Offer, settings: Settings) -> Wanted:
    """Say what is asked for. Raises Rejected."""
    request = item_request_from_offer(offer, settings)
    kinds = [each.media_type for each in offer.product.images]
    whole = [request, kinds, [each.key for each in offer.product.images]]
    digest = hashlib.sha256(msgspec.json.encode(whole)).hexdigest()[:DIGEST_LETTERS]
    return Wanted(request=request, formats=formats_from_media_types(kinds), digest=digest)


async def _bytes_of(images: Sequence[ProductImage], position: int) -> bytes:
    """Read one image. Raises Rejected when it is larger than Tradera takes."""
    data = await images[position].read()
    if len(data) > MAX_IMAGE_BYTES:
        raise Rejected(
            f"Tradera takes images up to 4 MB; image {position + 1} has {len(data)} bytes"
        )
    return data
