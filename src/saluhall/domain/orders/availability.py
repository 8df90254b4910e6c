"""Which units of locked products an order may take. Pure."""

from collections.abc import Mapping
from uuid import UUID

from saluhall.domain.listings.model import Scheduled
from saluhall.domain.products.stock import Stocked


def gone_elsewhere(
    products: Mapping[UUID, Stocked], known: Mapping[UUID, Scheduled]
) -> frozenset[UUID]:
    """Return the products that the seller has sold elsewhere: sold, and none of their listings (`known`) waits for its order."""
    awaited = {s.listing.product_id for s in known.values() if s.listing.units_awaiting_order}
    return frozenset(p.id for p in products.values() if p.is_sold and p.id not in awaited)


def available_units(products: Mapping[UUID, Stocked], gone: frozenset[UUID]) -> dict[UUID, int]:
    """Return how many units of each product can be taken: none of those that are `gone`."""
    return {p.id: 0 if p.id in gone else p.quantity for p in products.values()}
