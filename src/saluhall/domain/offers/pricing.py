"""What an offer shows: its price by a price rule, its units by a quantity rule. Pure."""

from collections.abc import Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

from saluhall.domain.offers.model import PriceRule, QuantityRule, Rounding

_CENT = Decimal("0.01")
_STEPS = {Rounding.ONE: Decimal(1), Rounding.FIVE: Decimal(5), Rounding.TEN: Decimal(10)}
_ENDINGS = {Rounding.POINT_90: Decimal("0.90"), Rounding.POINT_99: Decimal("0.99")}


def price_from_rule(rule: PriceRule, prices: Sequence[Decimal | None]) -> Decimal | None:
    """Return the price by a rule, in whole cents; None when the price list has none for the product.

    `prices` are the product's price lists, the first being number 1; 0 counts as none.
    """
    base = prices[rule.price_list - 1] if rule.price_list <= len(prices) else None
    if not base:
        return None
    amount = base * (rule.exchange_rate or 1)
    amount = _rounded(amount * (1 + rule.percent / 100) + rule.plus, rule.rounding)
    if rule.floor is not None:
        amount = max(amount, rule.floor)
    return max(amount, Decimal(0)).quantize(_CENT, ROUND_HALF_UP)


def _rounded(amount: Decimal, rounding: Rounding) -> Decimal:
    if step := _STEPS.get(rounding):
        return max((amount / step).quantize(Decimal(1), ROUND_HALF_UP) * step, step)
    if ending := _ENDINGS.get(rounding):
        whole = (amount - ending).quantize(Decimal(1), ROUND_FLOOR)
        below, above = whole + ending, whole + 1 + ending
        nearest = below if amount - below < above - amount else above
        return max(nearest, ending)
    return amount


def shown_units(rule: QuantityRule, units: int) -> int:
    """Return how many of the units at hand an offer shows by a quantity rule."""
    shown = max(0, units - rule.buffer) * rule.percent // 100
    return shown if rule.maximum is None else min(shown, rule.maximum)
