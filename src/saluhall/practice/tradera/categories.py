"""A small category tree: a few of the marketplace's ids, enough to practise on."""

from collections.abc import Mapping
from dataclasses import dataclass

CAR_PARTS = range(8290, 8301)
REQUIRING = 344482

# id, parent, name
TABLE: tuple[tuple[int, int | None, str], ...] = (
    (516, None, "Konst"),
    (517, None, "Barnartiklar"),
    (520, None, "Fordon, båtar & delar"),
    (8290, 520, "Bromsar"),
    (8291, 520, "Motordelar"),
    (8292, 520, "Kaross & plåt"),
    (8293, 520, "Belysning"),
    (8294, 520, "El & elektronik"),
    (8295, 520, "Inredning"),
    (8296, 520, "Fälgar & däck"),
    (8297, 520, "Hjulupphängning & styrning"),
    (8298, 520, "Växellåda & drivlina"),
    (8299, 520, "Avgassystem"),
    (8300, 520, "Övriga reservdelar"),
    (521, None, "Böcker & tidningar"),
    (523, None, "Företag & industri"),
    (524, None, "Datorer & tillbehör"),
    (525, None, "Elektronik"),
    (527, None, "Sport & fritid"),
    (529, None, "Hem & hushåll"),
    (530, None, "Kläder"),
    (531, None, "Klockor"),
    (533, None, "Leksaker & hobby"),
    (534, None, "Telefoni & surfplattor"),
    (535, None, "Musik"),
    (536, None, "Samlarsaker"),
    (537, None, "Skönhet & hälsa"),
    (541, None, "Verktyg & bygg"),
    (8173, None, "Smycken & ädelstenar"),
    (8174, 8173, "Ringar"),
    (8175, 8173, "Halsband"),
    (8176, 8173, "Armband"),
    (8177, 8173, "Örhängen"),
    (8178, 8173, "Övriga smycken"),
    (344480, None, "Testauktioner"),
    (344481, 344480, "Endast för Tradera"),
    (REQUIRING, 344480, "Endast för test av obligatoriska attribut"),
)

NAMES = {number: name for number, _, name in TABLE}
PARENTS = {number: parent for number, parent, _ in TABLE}
CHILDREN: dict[int | None, tuple[int, ...]] = {
    parent: tuple(number for number, above in PARENTS.items() if above == parent)
    for parent in (None, *NAMES)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """Something a category wants to know about its items."""

    id: int
    key: str
    name: str
    is_number: bool = False
    minimum: int = 0
    maximum: int = 1
    terms: tuple[str, ...] = ()


MAKES = ("Audi", "BMW", "Ford", "Mercedes-Benz", "SAAB", "Skoda", "Toyota", "Volkswagen", "Volvo")
CONDITIONS = ("Nytt", "Mycket gott skick", "Gott skick", "Okej skick", "Defekt")
CAR_PART_ATTRIBUTES = (
    Attribute(id=101, key="car_brand", name="Bilmärke", maximum=9, terms=MAKES),
    Attribute(id=102, key="model_year", name="Årsmodell", is_number=True, maximum=2),
)
ATTRIBUTES: Mapping[int, tuple[Attribute, ...]] = dict.fromkeys(CAR_PARTS, CAR_PART_ATTRIBUTES) | {
    REQUIRING: (
        Attribute(id=103, key="condition", name="Skick", minimum=1, terms=CONDITIONS),
        Attribute(id=104, key="weight", name="Vikt", is_number=True),
    )
}


def is_known(category_id: int) -> bool:
    """Return whether there is such a category."""
    return category_id in NAMES


def is_leaf(category_id: int) -> bool:
    """Return whether items may be put into the category itself."""
    return is_known(category_id) and not CHILDREN[category_id]


def with_descendants(category_id: int) -> frozenset[int]:
    """Give a category and everything below it."""
    below = (with_descendants(child) for child in CHILDREN.get(category_id, ()))
    return frozenset({category_id}).union(*below)


def attributes_of(category_id: int) -> tuple[Attribute, ...]:
    """Give what a category wants to know."""
    return ATTRIBUTES.get(category_id, ())
