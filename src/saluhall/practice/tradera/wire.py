"""What clients send, spelled as Tradera spells it; unknown members are ignored."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

Int32 = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]


class FetchTokenRequest(Struct, frozen=True):
    """Trades the secret of a finished login for a token."""

    userId: Int32
    secretKey: str | None = None


class ItemShipping(Struct, frozen=True):
    """One way to send the item, and what it costs the buyer."""

    cost: Int32
    shippingOptionId: Int32 | None = None
    shippingProviderId: Int32 | None = None
    shippingProductId: Int32 | None = None
    shippingProductIdSpecified: bool = False
    shippingWeight: float | None = None
    shippingWeightSpecified: bool = False
    sellerSurcharge: Int32 | None = None
    sellerSurchargeSpecified: bool = False
    sellerDiscount: Int32 | None = None
    sellerDiscountSpecified: bool = False


class TermValue(Struct, frozen=True):
    """Chosen words of one attribute."""

    id: Int32
    values: list[str] | None = None


class NumberValue(Struct, frozen=True):
    """Chosen numbers of one attribute."""

    id: Int32
    values: list[float] | None = None


class AttributeValues(Struct, frozen=True):
    """The attributes of an item, by the definitions of its category."""

    terms: list[TermValue] | None = None
    numbers: list[NumberValue] | None = None


class ItemRequest(Struct, frozen=True):
    """A request to list an auction or a fixed price item; a left out number is 0."""

    title: str | None = None
    description: str | None = None
    categoryId: Int32 = 0
    itemType: Int32 = 0
    duration: Int32 = 0
    restarts: Int32 = 0
    startPrice: Int32 = 0
    reservePrice: Int32 = 0
    buyItNowPrice: Int32 = 0
    acceptedBidderId: Int32 = 0
    autoCommit: bool = False
    attributeValues: AttributeValues | None = None
    campaignCode: str | None = None
    customEndDate: datetime | None = None
    descriptionLanguageCodeIso2: str | None = None
    expoItemIds: list[Int32] | None = None
    itemAttributes: list[Int32] | None = None
    ownReferences: list[str] | None = None
    paymentCondition: str | None = None
    paymentOptionIds: list[Int32] | None = None
    restartedFromItemId: Int32 | None = None
    shippingCondition: str | None = None
    shippingOptions: list[ItemShipping] | None = None
    vat: Int32 | None = None


class AddItemImageRequest(Struct, frozen=True):
    """One image as bytes; the format number is not trusted, the bytes are."""

    imageData: bytes | None = None
    imageFormat: Int32 = 0
    hasMega: bool = False


class CampaignCode(Struct, frozen=True):
    """A voucher for a pending request."""

    campaignCode: str | None = None


class UpdateItemPriceRequest(Struct, frozen=True):
    """New prices that leave the kind of the listing alone; left out = unchanged."""

    openingPrice: Int32 | None = None
    binPrice: Int32 | None = None


class Price(Struct, frozen=True):
    """An amount that may be absent as a whole."""

    price: Int32


class SetPricesNonShopItem(Struct, frozen=True):
    """New prices from which the kind of the listing follows; null removes Buy Now."""

    id: Int32
    openingPrice: Int32 = 0
    reservedPrice: Price | None = None
    binPrice: Price | None = None


class ShopItemImage(Struct, frozen=True):
    """One image inside a shop item."""

    data: bytes | None = None
    format: Int32 = 0
    name: str | None = None
    hasMega: bool = False


class ShopItemData(Struct, frozen=True):
    """A shop item, or on update those parts of it that change."""

    title: str | None = None
    description: str | None = None
    categoryId: Int32 | None = None
    price: Int32 | None = None
    quantity: Int32 | None = None
    absoluteQuantity: Int32 | None = None
    acceptedBuyerId: Int32 | None = None
    activateDate: datetime | None = None
    deactivateDate: datetime | None = None
    attributeValues: AttributeValues | None = None
    descriptionLanguageCodeIso2: str | None = None
    externalId: Int32 | None = None
    itemAttributes: list[Int32] | None = None
    itemImages: list[ShopItemImage] | None = None
    ownReferences: list[str] | None = None
    paymentCondition: str | None = None
    paymentOptionIds: list[Int32] | None = None
    shippingCondition: str | None = None
    shippingOptions: list[ItemShipping] | None = None
    vat: Int32 | None = None


class ShopItemUpdateData(Struct, frozen=True):
    """A change of one shop item."""

    itemId: Int32
    itemData: ShopItemData


class ShopPrice(Struct, frozen=True):
    """A new price of one shop item."""

    id: Int32
    price: Int32


class ShopPrices(Struct, frozen=True):
    """New prices of many shop items."""

    shopItems: list[ShopPrice]


class ShopQuantity(Struct, frozen=True):
    """A change of one shop item's quantity."""

    id: Int32
    quantity: Int32


class ShopQuantities(Struct, frozen=True):
    """Changes of many shop items' quantities."""

    shopItems: list[ShopQuantity]


class ShopActivation(Struct, frozen=True):
    """When one shop item is to be shown."""

    id: Int32
    activateDate: datetime


class ShopActivations(Struct, frozen=True):
    """When many shop items are to be shown."""

    shopItems: list[ShopActivation]


class TransactionStatusUpdateData(Struct, frozen=True):
    """Marks on one transaction; null leaves a mark as it is."""

    transactionId: Int32
    markAsPaidConfirmed: bool | None = None
    markedAsShipped: bool | None = None
    markShippingBooked: bool | None = None
