"""Rheo's shapes, spelled as Rheo spells them, keys in the order Rheo prints them."""

from typing import Annotated, Any, Final, Literal

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from saluhall.domain.products.model import Kind, Status

MAX_ID = 255
MAX_IMAGES = 10
_MAX_MONEY = 9_999_999_999
_CENTS = 0.99

Id = Annotated[str, Meta(min_length=1, max_length=MAX_ID)]
Description = Annotated[str, Meta(max_length=64 * 1024)]
Title = Annotated[str, Meta(min_length=2, max_length=255)]
Price = (
    Annotated[int, Meta(ge=1, le=_MAX_MONEY)] | Annotated[float, Meta(ge=1, le=_MAX_MONEY + _CENTS)]
)
Cost = (
    Annotated[int, Meta(ge=0, le=_MAX_MONEY)] | Annotated[float, Meta(ge=0, le=_MAX_MONEY + _CENTS)]
)
Weight = Annotated[int, Meta(ge=0, le=100_000)] | Annotated[float, Meta(ge=0, le=100_000)]
Currency = Annotated[
    str,
    Meta(
        pattern="^[A-Z]{3}$",
        max_length=3,
        extra={"message": "Must be an ISO 4217 code of three capital letters, such as SEK"},
    ),
]
ImageUrl = Annotated[
    str,
    Meta(
        pattern="^[Hh][Tt][Tt][Pp][Ss]://",
        max_length=2048,
        extra={"message": "Must be an HTTPS URL"},
        extra_json_schema={"format": "uri"},
    ),
]
ImageUrls = Annotated[list[ImageUrl], Meta(max_length=MAX_IMAGES)]
Semver = Annotated[
    str,
    Meta(
        pattern=r"^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)"
        r"(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$(?!\n)",
        max_length=64,
        extra={"message": "Must be a semantic version, such as 1.0.0"},
    ),
]
ShippingStrategy = Literal["integrated", "seller_shipped", "fixed", "pickup_only"]

TraderaStatus = Literal["active", "sold", "ended", "pending_sync", "sync_error"]

CATALOG: Final = "RHEO"  # the code of the catalog of its items
CHANNEL: Final = (
    "tradera"  # where `autoPublishTradera` offers items, and which the fields named after it are of
)


class Item(Struct, frozen=True, kw_only=True):
    """The body of an item PUT. `price` is required unless `type` is `container`."""

    title: Title
    description: Description | UnsetType | None = UNSET
    price: Price | UnsetType = UNSET
    shippingCost: Cost | UnsetType | None = UNSET
    weightKg: Weight | UnsetType | None = UNSET
    currency: Currency | UnsetType | None = UNSET
    imageUrls: ImageUrls | UnsetType | None = UNSET
    images: ImageUrls | UnsetType | None = UNSET
    image_urls: ImageUrls | UnsetType | None = UNSET
    domain: dict[str, Any] | str | UnsetType | None = UNSET
    autoPublishTradera: bool | UnsetType | None = UNSET
    useAiEnhancement: bool | UnsetType | None = UNSET
    type: Literal["item", "container"] | UnsetType | None = UNSET
    parentExternalId: Id | UnsetType | None = UNSET
    metadata: Raw | UnsetType = UNSET
    schemaVersion: Semver | UnsetType | None = UNSET
    shippingStrategy: ShippingStrategy | UnsetType | None = UNSET


class PriceChange(Struct, frozen=True):
    """The body of a price PATCH."""

    price: Price


class StatusChange(Struct, frozen=True):
    """The body of a status PATCH."""

    status: Literal["sold", "not_listed"]


class Vehicle(Struct, frozen=True, kw_only=True):
    """The donor vehicle of a part."""

    manufacturer: str | None = None
    model: str | None = None
    year: Annotated[int, Meta(ge=1, le=9999)] | None = None
    vehicleType: Literal["Bil", "MC", "Skoter", "ATV", "Husvagn", "Moped", "Traktor"] | None = None


class Part(Struct, frozen=True, kw_only=True):
    """The part itself; `catalogCodes` maps a catalog system to the part's code there."""

    name: str | None = None
    oemNumber: str | None = None
    catalogCodes: dict[str, str] | None = None


