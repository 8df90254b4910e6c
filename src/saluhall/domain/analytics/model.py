"""What an account has and what it sold, in numbers."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from msgspec import Struct


class DirectSale(Struct, frozen=True, kw_only=True):
    """A unit that the seller has sold elsewhere."""

    product_id: UUID
    category: str
    price: Decimal
    currency: str


class Inventory(Struct, frozen=True, kw_only=True):
    """How many items an account has in each status; containers, and items that are being removed, are not counted."""

    draft: int = 0
    active: int = 0
    sold: int = 0
    not_listed: int = 0
    archived: int = 0


class Revenue(Struct, frozen=True, kw_only=True):
    """What was sold in one month, in one category, or ever; `name` is the month (`2026-04`) or the category's key.

    The gross is without cancelled units; `pending` is not paid yet and in none of the others.
    """

    name: str
    orders: int
    units: int
    gross: Decimal
    refunded: Decimal
    fee: Decimal
    pending: Decimal

    @property
    def net(self) -> Decimal:
        """Return what is left of the gross without refunds and the fee."""
        return self.gross - self.refunded - self.fee


class Unconverted(Struct, frozen=True, kw_only=True):
    """What was sold in a currency for which the account has set no rate: it is in none of the other figures."""

    currency: str
    orders: int
    gross: Decimal
    pending: Decimal


class Analytics(Struct, frozen=True, kw_only=True):
    """All figures, in one currency: months oldest first, zero ones too; categories by revenue, the highest first."""

    currency: str
    inventory: Inventory
    months: Sequence[Revenue]
    categories: Sequence[Revenue]
    total: Revenue
    unconverted: Sequence[Unconverted]
