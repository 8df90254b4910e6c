"""Translate offers into what Tradera is asked for, purely."""

import hashlib
from collections.abc import Sequence
from decimal import Decimal

import msgspec
from msgspec import Struct

from saluhall.capabilities import Format
from saluhall.channel import Offer, Product, Rejected
from saluhall.channels.tradera.categories import category_from_offer
from saluhall.channels.tradera.footer import footer_from_product
from saluhall.channels.tradera.settings import (
    CURRENCY,
    IMAGE_FORMATS,
    MAX_IMAGES,
    MAX_KRONOR,
    MAX_QUANTITY,
    Settings,
)
from saluhall.channels.tradera.steps import Plan
from saluhall.channels.tradera.text import description_from_text, rendered, title_from_text
from saluhall.channels.tradera.uploads import reference_of_images
from saluhall.channels.tradera.wire import (
    Condition,
    ItemRequest,
    ItemShipping,
    ItemType,
    ShopItemData,
)
from saluhall.kit.texts import is_seen

_DIGEST_LETTERS = 16
NEW = "new"
SHIPPING_TO_BE_AGREED = {
    "en": "Pickup. Shipping, and what it costs, is to be agreed with the seller.",
    "sv": "Avhämtning. Frakt, och vad den kostar, kommer köparen överens om med säljaren.",
}


class Wanted(Struct, frozen=True, kw_only=True):
    """What is to be published: one of the two, and the plan of the calls."""

    plan: Plan
    category: int
    auction: ItemRequest | None = None
    shop_item: ShopItemData | None = None


def wanted_from_offer(offer: Offer, settings: Settings) -> Wanted:
    """Describe what an offer asks Tradera for. Raises Rejected."""
    is_fixed = offer.format is Format.FIXED
    auction = None if is_fixed else item_request_from_offer(offer, settings)
    shop_item = shop_item_from_offer(offer, settings) if is_fixed else None
    media_types = [image.media_type for image in offer.product.images]
    formats_from_media_types(media_types)
    keys = [image.key for image in offer.product.images]
    whole = msgspec.json.encode([auction or shop_item, media_types, keys])
    plan = Plan(
        digest=hashlib.sha256(whole).hexdigest()[:_DIGEST_LETTERS],
        images=0 if is_fixed else len(keys),
        is_published_by_create=is_fixed,
    )
    category = category_from_offer(offer, settings.categories)
    return Wanted(plan=plan, category=category, auction=auction, shop_item=shop_item)


def item_request_from_offer(offer: Offer, settings: Settings) -> ItemRequest:
    """Describe an auction. Raises Rejected when Tradera cannot sell the offer as it is."""
    if offer.quantity > 1:
        raise Rejected(f"An auction at Tradera has one unit; this offer has {offer.quantity}")
    title, description = _texts(offer, settings)
    product = offer.product
    return ItemRequest(
        title=title,
        description=description,
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
        vat=vat_from_product(product, settings),
    )


def shop_item_from_offer(offer: Offer, settings: Settings) -> ShopItemData:
    """Describe a shop item, its images left out. Raises Rejected when Tradera cannot sell the offer as it is."""
    title, description = _texts(offer, settings)
    product = offer.product
    return ShopItemData(
        title=title,
        description=description,
        categoryId=category_from_offer(offer, settings.categories),
        price=kronor_from_price(offer.price),
        absoluteQuantity=quantity_from_units(offer.quantity),
        acceptedBuyerId=settings.accepted_bidder_id,
        shippingOptions=[shipping_from_product(product, settings)],
        shippingCondition=shipping_condition_from_product(product, settings),
        itemAttributes=[condition_from_product(product)],
        ownReferences=[offer.key, reference_of_images(product.images)],
        paymentOptionIds=list(settings.payment_option_ids) or msgspec.UNSET,
        vat=vat_from_product(product, settings),
    )


def _texts(offer: Offer, settings: Settings) -> tuple[str, str]:
    if offer.currency != CURRENCY:
        raise Rejected(f"Tradera sells in SEK only; the price is in {offer.currency}")
    title = title_from_text(offer.product.title)
    if not is_seen(title):
        raise Rejected("Tradera needs a title")
    footer = footer_from_product(offer.product, settings.language)
    return title, description_from_text(offer.product.description, footer) or rendered(title)


def quantity_from_units(units: int) -> int:
    """Return a quantity. Raises Rejected."""
    if not 0 <= units <= MAX_QUANTITY:
        raise Rejected(f"Tradera takes quantities from 0 to {MAX_QUANTITY}; this one is {units}")
    return units


def vat_from_product(product: Product, settings: Settings) -> int | msgspec.UnsetType:
    """Return the VAT in percent: the product's, else the setting's. Who sets none is a private seller, who sends none."""
    if settings.vat is None:
        return msgspec.UNSET
    known = product.vat_percent
    is_whole = known is not None and known == known.to_integral_value()
    return int(known) if known is not None and is_whole else settings.vat


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
    return Condition.NEW if product.condition == NEW else Condition.USED


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


def _shown(amount: Decimal) -> str:
    whole, _, fraction = f"{amount:f}".partition(".")
    return f"{whole}.{fraction:0<2}"
