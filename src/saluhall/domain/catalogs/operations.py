"""What is done with catalogs."""

from datetime import datetime

from saluhall.domain.accounts.model import Principal
from saluhall.domain.catalogs import store
from saluhall.domain.catalogs.model import (
    Catalog,
    CatalogInUse,
    CatalogNotFound,
    CatalogTaken,
    CatalogType,
)
from saluhall.kit.ids import new_id
from saluhall.storage import Conflict, Transaction


async def create_catalog(
    tx: Transaction,
    *,
    principal: Principal,
    name: str,
    code: str,
    type: CatalogType = CatalogType.DATA_ENTRY,  # noqa: A002 - the word of the field
    now: datetime,
) -> int:
    """Add a catalog to an account; return the number by which the partner APIs know it. Raises CatalogTaken."""
    catalog_id = new_id()
    try:
        return await store.add(
            tx,
            principal.account_id,
            catalog_id=catalog_id,
            code=code,
            name=name,
            type=type,
            now=now,
        )
    except Conflict as error:
        raise CatalogTaken(f"the account has a catalog {code!r} already") from error


async def remove_catalog(
    tx: Transaction, *, principal: Principal, number: int, system_code: str
) -> Catalog:
    """Remove an empty catalog and return it, but not the one with the code `system_code`. Raises CatalogNotFound, CatalogInUse."""
    found = await store.lock(tx, principal.account_id, number)
    if found is None:
        raise CatalogNotFound(f"the account has no catalog with the number {number}")
    if found.code == system_code:
        raise CatalogInUse(f"{system_code} is the system catalog: it is removed with its account")
    if not await store.remove(tx, principal.account_id, number):
        raise CatalogInUse(f"the catalog {found.name!r} has {_products(found.products)}")
    return found


def _products(count: int) -> str:
    if count == 0:
        return "products with listings that are still ending: try again in a few minutes"
    return f"{count} product{'s' if count > 1 else ''}: delete them first"
