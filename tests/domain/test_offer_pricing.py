"""The price of an offer by its connection's price rule."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saluhall.domain.offers.model import PriceRule, Rounding
from saluhall.domain.offers.pricing import price_from_rule

PRICES = (Decimal(100), Decimal(90), Decimal(0))
AMOUNTS = st.decimals(min_value="0.01", max_value=10**6, places=2)


@pytest.mark.parametrize(
    ("rule", "price"),
    [
        (PriceRule(), "100.00"),
        (PriceRule(price_list=2), "90.00"),
        (PriceRule(percent=Decimal("12.5")), "112.50"),
        (PriceRule(percent=Decimal(-10), plus=Decimal(5)), "95.00"),
        (PriceRule(exchange_rate=Decimal("0.0881"), currency="EUR"), "8.81"),
        (PriceRule(plus=Decimal("3.5"), rounding=Rounding.ONE), "104.00"),
        (PriceRule(plus=Decimal(3), rounding=Rounding.FIVE), "105.00"),
        (PriceRule(plus=Decimal(4), rounding=Rounding.TEN), "100.00"),
        (PriceRule(plus=Decimal("0.3"), rounding=Rounding.POINT_90), "99.90"),
        (PriceRule(plus=Decimal("0.5"), rounding=Rounding.POINT_99), "100.99"),
        (PriceRule(percent=Decimal(-50), floor=Decimal(80)), "80.00"),
    ],
)
def test_a_price_is_made_by_the_rule(rule: PriceRule, price: str) -> None:
    assert str(price_from_rule(rule, PRICES)) == price


@pytest.mark.parametrize("number", [3, 4])
def test_an_empty_price_list_has_no_price_and_no_other_one_stands_in_for_it(number: int) -> None:
    assert price_from_rule(PriceRule(price_list=number), PRICES) is None


@given(amount=AMOUNTS, rounding=st.sampled_from(Rounding))
def test_a_rounded_price_is_near_the_price_and_never_nothing(
    amount: Decimal, rounding: Rounding
) -> None:
    price = price_from_rule(PriceRule(rounding=rounding), [amount])

    assert price is not None
    assert price > 0
    assert abs(price - amount) <= 10
