"""The facts of a product, its states, and what can be wrong with a change to it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Raw, Struct

from saluhall.domain.catalogs.model import CatalogNotFound
from saluhall.kit.claim import Claim
from saluhall.kit.origin import Origin


class Kind(StrEnum):
    """An item is sold; a container groups items (a donor vehicle)."""

    ITEM = "item"
    CONTAINER = "container"


class Status(StrEnum):
    """Where a product is in its life."""

    DRAFT = "draft"  # its images or its text are not ready yet
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


class Product(Struct, frozen=True, kw_only=True):
    """A product as stored. `weight_kg` is `weight`, which is in `weight_unit`, in kilograms."""

    id: UUID
    sku: str
    kind: Kind
    parent_sku: str | None
    status: Status
    title: str
    subtitle: str = ""
    description: str | None
    price: Decimal
    price2: Decimal = Decimal(0)
    price3: Decimal = Decimal(0)
    price4: Decimal = Decimal(0)
    price5: Decimal = Decimal(0)
    price6: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    currency: str
    vat_percent: Decimal = Decimal(0)
    shipping_cost: Decimal | None
    shipping_cost2: Decimal = Decimal(0)
    shipping_cost3: Decimal = Decimal(0)
    shipping_cost4: Decimal = Decimal(0)
    shipping_cost5: Decimal = Decimal(0)
    shipping_cost6: Decimal = Decimal(0)
    shipping_strategy: str
    weight: Decimal | None = None
    weight_unit: str = "kg"
    weight_kg: Decimal | None
    quantity: int = 1
    condition: str = ""
    condition_text: str = ""
    brand: str = ""
    ean: str = ""
    isbn: str = ""
    mpn: str = ""
    asin: str = ""
    category: str = ""
    category1: str = ""
    category2: str = ""
    category3: str = ""
    channel_categories: Mapping[str, str] | None = None
    attributes: Mapping[str, Any] | None = None
    delivery_days: int = 0
    image_urls: Sequence[str]
    tags: Sequence[str] = ()
    locked_fields: Sequence[str] = ()
    auto_publish: bool
    ai_enhancement: bool
    extras: Mapping[str, Any] = {}
    content_revision: int = 1
    created_at: datetime
    updated_at: datetime

    @property
    def prices(self) -> tuple[Decimal, ...]:
        """Return its price lists, the first being number 1; 0 is none."""
        return (self.price, self.price2, self.price3, self.price4, self.price5, self.price6)


class Mode(StrEnum):
    """What a patch may do. Their names say it: put does both."""

    PUT = "put"
    CREATE = "create"
    CHANGE = "change"


class Outcome(StrEnum):
    """What became of one patch. From `PARENT_NOT_FOUND` on it was refused."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    PARENT_NOT_FOUND = "parent not found"
    SKU_TAKEN = "sku taken"
    SKU_REPEATED = "sku repeated"
    PRODUCT_NOT_FOUND = "product not found"
    CATALOG_NOT_FOUND = "catalog not found"


_PROBLEMS: Mapping[Outcome, type[Exception]] = {
    Outcome.PARENT_NOT_FOUND: ParentNotFound,
    Outcome.SKU_TAKEN: SkuTaken,
    Outcome.SKU_REPEATED: SkuRepeated,
    Outcome.PRODUCT_NOT_FOUND: ProductNotFound,
    Outcome.CATALOG_NOT_FOUND: CatalogNotFound,
}


class ProductKey(Struct, frozen=True):
    """Where a product is in the order of catalogs and SKUs."""

    catalog_id: UUID
    sku: str
    product_id: UUID


class ChangedProduct(Struct, frozen=True, array_like=True):
    """What changed of a product: JSON of each field before and after; the event in which it changed has an id already."""

    event_id: UUID
    product_id: UUID
    sku: str
    changes: Raw


class ChangedProducts(Struct, frozen=True, kw_only=True):
    """Products that one statement changed, and where that came from."""

    at: datetime
    origin: Origin
    products: Sequence[ChangedProduct]


class Stored(Struct, frozen=True, array_like=True):
    """What one patch did; of a product that was refused nothing is known.

    `is_shown_named`: the patch named something that a channel shows or checks; `is_shown_changed`: that really changed. `status_before` and
    `quantity_before` are None when the product is new, `image_urls` when the patch did not name them.
    """

    outcome: Outcome
    sku: str
    product_id: UUID | None = None
    kind: Kind = Kind.ITEM
    status: Status = Status.ACTIVE
    status_before: Status | None = None
    quantity: int = 0
    quantity_before: int | None = None
    auto_publish: bool = False
    ai_enhancement: bool = False
    image_urls: Sequence[str] | None = None
    is_shown_named: bool = False
    is_shown_changed: bool = False
    place: int = 0  # of the patch, from 1; 0 when it is known by the id alone
    refusal: str | None = None  # why a channel cannot show it

    @property
    def created(self) -> bool:
        """Return whether the product is new."""
        return self.outcome is Outcome.CREATED

    @property
    def changed(self) -> bool:
        """Return whether anything of the product is different now."""
        return self.outcome in {Outcome.CREATED, Outcome.UPDATED}

    @property
    def problem(self) -> Exception | None:
        """Why it was refused, or None."""
        return _PROBLEMS[self.outcome](self.sku) if self.outcome in _PROBLEMS else None


class DueText(Struct, frozen=True, kw_only=True):
    """A product with a title and description that are due to be enhanced."""

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


class Settled(Struct, frozen=True, kw_only=True):
    """A product that is ready: how many images were wanted, and how many can be shown."""

    id: UUID
    sku: str
    wanted: int
    ready: int


COLUMNS = ", ".join(f"p.{name}" for name in Product.__struct_fields__)
"""The columns of a Product, of a table named `p`."""


def product_from_row(row: Mapping[str, Any]) -> Product:
    """Read a product from a row that has its columns."""
    values = {name: row[name] for name in Product.__struct_fields__}
    return Product(**{**values, "kind": Kind(values["kind"]), "status": Status(values["status"])})
