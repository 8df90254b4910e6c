"""What a channel brings to be tested: its practice server or the real software, and what happens there.

`tests/channels/<name>/contract.py` has `open_counterpart()`, a context manager that starts it and returns it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from saluhall.channel import Login, Product


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A listing as buyers see it; `quantity` is what they can still buy."""

    external_id: str
    title: str
    price: Decimal
    quantity: int
    images: int
    is_live: bool


class Counterpart(Protocol):
    """What is at the other end of a channel. `product` is one that it takes, without images."""

    url: str
    product: Product
    price: Decimal
    unknown_id: str

    def settings(self, url: str) -> Mapping[str, str]:
        """Return the settings with which the channel calls this address."""

    async def reset(self) -> Login:
        """Empty it, lift all limits, make one seller and return the login."""

    async def shown(self) -> Sequence[Shown]:
        """Return every listing that was ever published, oldest first."""

    async def sell(self, external_id: str, units: int) -> None:
        """Have a buyer buy units of a listing; an order comes of it."""

    async def pay(self, order_id: str) -> None:
        """Have the buyer pay for an order."""

    async def is_shipped(self, order_id: str) -> bool:
        """Return whether the channel was notified that an order was shipped."""

    async def is_marked_paid(self, order_id: str) -> bool:
        """Return whether the channel was notified that an order was paid."""

    async def expire_login(self) -> None:
        """Let the seller's login expire."""

    async def limit_calls(self) -> None:
        """Refuse every further call because there were too many."""
