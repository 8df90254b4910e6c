"""Publish one offer: make the calls that its steps name, and save each before the next one could make a second listing."""

from datetime import datetime, timedelta

from msgspec import structs

from saluhall.channel import (
    Disconnected,
    Offer,
    Progress,
    Purpose,
    Rejected,
    RemoteState,
    Save,
    Unavailable,
)
from saluhall.channels.tradera.category_tree import Categories
from saluhall.channels.tradera.client import Client
from saluhall.channels.tradera.items import (
    instant_from_text,
    is_uncommitted,
    remote_listing_from_item,
)
from saluhall.channels.tradera.settings import IMAGE_FORMATS, MEGA_IMAGES, Settings
from saluhall.channels.tradera.steps import (
    Commit,
    Step,
    Steps,
    asked,
    committed,
    created,
    failed,
    image_added,
    next_step,
    not_committed,
    progress_from_steps,
    restart_from,
    steps_from_progress,
)
from saluhall.channels.tradera.translate import Wanted, wanted_from_offer
from saluhall.channels.tradera.transport import NotThere
from saluhall.channels.tradera.uploads import bytes_of, with_images
from saluhall.channels.tradera.wire import (
    AddItemImageRequest,
    Item,
    ItemRequest,
    QueuedRequestResponse,
    ShopItemData,
)

Body = ItemRequest | ShopItemData | AddItemImageRequest | None

CALLS_BESIDE_IMAGES = 3  # create, commit, reading the result
LOOK_BACK = timedelta(days=30)
CLOCK_SKEW = timedelta(minutes=5)  # between Tradera and us
QUEUE_TIME = timedelta(minutes=2)  # a create without a response may be in Tradera's queue so long


