"""How many units each offer of a product may show, so that no unit is sold twice. Pure."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from msgspec import Struct

from saluhall.domain.offers.model import QuantityRule
from saluhall.domain.offers.pricing import shown_units


class Share(Struct, frozen=True, kw_only=True):
    """An offer that wants units.

    An exclusive offer (an auction) shows one unit that no other exclusive offer shows; the others (fixed price) share what is left.
    `holds_unit`: nobody else may have its unit: it has a bid, or its policy says so. `cannot_end`: it stays on the channel
    whatever is left. `is_shown`: it is on the channel, or on its way there. `rank` orders those that are alike, the lowest first.
    """

    offer_id: UUID
    is_exclusive: bool
    holds_unit: bool = False
    cannot_end: bool = False
    is_shown: bool = False
    rank: int = 0
    rule: QuantityRule = QuantityRule()
    max_quantity: int | None = None


def allocate(available: int, shares: Sequence[Share]) -> Mapping[UUID, int]:
    """Say how many units each offer may show.

    Exclusive offers get a unit each while there are some: first those that cannot end, then those that are shown, then the oldest.
    Fixed-price offers show what no exclusive offer holds, each by its own quantity rule: selling one lowers all the others.
    """
    given: dict[UUID, int] = {}
    left, held = available, 0
    exclusive = sorted((s for s in shares if s.is_exclusive), key=_order)
    for share in exclusive:
        is_given = share.cannot_end or shown_units(share.rule, left) > 0
        given[share.offer_id] = int(is_given)
        left -= is_given
        held += is_given and (share.holds_unit or share.cannot_end)
    rest = max(0, available - held)
    for share in shares:
        if not share.is_exclusive:
            units = shown_units(share.rule, rest)
            limit = share.max_quantity
            given[share.offer_id] = units if limit is None else min(units, limit)
    return given


def _order(share: Share) -> tuple[bool, bool, int]:
    return not share.cannot_end, not share.is_shown, share.rank
