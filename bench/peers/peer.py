"""What a system must be able to do to be measured, and how one says that it is not there."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import ClassVar

from bench.peers.work import Product
from bench.stage import Stage


class Absent(Exception):
    """A peer cannot be measured on this machine; says why."""


class Peer(ABC):
    """A running system. Rows a round are chosen so that a round takes seconds; reads repeat until they are so many."""

    name: ClassVar[str]
    rows: ClassVar[Mapping[str, int]]
    cannot: ClassVar[Mapping[str, str]] = {}
    setup: ClassVar[str]
    """How it runs and which calls are used, for the report."""
    version: str = ""

    @classmethod
    @abstractmethod
    def start(cls, stage: Stage) -> AbstractAsyncContextManager["Peer"]:
        """Install it when it is not, and run it with its own empty database. Raises Absent."""

    @abstractmethod
    async def seed(self, products: Sequence[Product], *, orders: int) -> None:
        """Put the products that are read and changed in, and so many orders of one line each."""

    async def freshen(self) -> None:  # noqa: B027 - most have nothing to do
        """Get ready for a round: called before each, outside of the clock."""

    @abstractmethod
    async def create_one_by_one(self, products: Sequence[Product]) -> None:
        """Create products, each by a call (or more) of its own, over all connections."""

    async def create_in_bulk(self, products: Sequence[Product]) -> None:
        """Create products in the way that is best for many; never asked of who says in `cannot` that there is none."""
        raise NotImplementedError

    @abstractmethod
    async def change(self, products: Sequence[Product]) -> None:
        """Set price and stock of products that are there."""

    @abstractmethod
    async def read_products(self) -> list[bytes]:
        """Read all products with price and stock, and give the bodies."""

    @abstractmethod
    def count_products(self, bodies: Sequence[bytes]) -> int:
        """Count the products in what was read, by their prices and stocks."""

    @abstractmethod
    async def read_orders(self) -> list[bytes]:
        """Read all orders with their lines, and give the bodies."""

    @abstractmethod
    def count_orders(self, bodies: Sequence[bytes]) -> int:
        """Count the orders in what was read."""