class Publication:
    """An offer, how far its publication has come, and where that is saved."""

    def __init__(
        self,
        *,
        client: Client,
        categories: Categories,
        settings: Settings,
        offer: Offer,
        progress: Progress,
        save: Save,
    ) -> None:
        self._client = client
        self._categories = categories
        self._settings = settings
        self._offer = offer
        self._progress = progress
        self._save = save
        self._is_saved = True
        self._is_known = steps_from_progress(progress).request_id is not None  # in what is saved
        over = Progress(over=progress.over)
        self._fresh = restart_from(progress) if progress.unclear else over

    async def run(self) -> Progress:
        """Continue from where the last attempt stopped."""
        try:
            await self._check_commit()
            if steps_from_progress(self._progress).commit is not Commit.DONE:
                await self._continue(wanted_from_offer(self._offer, self._settings))
        except NotThere as error:
            await self._keep(restart_from(self._progress))
            raise Unavailable(f"Tradera no longer knows the request: {error}") from error
        except Rejected:
            await self._keep(self._fresh)  # this request is never published; other data is another
            raise
        except Exception:  # whatever it was: a request that is known must not be made again
            if not self._is_saved:
                await self._keep(self._progress)
            raise
        return self._progress

    async def _continue(self, wanted: Wanted) -> None:
        has_looked = False
        while step := next_step(self._progress, wanted.plan, has_looked=has_looked):
            match step:
                case Step.LOOK:
                    await self._look(wanted)
                    has_looked = True
                case Step.CHECK_COMMIT:
                    await self._check_commit()
                case _:
                    await self._send(step, wanted)

    async def _send(self, step: Step, wanted: Wanted) -> None:
        """Make a call that changes something; what is true if no response comes is saved first where it matters."""
        body = await self._body(step, wanted)
        before = self._fresh if step is Step.CREATE else self._progress
        sent = asked(self._progress, step, wanted.plan, now=self._client.clock())
        # Before the commit nothing is shown: a kill leaves a request that nobody commits.
        if self._must_be_saved(step, wanted):
            await self._keep(sent)
        else:
            self._hold(sent)
        try:
            done = await self._call(body)
        except (Unavailable, Disconnected) as error:
            unclear = isinstance(error, Unavailable) and error.unclear
            await self._keep(failed(before, step, sent, fresh=self._fresh, unclear=unclear))
            raise
        except Rejected:
            if step is not Step.COMMIT:
                raise
            await self._check_commit()  # it may be refused because it is committed already
            if steps_from_progress(self._progress).commit is not Commit.DONE:
                raise
        else:
            self._hold(
                done
            )  # the hub saves what we return; until then the step before finds it out

    def _must_be_saved(self, step: Step, wanted: Wanted) -> bool:
        match step:
            case Step.CREATE:
                return wanted.plan.is_published_by_create
            case Step.ADD_IMAGE:
                return self._is_known or steps_from_progress(self._progress).images > 0
            case _:
                return True

    async def _body(self, step: Step, wanted: Wanted) -> Body:
        """Make ready what is sent, its category checked and its images read. Raises Rejected."""
        if step is Step.CREATE:
            await self._categories.check(wanted.category)
        match step:
            case Step.CREATE if wanted.shop_item is not None:
                return await with_images(wanted.shop_item, self._offer)
            case Step.CREATE:
                return wanted.auction
            case Step.ADD_IMAGE:
                return await self._image(steps_from_progress(self._progress).images)
            case _:
                return None

    async def _call(self, body: Body) -> Progress:
        match body:
            case ShopItemData():
                return self._created(await self._client.create_shop_item(body))
            case ItemRequest():
                needs = CALLS_BESIDE_IMAGES + len(self._offer.product.images)
                return self._created(await self._client.create_item(body, needs=needs))
            case AddItemImageRequest():
                await self._client.add_image(self._request_id(), body)
                return image_added(self._progress)
            case None:
                await self._client.commit(self._request_id())
                return committed(self._progress, ends_at=self._ends_at())

    def _created(self, queued: QueuedRequestResponse) -> Progress:
        number, item = queued.requestId, str(queued.itemId)
        return created(self._progress, request_id=number, external_id=item)

    async def _image(self, position: int) -> AddItemImageRequest:
        image = self._offer.product.images[position]
        return AddItemImageRequest(
            imageData=await bytes_of(image, position + 1),
            imageFormat=IMAGE_FORMATS[image.media_type],
            hasMega=MEGA_IMAGES,
        )

    async def _check_commit(self) -> None:
        """Find out whether a commit arrived when its response was lost."""
        steps = steps_from_progress(self._progress)
        if steps.commit is not Commit.ASKED or steps.request_id is None:
            return
        results = await self._client.request_results([steps.request_id])
        arrived = not is_uncommitted(results.get(steps.request_id))
        done = committed(self._progress, ends_at=self._ends_at())
        await self._keep(done if arrived else not_committed(self._progress))

    async def _look(self, wanted: Wanted) -> None:
        """Look for our own reference, and take what is found for ours. Raises Unavailable while it may still appear."""
        steps = steps_from_progress(self._progress)
        now = self._client.clock()
        item = await self._find_live(
            steps.started_at or now, CALLS_BESIDE_IMAGES + wanted.plan.images + 1
        )
        if item is not None:
            await self._adopt(item)
        elif steps.commit is Commit.ASKED and steps.asked_at is not None:
            wait = steps.asked_at + QUEUE_TIME - now
            if wait > timedelta():
                raise Unavailable("Tradera may still have the listing in its queue", retry_in=wait)

    async def _find_live(self, started_at: datetime, calls: int) -> Item | None:
        """Look for our own reference among the seller's items: live, or sold since we began."""
        after = min(started_at, self._client.clock() - LOOK_BACK)
        items = await self._client.seller_items(
            Purpose.PUBLISH, _as_it_is, ending_after=after, needs=calls
        )
        if any(self._offer.key in entry.raw for entry in items.field_errors_of):
            raise Unavailable("The listing may be live on Tradera, in an entry that cannot be read")
        ours = [item for item in items.good if self._offer.key in (item.ownReferences or ())]
        newer = [item for item in ours if item.id > int(self._progress.over or 0)]
        found = [item for item in newer if self._is_live(item, started_at)]
        return max(found, key=lambda item: item.id, default=None)

    def _is_live(self, item: Item, started_at: datetime) -> bool:
        there = remote_listing_from_item(item, self._client.clock())
        begun_at = instant_from_text(item.startDate)
        is_fresh = begun_at is not None and begun_at >= started_at - CLOCK_SKEW
        is_sold = there.state is RemoteState.SOLD and is_fresh
        return there.format is self._offer.format and (there.state is RemoteState.LIVE or is_sold)

    async def _adopt(self, item: Item) -> None:
        there = remote_listing_from_item(item, self._client.clock())
        started_at = steps_from_progress(self._progress).started_at
        steps = Steps(started_at=started_at, commit=Commit.DONE, ends_at=there.ends_at)
        over = self._progress.over
        found = progress_from_steps(steps, external_id=there.external_id, over=over)
        await self._keep(structs.replace(found, price=there.price, quantity=there.quantity))

    def _ends_at(self) -> datetime:
        return self._client.clock() + timedelta(days=self._settings.duration_days)

    def _request_id(self) -> int:
        request_id = steps_from_progress(self._progress).request_id
        if request_id is None:
            raise AssertionError("images and commit come after create")
        return request_id

    async def _keep(self, progress: Progress) -> None:
        self._hold(progress)
        await self._save(progress)
        self._is_saved = True

    def _hold(self, progress: Progress) -> None:
        self._progress = progress
        self._is_saved = False


def _as_it_is(item: Item) -> Item:
    return item
