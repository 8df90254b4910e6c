"""The facts of a catalog, and what can be wrong with one."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class CatalogType(StrEnum):
    """Where the products of a catalog come from; it changes nothing of what is done with them."""

    DATA_ENTRY = "data_entry"  # typed in by the seller
    SUPPLIER = "supplier"
    CUSTOM = "custom"
    MARKETPLACE = "marketplace"


class CatalogTaken(Exception):
    """The account has a catalog with this code already."""


class CatalogNotFound(Exception):
    """The account has no catalog with this number; the message is the number, or says so."""


class CatalogInUse(Exception):
    """The catalog has products, or is kept with its account: it cannot be removed."""


class Catalog(Struct, frozen=True, kw_only=True):
    """A catalog, with how many products it has; `number` is its id in the partner APIs."""

    number: int
    name: str
    code: str
    type: CatalogType
    created_at: datetime
    products: int
