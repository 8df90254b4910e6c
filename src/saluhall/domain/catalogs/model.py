"""The facts of a catalog, and what can be wrong with one."""

from datetime import datetime

from msgspec import Struct

RHEO = "RHEO"  # the system catalog of Rheo items


class CatalogTaken(Exception):
    """The account has a catalog with this code already."""


class CatalogNotFound(Exception):
    """The account has no catalog with this number; the message is the number."""


class CatalogInUse(Exception):
    """The catalog has products, or is the system catalog: it cannot be removed."""


class Catalog(Struct, frozen=True, kw_only=True):
    """A catalog, with how many products it has; `number` is its id in the partner APIs."""

    number: int
    name: str
    code: str
    created_at: datetime
    products: int
