"""Rheo's shapes for categories and number plates."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

_Market = Annotated[str, Meta(min_length=1, max_length=64)]
_CategoryId = Annotated[str, Meta(min_length=1, max_length=255)]
_Word = Annotated[str, Meta(max_length=255)]


class SearchField(Struct, frozen=True, kw_only=True):
    """By what else buyers look for this kind of goods."""

    key: str
    labelSv: str
    labelEn: str
    fieldType: Literal["text"]
    placeholder: str


class Category(Struct, frozen=True, kw_only=True):
    """A kind of goods; its slug is what an item's `domain` names."""

    slug: str
    labelEn: str
    labelSv: str
    descriptionEn: str
    searchFields: list[SearchField]


class Conversion(Struct, frozen=True, kw_only=True):
    """The body of a conversion: a category of one marketplace, looked for at another. One of the two is `rheo`."""

    fromMarket: _Market
    externalId: _CategoryId
    toMarket: _Market


class Converted(Struct, frozen=True, kw_only=True):
    """The answer: Rheo's category, and the other marketplace's when that was asked for."""

    rheoCategory: str
    externalId: str | None
    market: str
    confidence: float
    aiConverted: bool


class Provided(Struct, frozen=True, kw_only=True):
    """What the provider knows of a vehicle; all of it may be missing."""

    make: _Word | None = None
    model: _Word | None = None
    year: Annotated[int, Meta(ge=1, le=9999)] | None = None
    fuelType: _Word | None = None
    color: _Word | None = None


class VehicleFacts(Struct, frozen=True, kw_only=True):
    """What is known of the vehicle with a plate."""

    registrationPlate: str
    make: str | None
    model: str | None
    year: int | None
    fuelType: str | None
    color: str | None
