"""Parts of an amount add up to it."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saluhall.kit.money import split

CENT = Decimal("0.01")
amounts = st.decimals(min_value=-(10**9), max_value=10**9, places=2)


@given(amount=amounts, weights=st.lists(amounts, min_size=1, max_size=12))
def test_the_parts_of_an_amount_add_up_and_are_whole_cents(
    amount: Decimal, weights: list[Decimal]
) -> None:
    parts = split(amount, weights)

    assert len(parts) == len(weights)
    assert sum(parts) == amount
    assert all(part == part.quantize(CENT) for part in parts)
    assert all(part * amount >= 0 for part in parts)


@pytest.mark.parametrize(
    ("amount", "weights", "parts"),
    [
        ("10", ["1", "1", "1"], ["3.34", "3.33", "3.33"]),
        ("10", ["300", "100"], ["7.5", "2.5"]),
        ("2.45", ["90"], ["2.45"]),
        ("5", ["0", "0"], ["5", "0"]),
        ("5", ["-3", "1"], ["0", "5"]),
        ("-1", ["1", "2"], ["-0.34", "-0.66"]),
        ("0", ["1", "2"], ["0", "0"]),
    ],
)
def test_what_is_left_of_rounding_is_in_the_first_part(
    amount: str, weights: list[str], parts: list[str]
) -> None:
    assert split(Decimal(amount), [Decimal(w) for w in weights]) == [Decimal(p) for p in parts]
