"""The technical specification that ends a description, in English or Swedish."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from saluhall.channel import Product
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

ATTRIBUTES: Sequence[Attribute] = (
    Attribute("registration_plate", Words("Registration", "Registreringsnummer")),
    Attribute("make", Words("Make", "Märke")),
    Attribute("brand", Words("Brand", "Märke")),
    Attribute("model", _MODEL),
    Attribute("model_reference", _MODEL),
    Attribute("year", Words("Year", "Årsmodell")),
    Attribute("mileage_km", Words("Mileage", "Körsträcka"), " km"),
    Attribute("fuel", Words("Fuel", "Drivmedel")),
    Attribute("color", Words("Colour", "Färg")),
    Attribute("memory_gb", Words("Memory", "Minne"), " GB"),
    Attribute("battery_health_percent", Words("Battery health", "Batterihälsa"), " %"),
    Attribute("size", Words("Size", "Storlek")),
    Attribute("material", Words("Material", "Material")),
    Attribute("gender", Words("For", "För")),
    Attribute("isbn", Words("ISBN", "ISBN")),
    Attribute("author", Words("Author", "Författare")),
    Attribute("publisher", Words("Publisher", "Förlag")),
    Attribute("language", Words("Language", "Språk")),
    Attribute("movement", Words("Movement", "Urverk")),
    Attribute("case_size_mm", Words("Case size", "Boettstorlek"), " mm"),
)
IDENTIFIERS: Mapping[str, Words] = {
    "brand": Words("Brand", "Märke"),
    "mpn": Words("Article number", "Artikelnummer"),
    "ean": Words("EAN", "EAN"),
    "isbn": Words("ISBN", "ISBN"),
}
# A serial number is left out on purpose: in a public listing it invites fraud. The others have lines of their own, or are not for buyers.
_NOT_BY_NAME = frozenset(
    {
        *(attribute.name for attribute in ATTRIBUTES),
        "serial_number", "part_number", "part_name", "vehicle_type", "catalog_codes",
        "condition_grade", "condition_note", "fits", "fits_make", "fits_year",
    }
)  # fmt: skip

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
_TRANSLATED = frozenset({"fuel", "gender", "movement"})


def footer_from_product(product: Product, language: Language) -> list[str]:
    """Write the footer line by line; only what is known is printed, nothing known is no footer."""
    lines = [
        f"{label.sv if language == 'sv' else label.en}: {_fitted(value)}"
        for label, value in _facts(product, language)
        if value
    ]
    heading = HEADING.sv if language == "sv" else HEADING.en
    return [heading, *lines] if lines else []


def _facts(product: Product, language: Language) -> Iterator[tuple[Words, str]]:
    attributes = product.attributes
    yield OEM, text_from_value(attributes.get("part_number"))
    for attribute in ATTRIBUTES:
        text = text_from_value(attributes.get(attribute.name))
        if attribute.name in _TRANSLATED and text in WORDS:
            text = WORDS[text].sv if language == "sv" else WORDS[text].en
        yield attribute.label, text and text + attribute.unit
    for name, label in IDENTIFIERS.items():
        yield label, "" if attributes.get(name) else text_from_value(getattr(product, name))
    for name, value in attributes.items():
        if name not in _NOT_BY_NAME and (own := one_line(name)):
            yield Words(own, own), text_from_value(value)
    yield CONDITION, text_from_value(attributes.get("condition_grade"))
    yield COMPATIBLE, compatible_from_attributes(attributes)
    yield NOTE, text_from_value(attributes.get("condition_note") or product.condition_text)


def compatible_from_attributes(attributes: Mapping[str, Any]) -> str:
    """Say what a part fits: `Volvo XC90, XC60 (2018)`, the make named once."""
    make = text_from_value(attributes.get("fits_make"))
    models: dict[str, str] = {}
    for name in _listed(attributes.get("fits")):
        model = _without_prefix(text_from_value(name), make)
        if model:
            models.setdefault(model.casefold(), model)
    fits = f"{make} {', '.join(models.values())}".strip()
    year = text_from_value(attributes.get("fits_year"))
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


def _without_prefix(model: str, make: str) -> str:
    if not make or not model.casefold().startswith(make.casefold()):
        return model
    rest = model[len(make) :]
    return rest.strip() if not rest or rest[0] == " " else model


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []


def _fitted(value: str) -> str:
    return shorten(value, VALUE_LIMIT, size=rendered_units, ellipsis=ELLIPSIS)
