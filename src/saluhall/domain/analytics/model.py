"""What an account has and what it sold, in numbers; money is in SEK."""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct


class Inventory(Struct, frozen=True, kw_only=True):
    """How many items an account has in each status; containers, and items that are being removed, are not counted."""

    draft: int = 0
    active: int = 0
    sold: int = 0
    not_listed: int = 0
    archived: int = 0


class Revenue(Struct, frozen=True, kw_only=True):
    """What was sold in one month, in one category, or ever; `name` is the month (`2026-04`) or the category's slug."""

    name: str
    orders: int
    pieces: int
    gross: Decimal
    fee: Decimal
    pending: Decimal

    @property
    def net(self) -> Decimal:
        """What is left of the gross without the fee."""
        return self.gross - self.fee


class Analytics(Struct, frozen=True, kw_only=True):
    """Everything the dashboard shows: months oldest first, zero ones too; categories by revenue, the best first."""

    inventory: Inventory
    months: Sequence[Revenue]
    categories: Sequence[Revenue]
    total: Revenue
