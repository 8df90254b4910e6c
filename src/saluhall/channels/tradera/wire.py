"""Tradera's REST v4 shapes, spelled as Tradera spells them.

What is read tolerates absent and unknown fields: the API is a beta, and its own specification
leaves shapes empty.
"""

from enum import IntEnum, IntFlag
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

Code = Annotated[int, Meta(ge=0)]
Quantity = Annotated[int, Meta(ge=1)]


class ItemType(IntEnum):
    """How an item is sold."""

    AUCTION = 1
    FIXED_PRICE = 3
    SHOP_ITEM = 4


class Condition(IntEnum):
    """The coarse condition that `itemAttributes` can say."""

    NEW = 1
    USED = 2


class ResultCode(IntFlag):
    """What became of a request: a bit field, so that 20 is an error that may be tried again."""

    OK = 1
    IMAGE_PROCESSING_ERROR = 2
    ERROR = 4
    TIMEOUT = 8
    TRY_AGAIN = 16
    UPDATE_NOT_ALLOWED = 32
    SHOP_FULL = 64
    WAITING = 128
    UNCOMMITTED = 256


class ItemShipping(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One way to get the item; exactly one of option id and provider id is set."""

    cost: int
    shippingOptionId: int | UnsetType = UNSET
    shippingProviderId: int | UnsetType = UNSET
    shippingProductId: int | UnsetType = UNSET
    shippingProductIdSpecified: bool = False
    shippingWeight: float | UnsetType = UNSET
    shippingWeightSpecified: bool = False


class ItemRequest(Struct, frozen=True, kw_only=True):
    """A new auction. Only what is set is sent: what null means here, nobody says."""

    title: str
    description: str
    categoryId: int
    itemType: int
    duration: int
    restarts: int
    startPrice: int
    acceptedBidderId: int
    shippingOptions: list[ItemShipping]
    itemAttributes: list[int]
    ownReferences: list[str]
    autoCommit: bool
    paymentOptionIds: list[int] | UnsetType = UNSET
    shippingCondition: str | UnsetType = UNSET
    vat: int | UnsetType = UNSET


class AddItemImageRequest(Struct, frozen=True, kw_only=True):
    """One image; the bytes travel as base64."""

    imageData: bytes
    imageFormat: int
    hasMega: bool


class UpdateItemPriceRequest(Struct, frozen=True, kw_only=True):
    """A new start price; what is left out stays as it is."""

    openingPrice: int


class ShopItemImage(Struct, frozen=True, kw_only=True):
    """One image inside a shop item; the bytes travel as base64."""

    data: bytes
    format: int
    hasMega: bool


class ShopItemData(Struct, frozen=True, kw_only=True):
    """A shop item; in a change, only what changes is set: Tradera takes what is left out as unchanged."""

    title: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    categoryId: int | UnsetType = UNSET
    price: int | UnsetType = UNSET
    absoluteQuantity: int | UnsetType = UNSET
    acceptedBuyerId: int | UnsetType = UNSET
    shippingOptions: list[ItemShipping] | UnsetType = UNSET
    shippingCondition: str | UnsetType = UNSET
    itemAttributes: list[int] | UnsetType = UNSET
    itemImages: list[ShopItemImage] | UnsetType = UNSET
    ownReferences: list[str] | UnsetType = UNSET
    paymentOptionIds: list[int] | UnsetType = UNSET
    vat: int | UnsetType = UNSET


class ShopItemUpdateData(Struct, frozen=True, kw_only=True):
    """A change of one shop item."""

    itemId: int
    itemData: ShopItemData


class SetPriceShopItem(Struct, frozen=True, kw_only=True):
    """A new price of one shop item."""

    id: int
    price: int


class SetPricesShopItems(Struct, frozen=True, kw_only=True):
    """New prices of shop items."""

    shopItems: list[SetPriceShopItem]


class SetQuantityShopItem(Struct, frozen=True, kw_only=True):
    """How many of one shop item are for sale."""

    id: int
    quantity: int


class SetQuantitiesShopItems(Struct, frozen=True, kw_only=True):
    """How many of shop items are for sale."""

    shopItems: list[SetQuantityShopItem]


class QueuedRequestResponse(Struct, frozen=True, kw_only=True):
    """The numbers a new item gets before it is published."""

    requestId: int
    itemId: int


class RequestResult(Struct, frozen=True, kw_only=True):
    """What became of one request."""

    requestId: int
    resultCode: Code
    message: str | None = None


class ItemStatus(Struct, frozen=True, kw_only=True):
    """The state of an item as it is seen live; the specification leaves it empty."""

    ended: bool | None = None
    gotBidders: bool | None = None
    gotWinner: bool | None = None


class Item(Struct, frozen=True, kw_only=True):
    """What we read of an item. A number beside an `xxxSpecified` counts only when that is true."""

    id: int
    itemType: int | None = None
    shortDescription: str | None = None
    longDescription: str | None = None
    categoryId: int | None = None
    remainingQuantity: int | None = None
    itemAttributes: list[int] | None = None
    shippingCondition: str | None = None
    vat: int | None = None
    startDate: str | None = None
    endDate: str | None = None
    openingBid: int | None = None
    openingBidSpecified: bool | None = None
    buyItNowPrice: int | None = None
    buyItNowPriceSpecified: bool | None = None
    maxBid: int | None = None
    maxBidSpecified: bool | None = None
    totalBids: int | None = None
    reservePriceReached: bool | None = None
    ownReferences: list[Any] | None = None  # texts; whatever else is there is not ours
    status: ItemStatus | None = None


class UpdatedItemInfo(Struct, frozen=True, kw_only=True):
    """An item that changed, and when in the order of changes."""

    id: int
    rowVersion: int


class UpdateItemPriceResult(Struct, frozen=True, kw_only=True):
    """Whether a price was changed; a refusal comes with HTTP 200."""

    isSuccessful: bool
    validationErrors: list[Any] | None = None  # objects with an `errorMessage`


class ShopPricesResult(Struct, frozen=True, kw_only=True):
    """Prices that were queued, and those that were refused at once."""

    queuedRequestResponses: list[QueuedRequestResponse] | None = None
    validationErrors: list[Any] | None = None  # objects with an `item` and an `errorMessage`


class ShopQuantitiesResult(Struct, frozen=True, kw_only=True):
    """Quantities that were refused; all others are set."""

    validationErrors: list[Any] | None = None  # as above


class Time(Struct, frozen=True, kw_only=True):
    """One of the two shapes in which Tradera gives the time; the other is the bare text."""

    time: str


class FetchTokenRequest(Struct, frozen=True, kw_only=True):
    """A login that is finished, by its user and our secret."""

    userId: int
    secretKey: str


class Token(Struct, frozen=True, kw_only=True):
    """A seller's token."""

    authToken: str | None = None
    hardExpirationTime: str | None = None


class ErrorDetail(Struct, frozen=True, kw_only=True):
    """A code word and a sentence."""

    code: str | None = None
    message: str | None = None


class ErrorBody(Struct, frozen=True, kw_only=True):
    """How Tradera words an error, when it words one at all."""

    error: ErrorDetail
