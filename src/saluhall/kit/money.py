"""Amounts in parts that add up."""

from collections.abc import Sequence
from decimal import ROUND_DOWN, Decimal
from typing import Final

_CENT: Final = Decimal("0.01")


def split(amount: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """Split an amount by weights (at least one) into parts in whole cents; what is left of rounding is in the first part.

    A weight below 0 counts as 0; without any weight the first part is all of it.
    """
    counted = [max(weight, Decimal(0)) for weight in weights]
    whole = sum(counted) or Decimal(1)
    rest = [
        (amount * weight / whole).quantize(_CENT, rounding=ROUND_DOWN) for weight in counted[1:]
    ]
    return [amount - sum(rest), *rest]
