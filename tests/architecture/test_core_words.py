"""The core has no word of a partner or a marketplace, none of their columns, and no currency of theirs."""

import re

from saluhall.cli.catalogs import SYSTEM_CATALOG
from saluhall.cli.keys import KEY_PREFIX
from saluhall.dialects.rheo.keys import KEY_PREFIX as DIALECTS_KEY_PREFIX
from saluhall.dialects.rheo.wire import CATALOG
from tests.architecture.source import PACKAGE

CORE = ("domain", "jobs", "storage", "web", "channel.py", "channel_orders.py", "capabilities.py")
# Names, also as a part of a word; currencies and their units; columns of one partner.
NAMES = r"tradera|rheo|sellrapido|\bsek\b|\böre\b|_ore\b|\bkrona|\bkronor"
COLUMNS = (
    r"_dd\b|is_sro|listing_price|url_image|price_shipping|\bextra\d|vat_perc\b|cod_price|paypal|seller_shipped"
    r"|(?-i:oemNumber|conditionGrade|registrationPlate|mileageKm|compatibleModels|autoPublish|externalId)"
)
FORBIDDEN = re.compile(f"{NAMES}|{COLUMNS}|(?<!Format\\.)\\bauctions?\\b", re.IGNORECASE)
# A format is neutral: what has the word because it is one of the two formats of an offer.
FORMATS = {"capabilities.py", "domain/offers/allocation.py", "domain/offers/model.py"}
SCHEMA = "storage/migrations/0001_baseline.sql"
# What is still there. The list only shrinks.
LEFT = {
    "domain/partner_business/model.py": {"_ore", "öre"},
    "domain/partner_business/store.py": {"_ore"},
    SCHEMA: {"_ore"},
}  # fmt: skip


def words_in(name: str, text: str) -> set[str]:
    used = {word.lower() for word in FORBIDDEN.findall(text)}
    return used - {"auction"} if name in {*FORMATS, SCHEMA} else used


def found() -> dict[str, set[str]]:
    words = {}
    for file in sorted(PACKAGE.rglob("*")):
        name = file.relative_to(PACKAGE).as_posix()
        if file.suffix in {".py", ".sql"} and name.split("/")[0] in CORE:
            words[name] = words_in(name, file.read_text(encoding="utf-8"))
    return {name: used for name, used in words.items() if used}


def test_the_core_has_no_word_of_a_partner_or_a_marketplace() -> None:
    assert found() == LEFT


def test_names_that_the_dialect_and_the_commands_write_are_the_same() -> None:
    assert (SYSTEM_CATALOG, KEY_PREFIX) == (CATALOG, DIALECTS_KEY_PREFIX)
