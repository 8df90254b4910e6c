"""What a list of products is asked for, and what it shows."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from saluhall.domain.products.model import Kind, Status


class Position(Struct, frozen=True):
    """A place in the list of changes: when a product last changed, and its id."""

    at: datetime
    id: UUID


START: Final = Position(datetime(1, 1, 1, tzinfo=UTC), UUID(int=0))


class Filter(Struct, frozen=True, kw_only=True):
    """Which products are asked for; None leaves a thing open. `code` is a part's catalog system and its code there."""

    status: Status | None = None
    parent_sku: str | None = None
    changed_since: datetime | None = None
    code: tuple[str, str] | None = None


class Listed(Struct, frozen=True, kw_only=True):
    """A product in a list, with the id and address of its newest listing."""

    id: UUID
    sku: str
    kind: Kind
    parent_sku: str | None
    status: Status
    title: str
    price: Decimal
    extras: Mapping[str, Any]
    external_id: str | None
    external_url: str | None
    changed_at: datetime

    @property
    def position(self) -> Position:
        """Return its place in the list."""
        return Position(self.changed_at, self.id)


class Page(Struct, frozen=True, kw_only=True):
    """Some products of a list; `after` is where the next page begins, None at the end."""

    products: list[Listed]
    after: Position | None


class Horizon(Struct, frozen=True):
    """Nothing can turn up any more before `settled`, seen at `at`: both by the database's clock."""

    at: datetime
    settled: datetime


class Child(Struct, frozen=True, kw_only=True):
    """A product in a container."""

    id: UUID
    sku: str
    kind: Kind
    status: Status
    title: str
    price: Decimal


class Family(Struct, frozen=True, kw_only=True):
    """A container's direct children, oldest first, and how many there are in all."""

    count: int
    children: list[Child]


class Sums(Struct, frozen=True, kw_only=True):
    """The content of a container: its direct children, counted, and added up where they have the container's currency."""

    children: int
    active: int
    sold: int
    draft: int
    listed_value: Decimal
    sold_value: Decimal
    currency: str
