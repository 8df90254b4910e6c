"""Read Tradera's items and what became of requests, purely."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from saluhall.capabilities import Format
from saluhall.channel import (
    Live,
    Lost,
    Outcome,
    Pending,
    Progress,
    Refusal,
    RemoteListing,
    RemoteState,
)
from saluhall.channels.tradera.settings import ITEM_PAGE
from saluhall.channels.tradera.wire import (
    Item,
    ItemStatus,
    ItemType,
    RequestResult,
    ResultCode,
    UpdateItemPriceResult,
)

CHECK_IN = timedelta(milliseconds=500)


def url_from_id(external_id: str, page: str = ITEM_PAGE) -> str:
    """Return where people see the item; `page` is the address of all items."""
    return f"{page}/{external_id}"


def is_uncommitted(result: RequestResult | None) -> bool:
    """Return whether a request has no commit yet."""
    return result is not None and ResultCode.UNCOMMITTED in ResultCode(result.resultCode)


def outcome_from_result(result: RequestResult | None, *, live: Live, restart: Progress) -> Outcome:
    """Return what became of a request: `live` when it is; when it is lost, publish again from `restart`."""
    if result is None:
        return Pending(check_in=CHECK_IN)
    code = ResultCode(result.resultCode)
    if ResultCode.OK in code:
        return live
    if not code or code & (ResultCode.WAITING | ResultCode.UNCOMMITTED):
        return Pending(check_in=CHECK_IN)
    if code & (ResultCode.TRY_AGAIN | ResultCode.TIMEOUT):
        return Lost(reason=_worded("Tradera asks to try again", result), progress=restart)
    return Refusal(reason=_worded(_refusal(code), result))


REFUSALS: dict[ResultCode, str] = {
    ResultCode.IMAGE_PROCESSING_ERROR: "Tradera could not process the images",
    ResultCode.UPDATE_NOT_ALLOWED: "Tradera does not allow this change",
    ResultCode.SHOP_FULL: "The Tradera shop holds as many items as it may",
    ResultCode.ERROR: "Tradera refused the listing",
}


def _refusal(code: ResultCode) -> str:
    known = (reason for flag, reason in REFUSALS.items() if flag in code)
    return next(known, f"Tradera refused the listing with the unknown code {int(code)}")


def _worded(reason: str, result: RequestResult) -> str:
    return f"{reason}: {result.message}" if result.message else reason


def remote_listing_from_item(item: Item, now: datetime, page: str = ITEM_PAGE) -> RemoteListing:
    """Read an item; Tradera has no field for its state, so it is derived."""
    if (item.itemType or ItemType.AUCTION) != ItemType.AUCTION:
        return _fixed_listing(item, now, page)
    state = _state(item, now)
    opening = specified(item.openingBid, is_specified=item.openingBidSpecified)
    buy_now = specified(item.buyItNowPrice, is_specified=item.buyItNowPriceSpecified)
    hammer = specified(item.maxBid, is_specified=item.maxBidSpecified) or buy_now
    return RemoteListing(
        external_id=str(item.id),
        state=state,
        price=_money(opening or buy_now),
        quantity=int(state is RemoteState.LIVE),
        units_sold=int(state is RemoteState.SOLD),
        sale_price=_money(hammer) if state is RemoteState.SOLD else None,
        bids=item.totalBids or 0,
        ends_at=instant_from_text(item.endDate),
        url=url_from_id(str(item.id), page),
    )


def _fixed_listing(item: Item, now: datetime, page: str) -> RemoteListing:
    """Read an item with a fixed price: it is sold when it has ended with nothing left, and live with quantity 0 until then."""
    price = specified(item.buyItNowPrice, is_specified=item.buyItNowPriceSpecified)
    is_over = _state(item, now) is not RemoteState.LIVE
    ended = RemoteState.SOLD if item.remainingQuantity == 0 else RemoteState.ENDED
    state = ended if is_over else RemoteState.LIVE
    return RemoteListing(
        external_id=str(item.id),
        state=state,
        format=Format.FIXED,
        price=_money(price),
        quantity=0 if is_over else item.remainingQuantity,
        sale_price=_money(price) if state is RemoteState.SOLD else None,
        ends_at=instant_from_text(item.endDate) if is_over else None,
        url=url_from_id(str(item.id), page),
    )


def dated_listing_from_item(item: Item, now: datetime, page: str = ITEM_PAGE) -> RemoteListing:
    """Read an item. Raises ValueError when only a date that cannot be read says whether it has ended."""
    is_said = item.status is not None and item.status.ended is not None
    if item.endDate and instant_from_text(item.endDate) is None and not is_said:
        raise ValueError(f"endDate cannot be read: {item.endDate!r}")
    return remote_listing_from_item(item, now, page)


def _state(item: Item, now: datetime) -> RemoteState:
    status = item.status or ItemStatus()
    ends_at = instant_from_text(item.endDate)
    ended = (ends_at is not None and ends_at <= now) if status.ended is None else status.ended
    if not ended:
        return RemoteState.LIVE
    sold = status.gotWinner
    if sold is None:
        sold = bool(item.totalBids) and item.reservePriceReached is not False
    return RemoteState.SOLD if sold else RemoteState.ENDED


def sentences_of_refusal(result: UpdateItemPriceResult) -> list[str]:
    """Collect what Tradera answers about a price that it does not take."""
    said = (e.get("errorMessage") for e in result.validationErrors or () if isinstance(e, dict))
    return [sentence for sentence in said if isinstance(sentence, str) and sentence]


def has_bids(item: Item) -> bool:
    """Return whether somebody has bid on the item."""
    return bool(item.totalBids) or bool(item.status and item.status.gotBidders)


def specified(value: int | None, *, is_specified: bool | None) -> int | None:
    """Return a number when it counts: its Specified field is true, or is absent and the number is not 0."""
    if is_specified is None:
        return value or None
    return value if is_specified else None


def instant_from_text(text: str | None) -> datetime | None:
    """Read an instant of any ISO 8601 spelling; without a zone it is UTC, unreadable is None."""
    try:
        instant = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _money(kronor: int | None) -> Decimal | None:
    return None if kronor is None else Decimal(kronor)
