"""Translate between the hub's values and Tradera's shapes, purely."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec

from saluhall.channel import (
    Live,
    Lost,
    Offer,
    Outcome,
    Pending,
    Product,
    Progress,
    Refusal,
    Rejected,
    RemoteListing,
    RemoteState,
)
from saluhall.channels.tradera.categories import category_from_offer
from saluhall.channels.tradera.footer import footer_from_domain, text_from_value
from saluhall.channels.tradera.settings import (
    CURRENCY,
    IMAGE_FORMATS,
    ITEM_PAGE,
    MAX_IMAGES,
    MAX_KRONOR,
    Settings,
)
from saluhall.channels.tradera.text import description_from_text, rendered, title_from_text
from saluhall.channels.tradera.wire import (
    Condition,
    Item,
    ItemRequest,
    ItemShipping,
    ItemStatus,
    ItemType,
    RequestResult,
    ResultCode,
    UpdateItemPriceResult,
)
from saluhall.kit.texts import is_seen

NEW_GRADE = "A*"
SHIPPING_TO_BE_AGREED = {
    "en": "Pickup. Shipping, and what it costs, is to be agreed with the seller.",
    "sv": "Avhämtning. Frakt, och vad den kostar, kommer köparen överens om med säljaren.",
}
CHECK_IN = timedelta(milliseconds=500)


def item_request_from_offer(offer: Offer, settings: Settings) -> ItemRequest:
    """Describe an auction. Raises Rejected when Tradera cannot sell the offer as it is."""
    if offer.currency != CURRENCY:
        raise Rejected(f"Tradera sells in SEK only; the price is in {offer.currency}")
    product = offer.product
    title = title_from_text(product.title)
    if not is_seen(title):
        raise Rejected("Tradera needs a title")
    footer = footer_from_domain(product.attributes, settings.language)
    return ItemRequest(
        title=title,
        description=description_from_text(product.description, footer) or rendered(title),
        categoryId=category_from_offer(offer, settings.categories),
        itemType=ItemType.AUCTION,
        duration=settings.duration_days,
        restarts=settings.restarts,
        startPrice=kronor_from_price(offer.price),
        acceptedBidderId=settings.accepted_bidder_id,
        shippingOptions=[shipping_from_product(product, settings)],
        shippingCondition=shipping_condition_from_product(product, settings),
        itemAttributes=[condition_from_product(product)],
        ownReferences=[offer.key],
        autoCommit=False,
        paymentOptionIds=list(settings.payment_option_ids) or msgspec.UNSET,
        vat=msgspec.UNSET if settings.vat is None else settings.vat,
    )


def kronor_from_price(amount: Decimal, *, what: str = "price", min_kronor: int = 1) -> int:
    """Return an amount in whole kronor. Raises Rejected."""
    if not amount.is_finite():
        raise Rejected(f"Tradera needs an amount; the {what} is {amount}")
    if amount != amount.to_integral_value():
        raise Rejected(f"Tradera takes whole kronor only; the {what} is {_shown(amount)} SEK")
    if not min_kronor <= amount <= MAX_KRONOR:
        raise Rejected(
            f"Tradera takes {min_kronor} to {MAX_KRONOR} SEK; the {what} is {_shown(amount)} SEK"
        )
    return int(amount)


def shipping_from_product(product: Product, settings: Settings) -> ItemShipping:
    """Choose the one way to get the item; shipping costs what is given, 0 only when 0 is given. Raises Rejected.

    Where no shipping cost is given the buyer fetches the item, or agrees with the seller on something else.
    """
    if product.shipping_strategy == "fixed" and product.shipping_cost is None:
        raise Rejected("Shipping at a fixed price needs a shipping cost; 0 is free shipping")
    if product.shipping_strategy == "pickup_only" or product.shipping_cost is None:
        return ItemShipping(cost=0, shippingOptionId=settings.pickup_option_id)
    cost = kronor_from_price(product.shipping_cost, what="shipping cost", min_kronor=0)
    weight = float(product.weight_kg) if product.weight_kg else None
    integrated = product.shipping_strategy == "integrated"
    provider = settings.shipping_provider_id if integrated and weight else None
    provider_product = settings.shipping_product_id if provider is not None else None
    return ItemShipping(
        cost=cost,
        shippingOptionId=settings.shipping_option_id if provider is None else msgspec.UNSET,
        shippingProviderId=msgspec.UNSET if provider is None else provider,
        shippingProductId=msgspec.UNSET if provider_product is None else provider_product,
        shippingProductIdSpecified=provider_product is not None,
        shippingWeight=weight or msgspec.UNSET,
        shippingWeightSpecified=weight is not None,
    )


def shipping_condition_from_product(
    product: Product, settings: Settings
) -> str | msgspec.UnsetType:
    """Write that shipping is to be agreed where the item is to be shipped and no cost is given."""
    is_shipped = product.shipping_strategy == "seller_shipped" or (
        product.shipping_strategy == "integrated" and bool(product.weight_kg)
    )
    if product.shipping_cost is None and is_shipped:
        return SHIPPING_TO_BE_AGREED[settings.language]
    return msgspec.UNSET


def condition_from_product(product: Product) -> Condition:
    """Return new or used; what is not known to be unused is used."""
    grade = text_from_value(product.attributes.get("conditionGrade"))
    return Condition.NEW if grade == NEW_GRADE else Condition.USED


def formats_from_media_types(media_types: Sequence[str]) -> list[int]:
    """Return the number of each image's format. Raises Rejected for one Tradera does not take."""
    if len(media_types) > MAX_IMAGES:
        raise Rejected(f"Tradera takes {MAX_IMAGES} images; there are {len(media_types)}")
    for number, media_type in enumerate(media_types, 1):
        if media_type not in IMAGE_FORMATS:
            raise Rejected(
                f"Tradera takes JPEG, GIF and PNG images; image {number} is {media_type}"
            )
    return [IMAGE_FORMATS[media_type] for media_type in media_types]


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


def _shown(amount: Decimal) -> str:
    whole, _, fraction = f"{amount:f}".partition(".")
    return f"{whole}.{fraction:0<2}"
