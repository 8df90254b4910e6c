"""How many units each offer of a product may show."""

from collections.abc import Sequence
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from saluhall.domain.offers.allocation import Share, allocate
from saluhall.domain.offers.model import QuantityRule
from saluhall.kit.ids import new_id

RULES = st.builds(
    QuantityRule,
    buffer=st.integers(0, 3),
    maximum=st.none() | st.integers(0, 5),
    percent=st.integers(0, 100),
)
SHARES = st.lists(
    st.builds(
        Share,
        offer_id=st.builds(new_id),
        is_exclusive=st.booleans(),
        holds_unit=st.booleans(),
        cannot_end=st.booleans(),
        is_shown=st.booleans(),
        rank=st.integers(0, 3),
        rule=RULES,
        max_quantity=st.none() | st.integers(1, 5),
    ),
    max_size=8,
)


def auction(**more: bool) -> Share:
    return replace(Share(offer_id=new_id(), is_exclusive=True), **more)


def fixed(**more: object) -> Share:
    return replace(Share(offer_id=new_id(), is_exclusive=False), **more)


def units(available: int, *shares: Share) -> list[int]:
    given_units = allocate(available, shares)
    return [given_units[share.offer_id] for share in shares]


@given(available=st.integers(0, 10), shares=SHARES)
def test_exclusive_offers_never_show_more_units_than_there_are(
    available: int, shares: Sequence[Share]
) -> None:
    given_units = allocate(available, shares)

    free = [s for s in shares if s.is_exclusive and not s.cannot_end]
    bound = sum(s.is_exclusive and s.cannot_end for s in shares)
    assert sum(given_units[s.offer_id] for s in free) <= max(0, available - bound)


@given(available=st.integers(0, 10), shares=SHARES)
def test_no_fixed_price_offer_shows_a_unit_that_an_auction_holds(
    available: int, shares: Sequence[Share]
) -> None:
    given_units = allocate(available, shares)

    held = sum(
        given_units[s.offer_id] for s in shares if s.is_exclusive and (s.holds_unit or s.cannot_end)
    )
    shown = [given_units[s.offer_id] for s in shares if not s.is_exclusive]
    assert all(0 <= count <= max(0, available - held) for count in shown)


@given(available=st.integers(0, 10), shares=SHARES, seed=st.randoms(use_true_random=False))
def test_the_order_in_which_offers_are_read_does_not_matter(
    available: int, shares: list[Share], seed: object
) -> None:
    ranked = [replace(share, rank=at) for at, share in enumerate(shares)]
    mixed = list(ranked)
    seed.shuffle(mixed)  # type: ignore[attr-defined]

    assert allocate(available, mixed) == allocate(available, ranked)


@given(sales=st.lists(st.sampled_from(("auction", "fixed", "restock")), max_size=30))
def test_whatever_sells_in_whatever_order_nothing_is_sold_that_was_not_there(
    sales: Sequence[str],
) -> None:
    on_hand, sold = 5, 0
    offers = [auction(is_shown=True), auction(), fixed(), fixed(max_quantity=2)]
    for sale in sales:
        shown = allocate(on_hand, offers)
        if sale == "restock":
            on_hand += 1
            continue
        of_kind = [o for o in offers if o.is_exclusive == (sale == "auction")]
        buyable: list[UUID] = [o.offer_id for o in of_kind if shown[o.offer_id] > 0]
        if buyable:
            on_hand, sold = on_hand - 1, sold + 1
        assert on_hand >= 0
    assert on_hand + sold == 5 + sum(sale == "restock" for sale in sales)


def test_fixed_price_offers_share_what_no_auction_holds() -> None:
    assert units(10, fixed(), fixed(max_quantity=3)) == [10, 3]
    assert units(10, auction(), fixed()) == [1, 10]
    assert units(10, auction(cannot_end=True), fixed()) == [1, 9]
    assert units(10, auction(holds_unit=True), fixed()) == [1, 9]


def test_the_last_unit_stays_where_it_is_live_and_has_bids() -> None:
    assert units(1, auction(), auction(is_shown=True)) == [0, 1]
    assert units(1, auction(is_shown=True), auction(is_shown=True, cannot_end=True)) == [0, 1]
    assert units(0, auction(is_shown=True), fixed()) == [0, 0]


def test_a_quantity_rule_keeps_some_back() -> None:
    assert units(10, fixed(rule=QuantityRule(buffer=2, percent=50))) == [4]
    assert units(10, fixed(rule=QuantityRule(maximum=3))) == [3]
    assert units(1, auction(), fixed(rule=QuantityRule(buffer=1))) == [1, 0]
