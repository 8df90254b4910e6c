"""What the operator takes of sales by a deal."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from msgspec.structs import replace

from saluhall.domain.analytics.model import Analytics
from saluhall.domain.partner_business.model import Deal

_BPS: Final = Decimal(10_000)
_CENT: Final = Decimal("0.01")


def commission_of(deal: Deal, *, gross: Decimal) -> Decimal:
    """Return the operator's part of paid sales, to two decimals; 0 for a deal without a commission."""
    share = Decimal(deal.amounts.commission_bps or 0) / _BPS
    return (gross * share).quantize(_CENT, ROUND_HALF_UP)


def with_commission(found: Analytics, deal: Deal, *, gross_during: Decimal) -> Analytics:
    """Add the commission to the fees of the deal's first month and of those after it; `gross_during` is what they all brought in."""
    if not deal.amounts.commission_bps or deal.first_month is None:
        return found
    months = [
        replace(month, fee=month.fee + commission_of(deal, gross=month.gross))
        if month.name >= deal.first_month
        else month
        for month in found.months
    ]
    total = replace(found.total, fee=found.total.fee + commission_of(deal, gross=gross_during))
    return replace(found, months=months, total=total)