class AutoParts(Struct, frozen=True, kw_only=True):
    """A vehicle part in all three generations: flat, flat with a name, and nested."""

    oemCode: str | None = None
    partName: str | None = None
    manufacturer: str | None = None
    compatibleModels: list[str] | None = None
    donorVehicleYear: Annotated[int, Meta(ge=1, le=9999)] | None = None
    vehicleType: Literal["Bil", "MC", "Skoter", "ATV", "Husvagn", "Moped", "Traktor"] | None = None
    vehicle: Vehicle | None = None
    part: Part | None = None
    conditionGrade: str | None = None
    conditionNote: str | None = None


class Vehicles(Struct, frozen=True, kw_only=True):
    """A whole vehicle."""

    registrationPlate: str | None = None
    make: str | None = None
    model: str | None = None
    year: Annotated[int, Meta(ge=1, le=9999)] | None = None
    mileageKm: Cost | None = None
    fuelType: Literal["petrol", "diesel", "electric", "hybrid"] | None = None
    color: str | None = None


class Electronics(Struct, frozen=True, kw_only=True):
    """Electronics and computers."""

    serialNumber: str | None = None
    memoryGb: Cost | None = None
    batteryHealthPercentage: (
        Annotated[int, Meta(ge=0, le=100)] | Annotated[float, Meta(ge=0, le=100)] | None
    ) = None


class Fashion(Struct, frozen=True, kw_only=True):
    """Clothes."""

    size: str | None = None
    material: str | None = None
    gender: Literal["mens", "womens", "unisex", "kids"] | None = None


class Books(Struct, frozen=True, kw_only=True):
    """Books and media."""

    isbn: str | None = None
    author: str | None = None
    publisher: str | None = None
    language: str | None = None


class Watches(Struct, frozen=True, kw_only=True):
    """Watches."""

    brand: str | None = None
    modelReference: str | None = None
    movementType: Literal["automatic", "quartz", "manual"] | None = None
    caseSizeMm: Cost | None = None


class Accepted(Struct, frozen=True, kw_only=True):
    """The answer to every change."""

    success: bool
    itemId: str
    message: str


class ImageStatus(Struct, frozen=True, kw_only=True):
    """An image: `status` is due, ready or refused; `url` is where we host it; `error` says why the last try failed."""

    sourceUrl: str
    status: str
    url: str | None
    error: str | None


class ItemStatus(Struct, frozen=True, kw_only=True):
    """One item as it is now; the keys after `price` are ours."""

    externalId: str
    rheoItemId: str
    rheoStatus: Status
    traderaStatus: TraderaStatus | None
    traderaAdId: str | None
    traderaAdUrl: str | None
    price: int | float
    title: str
    type: Kind
    parentExternalId: str | None
    metadata: Raw
    traderaError: str | None
    images: list[ImageStatus]
    extendedAttributes: dict[str, Any]
    traderaNextTryAt: str | UnsetType = UNSET


class Detail(Struct, frozen=True):
    """One field that failed validation; `field` is a dotted path with array indices."""

    field: str
    message: str


class Error(Struct, frozen=True, kw_only=True):
    """Every error."""

    error: str
    code: str
    details: list[Detail] | UnsetType = UNSET
    statusCode: int


class Account(Struct, frozen=True):
    """The account of an event; and what a reseller that gets events of its members calls that account."""

    rheoUserId: str
    memberExternalId: str | UnsetType = UNSET


class EventData(Struct, frozen=True, kw_only=True):
    """What every event says, then what its type adds."""

    externalId: str
    rheoItemId: str
    platform: str
    salePrice: int | float
    currency: str
    traderaAdId: str | UnsetType = UNSET
    traderaAdUrl: str | UnsetType = UNSET
    error: str | UnsetType = UNSET
    type: str | UnsetType = UNSET
    imagesProcessed: int | UnsetType = UNSET
    orderId: str | UnsetType = UNSET
    test: bool | UnsetType = UNSET
    account: Account


class Envelope(Struct, frozen=True, kw_only=True):
    """The body of a webhook delivery."""

    eventId: str
    eventType: str
    timestamp: str
    data: EventData
