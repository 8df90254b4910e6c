"""Fetch an account's due images, re-encode and host them; activate the products that have all they need."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from msgspec import field

from saluhall.domain.images import operations as images
from saluhall.domain.images.model import DueImage, Fetched, Rooms
from saluhall.domain.listings import operations as listings
from saluhall.jobs.run import Job, Opened, Run
from saluhall.jobs.slots import Pace, PlacedCall, Size
from saluhall.kit.http import NoResponse, NotAllowed, Response, TooLarge
from saluhall.kit.image_pool import ImageProcessLost
from saluhall.kit.images import BadImage
from saluhall.kit.retry import RetryPolicy
from saluhall.storage.image_store import StoreUnavailable

MAX_DOWNLOAD_BYTES = 20 * 1024 * 1024
MAX_BYTES = 4 * 1024 * 1024  # what the strictest channel takes
MAX_PIXELS = 100_000_000
MAX_SIDE = 2048
TIMEOUT_S = 20.0
IMAGE_RETRIES = RetryPolicy(attempts=4, base=timedelta(seconds=1), max=timedelta(seconds=4))
_WIDTH = 16  # of an account
_PACE = Pace(start=4, max_calls=16, min_calls=2, slow_s=5.0)
_LEASE = timedelta(minutes=5)
_OK = 200
_SERVER_ERROR = 500
_BUSY = frozenset({408, 425, 429})


class Fetching(Opened):
    """The run of one account; `calls` are those at hosts that were claimed for."""

    calls: dict[DueImage, PlacedCall] = field(default_factory=dict)


async def _open(run: Run, key: str) -> Fetching:
    return Fetching(run, key, run.slots.share(key, max_calls=_WIDTH))


async def _claim(account: Fetching, limit: int) -> Sequence[DueImage]:
    run, share = account.run, account.share
    rooms = Rooms({str(host): room for host, room in share.rooms().items()}, _PACE.start)
    async with run.db.statement() as tx:
        claimed = await images.claim_due(
            tx,
            UUID(account.key),
            worker=run.worker,
            limit=limit,
            rooms=rooms,
            lease=_LEASE,
            now=run.clock(),
        )
    account.calls.update({image: share.begin(image.host) for image in claimed})
    return claimed


async def _work(account: Fetching, image: DueImage) -> Fetched:
    return await _fetch(account.run, image, account.calls.pop(image))


async def _record(account: Fetching, fetched: Sequence[Fetched]) -> None:
    run = account.run
    async with run.db.transaction() as tx:
        await listings.images_fetched(tx, UUID(account.key), fetched, now=run.clock())
    run.woken.set()  # their hosts have room again


async def _download(run: Run, image: DueImage, call: PlacedCall) -> Response:
    """Get an image, and note how quick its host was. Raises NoResponse, NotAllowed, TooLarge."""
    has_failed = False
    try:
        answer = await run.http.fetch(
            image.source_url, max_bytes=MAX_DOWNLOAD_BYTES, timeout_s=TIMEOUT_S
        )
        has_failed = answer.status >= _SERVER_ERROR or answer.status in _BUSY
    except NoResponse:
        has_failed = True
        raise
    finally:
        call.end(has_failed=has_failed)
        run.woken.set()  # the host has room again
    return answer


async def _fetch(run: Run, image: DueImage, call: PlacedCall) -> Fetched:
    try:
        answer = await _download(run, image, call)
        if answer.status >= _SERVER_ERROR or answer.status in _BUSY:
            return _later(image, f"the server answered {answer.status}")
        if answer.status != _OK:
            return _never(image, f"the server answered {answer.status}")
        return await _host(run, image, answer.body)
    except (NoResponse, ImageProcessLost) as error:
        return _later(image, str(error))
    except StoreUnavailable as error:
        return Fetched(image=image, reason=str(error), retry_in_s=30.0)
    except NotAllowed as error:
        return _never(image, str(error))
    except TooLarge:
        return _never(image, f"larger than {MAX_DOWNLOAD_BYTES // 1024 // 1024} MB")


async def _host(run: Run, image: DueImage, raw: bytes) -> Fetched:
    try:
        encoded = await run.image_pool.reencode(
            raw,
            account=image.account_id,
            max_bytes=MAX_BYTES,
            max_pixels=MAX_PIXELS,
            max_side=MAX_SIDE,
        )
    except BadImage as error:
        return _never(image, str(error))
    key = f"{encoded.sha256}.{'png' if encoded.media_type == 'image/png' else 'jpg'}"
    await run.images.put(key, encoded.data, encoded.media_type)
    return Fetched(
        image=image,
        stored_key=key,
        media_type=encoded.media_type,
        width=encoded.width,
        height=encoded.height,
        bytes=len(encoded.data),
    )


def _later(image: DueImage, reason: str) -> Fetched:
    attempt = image.attempts + 1
    if IMAGE_RETRIES.is_last(attempt):
        return _never(image, f"{reason} ({attempt} tries)")
    pause_s = IMAGE_RETRIES.delay(attempt).total_seconds()
    return Fetched(image=image, reason=reason, retry_in_s=pause_s)


def _never(image: DueImage, reason: str) -> Fetched:
    return Fetched(image=image, reason=reason)


FETCH_IMAGES = Job(
    name="fetch_images",
    size=Size(slots=128, pace=_PACE),
    open=_open,
    claim=_claim,
    work=_work,
    record=_record,
)
