"""Which Tradera category a kind of goods goes into; only leaves can hold items."""

from collections.abc import Mapping

OTHER = "other"

# The numbers of the partner API's category mapping; the README says how far to trust them.
CATEGORIES: Mapping[str, int] = {
    "art": 516,
    "auto_parts": 8300,
    "beauty": 537,
    "books": 521,
    "collectibles": 536,
    "computers": 524,
    "electronics": 525,
    "fashion": 530,
    "home_garden": 529,
    "industrial": 523,
    "jewelry": 8178,
    "music": 535,
    "sports": 527,
    "tools": 541,
    "toys": 533,
    "vehicles": 8300,  # 520 holds vehicles but is no leaf, and no leaf for whole vehicles is known
    "watches": 531,
    OTHER: 536,  # there is no "anything else" leaf; collectibles is the least wrong
}


def category_from_slug(slug: str, own: Mapping[str, int]) -> int:
    """Choose the category: the connection's own word first, an unknown kind of goods as `other`."""
    table = {**CATEGORIES, **own}
    return table.get(slug, table[OTHER])
