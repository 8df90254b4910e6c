"""Shop items: queued like listings, changed in place, with a quantity."""

from dataclasses import replace
from datetime import datetime, timedelta

from saluhall.practice.tradera import request_queue
from saluhall.practice.tradera.clock import aware
from saluhall.practice.tradera.errors import Denied, Missing
from saluhall.practice.tradera.images import Image, image_from_bytes
from saluhall.practice.tradera.listing_rules import check_terms, require
from saluhall.practice.tradera.market import Market
from saluhall.practice.tradera.model import Item, Kind, QueuedRequest, Result, Seller, Terms
from saluhall.practice.tradera.wire import ShopItemData, ShopQuantity

MAX_IMAGES = 40
SHOP_ITEM_LIFE = timedelta(days=3650)  # a shop item stays until it is removed
# our names of the terms, and their words in a shop item
TERMS = {
    "title": "title",
    "description": "description",
    "category_id": "categoryId",
    "accepted_buyer_id": "acceptedBuyerId",
    "attribute_values": "attributeValues",
    "item_attributes": "itemAttributes",
    "own_references": "ownReferences",
    "payment_condition": "paymentCondition",
    "payment_option_ids": "paymentOptionIds",
    "shipping_condition": "shippingCondition",
    "shipping_options": "shippingOptions",
    "vat": "vat",
}


def check_shop(seller: Seller) -> None:
    """Let only sellers with a shop pass. Raises Denied."""
    if not seller.has_shop:
        raise Denied(
            "This operation is not allowed for user that does not have an active Tradera shop"
        )


def own_shop_item(market: Market, seller: Seller, item_id: int) -> Item:
    """Give a seller's own shop item. Raises Missing."""
    item = market.items.get(item_id)
    if item is None or item.seller is not seller or item.kind is not Kind.SHOP:
        raise Missing(
            f"Shop item with id {item_id} does not exist for user {seller.person.user_id}."
        )
    return item


def create(market: Market, *, seller: Seller, data: ShopItemData, now: datetime) -> QueuedRequest:
    """Take a shop item in; no commit is needed. Raises Refused, Crashed."""
    blank = Terms(title="", description="", category_id=0, accepted_buyer_id=0)
    terms = _changed(blank, data)
    check_terms(terms)
    require(data.price is not None, "Price is required")
    _check_numbers(data)
    quantity = _quantity_after(0, data)
    item = Item(
        id=next(market.item_ids),
        seller=seller,
        kind=Kind.SHOP,
        terms=terms,
        duration=0,
        buy_now_price=data.price or 0,
        quantity=1 if quantity is None else quantity,
        start_quantity=1 if quantity is None else quantity,
        start_at=now,
        end_at=now + SHOP_ITEM_LIFE,
    )
    market.add_item(item)

    def show(at: datetime) -> Result:
        item.is_published, item.start_at = True, _moment(data.activateDate, at)
        item.images = images
        _set_end(market, item, _moment(data.deactivateDate, at + SHOP_ITEM_LIFE))
        if item.start_at > at:
            market.schedule(item.start_at, lambda _: market.touch(item))
        market.touch(item)
        return Result.OK

    images = _images_of(data)
    request = request_queue.queue(market, item=item, effect=show, images=images)
    request_queue.commit(market, request, now=now)
    return request


def update(market: Market, *, item: Item, data: ShopItemData, now: datetime) -> QueuedRequest:
    """Change the given parts of a shop item. Raises Refused, Crashed."""
    check_terms(_changed(item.terms, data))
    _check_numbers(data)
    require((_quantity_after(item.quantity, data) or 0) >= 0, "The quantity would be negative")
    images = _images_of(data)

    def change(at: datetime) -> Result:
        if item.is_ended:
            return Result.UPDATE_NOT_ALLOWED
        item.terms = _changed(item.terms, data)
        item.buy_now_price = item.buy_now_price if data.price is None else data.price
        quantity = _quantity_after(item.quantity, data)
        item.quantity = item.quantity if quantity is None else max(quantity, 0)
        item.images = images or item.images
        item.start_at = _moment(data.activateDate, item.start_at)
        if data.deactivateDate is not None:
            _set_end(market, item, max(aware(data.deactivateDate), at))
        market.touch(item)
        return Result.OK

    request = request_queue.queue(market, item=item, effect=change, images=images)
    request_queue.commit(market, request, now=now)
    return request


def remove(market: Market, *, item: Item, now: datetime) -> QueuedRequest:
    """End a shop item for good."""

    def end(at: datetime) -> Result:
        if item.is_ended:
            return Result.UPDATE_NOT_ALLOWED
        item.is_ended, item.end_at = True, at
        market.touch(item)
        return Result.OK

    request = request_queue.queue(market, item=item, effect=end)
    request_queue.commit(market, request, now=now)
    return request


def quantity_problem(market: Market, item: Item, body: ShopQuantity) -> str | None:
    """Say why a quantity cannot be changed so, if so."""
    if item.is_ended or not item.is_published:
        return "The item is not active"
    if new_quantity(market, item, body) < 0:
        return "The quantity would be negative"
    return None


def new_quantity(market: Market, item: Item, body: ShopQuantity) -> int:
    """Work out the quantity after a change: as given, unless the rules say that it is a difference."""
    is_delta = market.rules.shop_quantity == "delta"
    return item.quantity + body.quantity if is_delta else body.quantity


def _changed(terms: Terms, data: ShopItemData) -> Terms:
    given = {ours: getattr(data, theirs) for ours, theirs in TERMS.items()}
    lists = {name: tuple(value) for name, value in given.items() if isinstance(value, list)}
    return replace(terms, **{k: v for k, v in given.items() if v is not None} | lists)


def _check_numbers(data: ShopItemData) -> None:
    require(data.price is None or data.price >= 1, "Price must be at least 1")
    require(
        data.quantity is None or data.absoluteQuantity is None,
        "Quantity and AbsoluteQuantity must not both be given",
    )
    require((data.absoluteQuantity or 0) >= 0, "AbsoluteQuantity must not be negative")


def _quantity_after(before: int, data: ShopItemData) -> int | None:
    if data.absoluteQuantity is not None:
        return data.absoluteQuantity
    return None if data.quantity is None else before + data.quantity


def _images_of(data: ShopItemData) -> list[Image]:
    images = data.itemImages or []
    require(len(images) <= MAX_IMAGES, f"At most {MAX_IMAGES} images are allowed")
    require(all(image.data for image in images), "An image without data was given")
    return [image_from_bytes(image.data or b"") for image in images]


def _moment(given: datetime | None, otherwise: datetime) -> datetime:
    return aware(given) if given else otherwise


def _set_end(market: Market, item: Item, end_at: datetime) -> None:
    item.end_at = end_at

    def deactivate(at: datetime) -> None:
        if not item.is_ended and item.end_at == at:
            item.is_ended = True
            market.touch(item)

    market.schedule(end_at, deactivate)
