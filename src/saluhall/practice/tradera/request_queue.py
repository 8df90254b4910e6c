"""The queue behind every write that does not take effect at once."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from saluhall.practice.tradera.images import Image
from saluhall.practice.tradera.listing_rules import require
from saluhall.practice.tradera.market import Market
from saluhall.practice.tradera.model import Item, QueuedRequest, Result

MESSAGES = {
    Result.OK: "Ok",
    Result.IMAGE_PROCESSING_ERROR: "One or more images could not be processed",
    Result.UPDATE_NOT_ALLOWED: "The item cannot be updated",
    Result.WAITING_TO_BE_PROCESSED: "Waiting to be processed",
    Result.UNCOMMITTED: "The request is not committed",
}


def queue(
    market: Market,
    *,
    item: Item,
    effect: Callable[[datetime], Result],
    images: Sequence[Image] = (),
) -> QueuedRequest:
    """Take a request in; nothing happens until it is committed."""
    request = QueuedRequest(
        id=next(market.request_ids), item=item, effect=effect, images=list(images)
    )
    market.requests[request.id] = request
    return request


def commit(market: Market, request: QueuedRequest, *, now: datetime) -> None:
    """Hand a request to the queue. Raises Refused when it has been handed over before."""
    require(request.can_be_committed, f"Request {request.id} is already committed")
    request.result = Result.WAITING_TO_BE_PROCESSED
    request.polls_to_wait = market.rules.settle_polls
    due_at = now + timedelta(seconds=market.rules.settle_s)
    if due_at <= now:
        _settle(market, request, now)
    else:
        market.schedule(due_at, lambda at: _settle(market, request, at))


def _settle(market: Market, request: QueuedRequest, at: datetime) -> None:
    if market.next_results:
        result = market.next_results.popleft()
        if result is not Result.OK:
            request.result = result
            return
    if all(image.is_usable for image in request.images):
        request.result = request.effect(at)
    else:
        request.result = Result.IMAGE_PROCESSING_ERROR


def poll(request: QueuedRequest) -> Result:
    """Return what became of a request; the first polls after a commit only hear that it waits."""
    if request.polls_to_wait > 0:
        request.polls_to_wait -= 1
        return Result.WAITING_TO_BE_PROCESSED
    return request.result


def message_of(result: Result) -> str:
    """Say a result in words."""
    return MESSAGES.get(result, "An error occurred while the request was processed")
