"""The technical specification that ends a description, in English or Swedish."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from saluhall.channels.tradera.settings import Language
from saluhall.channels.tradera.text import ELLIPSIS, one_line, rendered_units, shorten

VALUE_LIMIT = 500  # of HTML; so that the longest footer leaves room for a description


class Words(NamedTuple):
    """One thing in both languages."""

    en: str
    sv: str


class Attribute(NamedTuple):
    """One line of the footer."""

    name: str
    label: Words
    unit: str = ""


HEADING = Words("--- Technical Specification ---", "--- Teknisk specifikation ---")
OEM = Words("OEM", "OEM")
CONDITION = Words("Condition", "Skick")
COMPATIBLE = Words("Compatible with", "Passar")
NOTE = Words("Note", "Anmärkning")

_MODEL = Words("Model", "Modell")

# A serial number is left out on purpose: in a public ad it invites fraud.
ATTRIBUTES: Mapping[str, tuple[Attribute, ...]] = {
    "vehicles": (
        Attribute("registrationPlate", Words("Registration", "Registreringsnummer")),
        Attribute("make", Words("Make", "Märke")),
        Attribute("model", _MODEL),
        Attribute("year", Words("Year", "Årsmodell")),
        Attribute("mileageKm", Words("Mileage", "Körsträcka"), " km"),
        Attribute("fuelType", Words("Fuel", "Drivmedel")),
        Attribute("color", Words("Colour", "Färg")),
    ),
    "electronics": (
        Attribute("memoryGb", Words("Memory", "Minne"), " GB"),
        Attribute("batteryHealthPercentage", Words("Battery health", "Batterihälsa"), " %"),
    ),
    "fashion": (
        Attribute("size", Words("Size", "Storlek")),
        Attribute("material", Words("Material", "Material")),
        Attribute("gender", Words("For", "För")),
    ),
    "books": (
        Attribute("isbn", Words("ISBN", "ISBN")),
        Attribute("author", Words("Author", "Författare")),
        Attribute("publisher", Words("Publisher", "Förlag")),
        Attribute("language", Words("Language", "Språk")),
    ),
    "watches": (
        Attribute("brand", Words("Brand", "Märke")),
        Attribute("modelReference", _MODEL),
        Attribute("movementType", Words("Movement", "Urverk")),
        Attribute("caseSizeMm", Words("Case size", "Boettstorlek"), " mm"),
    ),
}

_SAME_AS = {"computers": "electronics"}

WORDS: Mapping[str, Words] = {
    "petrol": Words("Petrol", "Bensin"),
    "diesel": Words("Diesel", "Diesel"),
    "electric": Words("Electric", "El"),
    "hybrid": Words("Hybrid", "Hybrid"),
    "mens": Words("Men", "Herr"),
    "womens": Words("Women", "Dam"),
    "unisex": Words("Unisex", "Unisex"),
    "kids": Words("Children", "Barn"),
    "automatic": Words("Automatic", "Automatiskt"),
    "quartz": Words("Quartz", "Kvarts"),
    "manual": Words("Manual", "Manuellt"),
}
_TRANSLATED = frozenset({"fuelType", "gender", "movementType"})


def footer_from_domain(domain: Mapping[str, Any], language: Language) -> list[str]:
    """Write the footer line by line; only what is known is printed, nothing known is no footer."""
    lines = [
        f"{label.sv if language == 'sv' else label.en}: {_fitted(value)}"
        for label, value in _facts(domain, language)
        if value
    ]
    heading = HEADING.sv if language == "sv" else HEADING.en
    return [heading, *lines] if lines else []


def _facts(domain: Mapping[str, Any], language: Language) -> Iterator[tuple[Words, str]]:
    slug = text_from_value(domain.get("domain"))
    yield OEM, text_from_value(_inner(domain, "part").get("oemNumber"))
    for attribute in ATTRIBUTES.get(_SAME_AS.get(slug, slug), ()):
        text = text_from_value(domain.get(attribute.name))
        if attribute.name in _TRANSLATED and text in WORDS:
            text = WORDS[text].sv if language == "sv" else WORDS[text].en
        yield attribute.label, text and text + attribute.unit
    yield CONDITION, text_from_value(domain.get("conditionGrade"))
    yield COMPATIBLE, compatible_from_domain(domain)
    yield NOTE, text_from_value(domain.get("conditionNote"))


def compatible_from_domain(domain: Mapping[str, Any]) -> str:
    """Say what a part fits: `Volvo XC90, XC60 (2018)`, the manufacturer named once."""
    vehicle = _inner(domain, "vehicle")
    manufacturer = text_from_value(vehicle.get("manufacturer"))
    named = [vehicle.get("model"), *_listed(domain.get("compatibleModels"))]
    models: dict[str, str] = {}
    for name in named:
        model = _without_prefix(text_from_value(name), manufacturer)
        if model:
            models.setdefault(model.casefold(), model)
    fits = f"{manufacturer} {', '.join(models.values())}".strip()
    year = text_from_value(vehicle.get("year"))
    return f"{fits} ({year})" if fits and year else fits


def text_from_value(value: object) -> str:
    """Spell a text or a number on one line; anything else is nothing."""
    match value:
        case bool():
            return ""
        case str():
            return one_line(value)
        case int():
            return str(value)
        case float() | Decimal():
            return f"{Decimal(str(value)).normalize():f}"
        case _:
            return ""


def _without_prefix(model: str, manufacturer: str) -> str:
    if not manufacturer or not model.casefold().startswith(manufacturer.casefold()):
        return model
    rest = model[len(manufacturer) :]
    return rest.strip() if not rest or rest[0] == " " else model


def _inner(domain: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = domain.get(name)
    return value if isinstance(value, Mapping) else {}


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []


def _fitted(value: str) -> str:
    return shorten(value, VALUE_LIMIT, size=rendered_units, ellipsis=ELLIPSIS)
