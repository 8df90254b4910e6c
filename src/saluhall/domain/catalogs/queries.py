"""Questions to catalogs."""

from collections.abc import Iterable
from uuid import UUID

from saluhall.domain.accounts.model import Principal
from saluhall.domain.catalogs import store
from saluhall.domain.catalogs.model import Catalog, CatalogNotFound
from saluhall.storage import Transaction


async def list_catalogs(tx: Transaction, *, principal: Principal) -> list[Catalog]:
    """List an account's catalogs by number."""
    return await store.list_catalogs(tx, principal.account_id)


async def ids_by_number(
    tx: Transaction, *, principal: Principal, numbers: Iterable[int]
) -> dict[int, UUID]:
    """Find the account's catalogs with these numbers; a number that it does not have is missing in the answer."""
    return await store.of_numbers(tx, principal.account_id, sorted(set(numbers)))


async def catalog_of_number(tx: Transaction, *, principal: Principal, number: int) -> UUID:
    """Find a catalog. Raises CatalogNotFound."""
    found = await store.of_numbers(tx, principal.account_id, [number])
    if number not in found:
        raise CatalogNotFound(number)
    return found[number]
