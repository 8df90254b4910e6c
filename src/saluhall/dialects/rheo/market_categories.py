"""Which categories of marketplaces are which of Rheo's: two tables, from the market's ids and to them."""

from collections.abc import Mapping
from typing import Final

from saluhall.dialects.rheo.domains import DOMAINS, slug_from_name
from saluhall.dialects.rheo.errors import NoMapping
from saluhall.dialects.rheo.wire_categories import Category, Conversion, Converted, SearchField

RHEO: Final = "rheo"
_TRADERA: Final = "tradera"

_FROM_TRADERA: Final[Mapping[str, str]] = {
    "516": "art",
    "517": "toys",
    "520": "vehicles",
    "521": "books",
    "523": "industrial",
    "524": "computers",
    "525": "electronics",
    "527": "sports",
    "529": "home_garden",
    "530": "fashion",
    "531": "watches",
    "533": "toys",
    "534": "electronics",
    "535": "music",
    "536": "collectibles",
    "537": "beauty",
    "541": "tools",
    **{str(number): "jewelry" for number in range(8174, 8179)},
    **{str(number): "auto_parts" for number in range(8290, 8301)},
}
# Where several lead to one slug Rheo names the one that it leads back to; else it is the one.
_TO_TRADERA: Final[Mapping[str, str]] = {
    **{slug: number for number, slug in _FROM_TRADERA.items()},
    "toys": "533",
    "electronics": "525",
    "jewelry": "531",
    "auto_parts": "520",
}
_DESCRIPTIONS: Final[Mapping[str, str]] = {
    "auto_parts": "Spare parts and accessories for vehicles",
    "vehicles": "Whole vehicles: cars, motorcycles, caravans, tractors",
    "electronics": "Phones, sound, pictures, household electronics",
    "computers": "Computers, their parts and what is plugged into them",
    "fashion": "Clothes, shoes, bags",
    "books": "Books, films, records, games on disc",
    "watches": "Wrist watches, pocket watches, clocks",
    "home_garden": "Furniture, household goods, garden",
    "art": "Art, antiques, design",
    "sports": "Sports, outdoor life, leisure",
    "toys": "Toys, board games, models",
    "tools": "Hand tools, power tools, machines",
    "jewelry": "Rings, necklaces, precious stones",
    "music": "Instruments and what belongs to them",
    "collectibles": "Stamps, coins, cards and other things that are collected",
    "beauty": "Care of body and health",
    "industrial": "Equipment for trade and industry",
    "other": "Whatever has no place elsewhere",
}
_SEARCHED: Final[Mapping[str, SearchField]] = {
    "vehicles": SearchField(
        key="plate",
        labelSv="Registreringsnummer",
        labelEn="Registration plate",
        fieldType="text",
        placeholder="ABC123",
    ),
    "auto_parts": SearchField(
        key="oem_number",
        labelSv="OEM-nummer",
        labelEn="OEM Number",
        fieldType="text",
        placeholder="31338723",
    ),
    "books": SearchField(
        key="isbn", labelSv="ISBN", labelEn="ISBN", fieldType="text", placeholder="9789113071244"
    ),
}

CATEGORIES: Final = tuple(
    Category(
        slug=slug,
        labelEn=domain.label_en,
        labelSv=domain.label_sv,
        descriptionEn=_DESCRIPTIONS[slug],
        searchFields=[_SEARCHED[slug]] if slug in _SEARCHED else [],
    )
    for slug, domain in DOMAINS.items()
)


def converted(wanted: Conversion) -> Converted:
    """Find a category of one marketplace at another. Raises NoMapping when the tables do not know it."""
    markets, name = (wanted.fromMarket, wanted.toMarket), wanted.externalId
    slug: str | None = None
    number: str | None = None
    if markets == (_TRADERA, RHEO):
        slug = _FROM_TRADERA.get(name)
    elif markets == (RHEO, _TRADERA):
        slug = slug_from_name(name)
        number = _TO_TRADERA.get(slug)
        slug = slug if number else None
    if slug is None:
        raise NoMapping(name)
    return Converted(
        rheoCategory=slug, externalId=number, market=_TRADERA, confidence=1.0, aiConverted=False
    )
