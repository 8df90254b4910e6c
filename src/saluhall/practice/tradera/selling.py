"""Listing an item and changing its prices, as far as the marketplace lets a seller."""

from datetime import datetime

from saluhall.practice.tradera import lifecycle, request_queue
from saluhall.practice.tradera.clock import aware
from saluhall.practice.tradera.errors import Refused
from saluhall.practice.tradera.images import image_from_bytes
from saluhall.practice.tradera.listing_rules import (
    check_auction_prices,
    check_listing,
    require,
    terms_from_body,
)
from saluhall.practice.tradera.market import Market
from saluhall.practice.tradera.model import Item, Kind, QueuedRequest, Result, Seller
from saluhall.practice.tradera.wire import ItemRequest, SetPricesNonShopItem, UpdateItemPriceRequest

MAX_IMAGES = 40


def create(market: Market, *, seller: Seller, body: ItemRequest, now: datetime) -> QueuedRequest:
    """Take a listing in; it is shown when it is committed. Raises Refused, Crashed."""
    custom_end = aware(body.customEndDate) if body.customEndDate else None
    kind = check_listing(body, seller=seller, custom_end=custom_end, now=now)
    before = body.restartedFromItemId or None
    old = market.items.get(before) if before else None
    require(not before or (old and old.seller is seller), "RestartedFromItemId is not known")
    is_auction = kind is Kind.AUCTION
    item = Item(
        id=next(market.item_ids),
        seller=seller,
        kind=kind,
        terms=terms_from_body(body),
        duration=body.duration,
        restarts=body.restarts if is_auction else 0,
        start_price=body.startPrice if is_auction else 0,
        reserve_price=body.reservePrice if is_auction else 0,
        buy_now_price=body.buyItNowPrice,
        start_at=now,
        end_at=custom_end or now,
        custom_end=is_auction and custom_end is not None,
        restarted_from=before,
    )
    market.add_item(item)

    def show(at: datetime) -> Result:
        item.images = list(request.images)
        return lifecycle.publish(market, item, now=at)

    request = request_queue.queue(market, item=item, effect=show)
    request.campaign_code = body.campaignCode
    if body.autoCommit:
        request_queue.commit(market, request, now=now)
    return request


def add_image(request: QueuedRequest, data: bytes | None) -> None:
    """Put an image after the ones that are there. Raises Refused."""
    require(request.can_be_committed, f"Request {request.id} is already committed")
    require(len(request.images) < MAX_IMAGES, f"At most {MAX_IMAGES} images are allowed")
    if not data:
        raise Refused("ImageData is required")
    request.images.append(image_from_bytes(data))


def price_problem(item: Item, body: UpdateItemPriceRequest) -> str | None:
    """Say why an item's prices cannot be changed so, if so."""
    if problem := _frozen(item):
        return problem
    if body.openingPrice is None and body.binPrice is None:
        return "No price was given"
    if item.kind is Kind.FIXED:
        if body.openingPrice is not None:
            return "A fixed price item has no opening price"
        return None if (body.binPrice or 0) >= 1 else "The price must be at least 1"
    return _order_problem(*_new_prices(item, body))


def change_prices(market: Market, item: Item, body: UpdateItemPriceRequest) -> None:
    """Change prices and leave the kind of the listing alone."""
    item.start_price, item.reserve_price, item.buy_now_price = _new_prices(item, body)
    market.touch(item)


def _new_prices(item: Item, body: UpdateItemPriceRequest) -> tuple[int, int, int]:
    start = item.start_price if body.openingPrice is None else body.openingPrice
    buy_now = item.buy_now_price if body.binPrice is None else body.binPrice
    return start, item.reserve_price, buy_now


def recast_problem(item: Item, body: SetPricesNonShopItem) -> str | None:
    """Say why an item's prices cannot be set so, if so."""
    if problem := _frozen(item):
        return problem
    if item.reserve_price and body.reservedPrice is None:
        return "A reserve price cannot be removed"
    prices = _recast_prices(body)
    if _is_fixed(*prices):
        return None
    return _order_problem(*prices)


def recast(market: Market, item: Item, body: SetPricesNonShopItem) -> None:
    """Set prices and let the kind of the listing follow from them."""
    prices = _recast_prices(body)
    item.start_price, item.reserve_price, item.buy_now_price = prices
    item.kind = Kind.FIXED if _is_fixed(*prices) else Kind.AUCTION
    market.touch(item)


def _recast_prices(body: SetPricesNonShopItem) -> tuple[int, int, int]:
    reserve = body.reservedPrice.price if body.reservedPrice else 0
    return body.openingPrice, reserve, body.binPrice.price if body.binPrice else 0


def _is_fixed(start: int, reserve: int, buy_now: int) -> bool:
    return start == 0 and reserve == 0 and buy_now >= 1


def _frozen(item: Item) -> str | None:
    if item.kind is Kind.SHOP:
        return "The item is a shop item"
    if item.is_ended:
        return "The item is ended"
    return "The item has bids" if item.bids else None


def _order_problem(start: int, reserve: int, buy_now: int) -> str | None:
    try:
        check_auction_prices(start, reserve, buy_now)
    except Refused as refused:
        return str(refused)
    return None
