"""What is being sold: Rheo's 18 domains, their names, and one normal form for all spellings."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from saluhall.dialects.rheo import wire
from saluhall.kit.field_errors import FieldError
from saluhall.kit.validation import ValidationFailed, convert

OTHER = "other"
_MAX_NAME = 64
_DEFAULT_VEHICLE = "Bil"
_PATH = "domain"


class Domain(NamedTuple):
    """A domain's labels, its attributes (None: it has none), and what else it is called."""

    label_en: str
    label_sv: str
    shape: type[Struct] | None = None
    aliases: tuple[str, ...] = ()


DOMAINS: Mapping[str, Domain] = {
    "auto_parts": Domain(
        "Auto Parts",
        "Bildelar",
        wire.AutoParts,
        ("autoparts", "car_parts", "automotive_part", "reservdel"),
    ),
    "vehicles": Domain("Vehicles", "Fordon", wire.Vehicles),
    "electronics": Domain("Electronics", "Elektronik", wire.Electronics),
    "computers": Domain("Computers", "Datorer", wire.Electronics),
    "fashion": Domain("Fashion", "Mode", wire.Fashion, ("clothing",)),
    "books": Domain("Books & Media", "Böcker & Media", wire.Books, ("bocker", "media")),
    "watches": Domain("Watches", "Klockor", wire.Watches),
    "home_garden": Domain("Home & Garden", "Hem & Trädgård", aliases=("home", "hem")),
    "art": Domain("Art & Antiques", "Konst & Antikviteter", aliases=("konst",)),
    "sports": Domain("Sports & Leisure", "Sport & Fritid", aliases=("sport",)),
    "toys": Domain("Toys & Games", "Leksaker & Spel", aliases=("leksaker",)),
    "tools": Domain("Tools & Machinery", "Verktyg & Maskiner", aliases=("verktyg",)),
    "jewelry": Domain("Jewelry", "Smycken"),
    "music": Domain("Musical Instruments", "Musikinstrument"),
    "collectibles": Domain("Collectibles", "Samlarföremål"),
    "beauty": Domain("Beauty & Health", "Skönhet & Hälsa", aliases=("skonhet",)),
    "industrial": Domain(
        "Industrial & Commercial", "Industri & Kommersiellt", aliases=("industri",)
    ),
    OTHER: Domain("Other", "Övrigt", aliases=("generic", "")),
}


def _key(name: str) -> str:
    """Lower a name, strip its diacritics, and put one underscore for whatever joins its words."""
    plain = unicodedata.normalize("NFKD", name.lower())
    letters = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return re.sub(r"[^a-z0-9]+", "_", letters).strip("_")


_SLUGS: Mapping[str, str] = {
    _key(name): slug
    for slug, domain in DOMAINS.items()
    for name in (slug, domain.label_en, domain.label_sv, *domain.aliases)
}


def slug_from_name(name: str) -> str:
    """Find the domain for a slug, an alias or a label; a name nobody knows is `other`."""
    if name in DOMAINS:
        return name
    return _SLUGS.get(_key(name), OTHER) if len(name) <= _MAX_NAME else OTHER


def domain_from_wire(domain: Mapping[str, Any] | str) -> dict[str, Any]:
    """Normalise a domain: the slug first, then its documented attributes. Raises ValidationFailed."""
    if isinstance(domain, str):
        return {"domain": slug_from_name(domain)}
    name = domain.get("domain")
    if name is not None and not isinstance(name, str):
        raise ValidationFailed([FieldError(f"{_PATH}.domain", "Must be a string")])
    slug = slug_from_name(name or OTHER)
    shape = DOMAINS[slug].shape
    if shape is None:
        return {"domain": slug}
    if shape is wire.AutoParts:
        attributes = _nested_part(convert(domain, wire.AutoParts, path=_PATH))
    else:
        attributes = msgspec.structs.asdict(convert(domain, shape, path=_PATH))
    return {"domain": slug, **_without_blanks(attributes)}


def _nested_part(given: wire.AutoParts) -> dict[str, Any]:
    """Bring a part into the nested form; what is nested already wins over what is flat."""
    vehicle, part = given.vehicle or wire.Vehicle(), given.part or wire.Part()
    return {
        "vehicle": {
            "manufacturer": vehicle.manufacturer or given.manufacturer,
            "model": vehicle.model or ", ".join(given.compatibleModels or ()),
            "year": vehicle.year or given.donorVehicleYear,
            "vehicleType": vehicle.vehicleType or given.vehicleType or _DEFAULT_VEHICLE,
        },
        "part": {
            "name": part.name or given.partName,
            "oemNumber": part.oemNumber or given.oemCode,
            "catalogCodes": part.catalogCodes,
        },
        "conditionGrade": given.conditionGrade,
        "conditionNote": given.conditionNote,
    }


def _without_blanks(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Drop what says nothing, on every level."""
    kept = {}
    for key, value in attributes.items():
        inner = _without_blanks(value) if isinstance(value, dict) else value
        if inner or (inner is not None and inner not in ("", {})):
            kept[key] = inner
    return kept
