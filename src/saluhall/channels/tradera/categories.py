"""Which Tradera category a product goes into; only leaves can hold items."""

from collections.abc import Mapping

from saluhall.channel import Offer, Rejected

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


def category_from_offer(offer: Offer, own: Mapping[str, int]) -> int:
    """Choose the category: the offer's, then the connection's map, then the table; an unknown slug is `other`. Raises Rejected."""
    if offer.category is not None:
        if not (offer.category.isascii() and offer.category.isdecimal()):
            raise Rejected(f"Tradera's categories are numbers; {offer.category!r} is none")
        return int(offer.category)
    table = {**CATEGORIES, **own}
    return table.get(offer.product.category, table[OTHER])
