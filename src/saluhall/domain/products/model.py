"""The facts of a product, its states, and what can be wrong with a change to it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from saluhall.kit.claim import Claim


class Kind(StrEnum):
    """An item is sold; a container groups items (a donor vehicle)."""

    ITEM = "item"
    CONTAINER = "container"


class Status(StrEnum):
    """Where a product is in its life."""

    DRAFT = "draft"  # its pictures are not settled yet
    ACTIVE = "active"
    SOLD = "sold"
    NOT_LISTED = "not_listed"
    ARCHIVED = (
        "archived"  # deleted by the seller while a sale was under way; it goes when that is done
    )


class ProductNotFound(Exception):
    """The account has no product with this sku in this catalog."""


class ParentNotFound(Exception):
    """The parent that a product names does not exist in its catalog."""


class SkuTaken(Exception):
    """The catalog has a product with this sku already."""


class SkuRepeated(Exception):
    """An earlier row of the same call names the same product."""


class Batch(Struct, frozen=True, kw_only=True):
    """Rows of a bulk call, column by column: the number of the catalog, the sku, and editable fields by name.

    In a column None means that this row does not name the field. JSON fields hold their text.
    """

    catalogs: Sequence[int]
    skus: Sequence[str]
    columns: Mapping[str, Sequence[Any]]


class PutProduct(Struct, frozen=True, kw_only=True):
    """Create or update a product. A field that is UNSET keeps its stored value (on create: its default); None clears it.

    Money is in `currency`; `weight_kg` in kilograms; `domain` is the normalised tagged union (slug under `domain`);
    `metadata` is kept verbatim as JSON text. `auto_publish` counts on create only.
    """

    sku: str
    kind: Kind | UnsetType = UNSET
    parent_sku: str | None | UnsetType = UNSET
    title: str | UnsetType = UNSET
    description: str | None | UnsetType = UNSET
    price: Decimal | UnsetType = UNSET
    currency: str | None | UnsetType = UNSET
    shipping_cost: Decimal | None | UnsetType = UNSET
    shipping_strategy: str | None | UnsetType = UNSET
    weight_kg: Decimal | None | UnsetType = UNSET
    image_urls: tuple[str, ...] | None | UnsetType = UNSET
    domain: Mapping[str, Any] | None | UnsetType = UNSET
    schema_version: str | None | UnsetType = UNSET
    metadata: str | None | UnsetType = UNSET
    auto_publish: bool | None | UnsetType = UNSET
    ai_enhancement: bool | None | UnsetType = UNSET


class Product(Struct, frozen=True, kw_only=True):
    """A product as stored."""

    id: UUID
    sku: str
    kind: Kind
    parent_sku: str | None
    status: Status
    title: str
    description: str | None
    price: Decimal
    currency: str
    shipping_cost: Decimal | None
    shipping_strategy: str
    weight_kg: Decimal | None
    image_urls: tuple[str, ...]
    domain: Mapping[str, Any] | None
    schema_version: str
    metadata: str | None
    auto_publish: bool
    ai_enhancement: bool
    created_at: datetime
    updated_at: datetime


class PutOutcome(Struct, frozen=True, kw_only=True):
    """What became of one PutProduct: created, updated or (not `changed`) found as it is already, or the fact that refused it."""

    sku: str
    product_id: UUID | None = None
    created: bool = False
    changed: bool = True
    problem: Exception | None = None


class DueText(Struct, frozen=True, kw_only=True):
    """A product whose title and description are to be enhanced."""

    account_id: UUID
    id: UUID
    sku: str
    title: str
    description: str | None
    claim: Claim | None = None


class Text(Struct, frozen=True, kw_only=True):
    """A title with its description."""

    title: str
    description: str | None = None


class StoredRow(Struct, frozen=True, kw_only=True):
    """What a put did to one product.

    `outcome` is created, updated, unchanged or refused; `named` holds the fields that a put of a known product named.
    """

    outcome: str
    sku: str
    id: UUID | None = None
    kind: str | None = None
    status: str | None = None
    price: Decimal | None = None
    image_urls: list[str] | None = None
    auto_publish: bool | None = None
    ai_enhancement: bool | None = None
    named: frozenset[str] = frozenset()


class Settled(Struct, frozen=True, kw_only=True):
    """A product that waits for nothing more: how many pictures were wanted, and how many can be shown."""

    id: UUID
    sku: str
    wanted: int
    ready: int


def product_from_row(row: Mapping[str, Any]) -> Product:
    """Read a product from a row that has its columns."""
    return Product(
        id=row["id"],
        sku=row["sku"],
        kind=Kind(row["kind"]),
        parent_sku=row["parent_sku"],
        status=Status(row["status"]),
        title=row["title"],
        description=row["description"],
        price=row["price"],
        currency=row["currency"],
        shipping_cost=row["shipping_cost"],
        shipping_strategy=row["shipping_strategy"],
        weight_kg=row["weight_kg"],
        image_urls=tuple(row["image_urls"]),
        domain=row["domain"],
        schema_version=row["schema_version"],
        metadata=row["metadata"],
        auto_publish=row["auto_publish"],
        ai_enhancement=row["ai_enhancement"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
