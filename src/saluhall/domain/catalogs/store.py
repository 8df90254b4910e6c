"""The SQL of catalogs."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from saluhall.domain.catalogs.model import Catalog, CatalogType
from saluhall.storage import Transaction
from saluhall.storage.database import Row

ADD = """
  insert into catalogs (account_id, id, code, name, type, created_at)
  values (%(account_id)s, %(id)s, %(code)s, %(name)s, %(type)s, %(now)s)
  returning number
"""
OF_NUMBERS = """
  select number, id from catalogs where account_id = %(account_id)s and number = any(%(numbers)s)
"""

# By the kept counts, which leave out products that are being deleted: those are rows until their listings have ended.
_CATALOG = """
  select c.number, c.name, c.code, c.type, c.created_at,
         (select coalesce(sum(k.draft + k.active + k.sold + k.not_listed + k.archived), 0)::bigint
            from product_counts k where k.account_id = c.account_id and k.catalog_id = c.id) as products
    from catalogs c where c.account_id = %(account_id)s
"""
LIST = f"{_CATALOG} order by c.number"
FIND = f"{_CATALOG} and c.number = %(number)s for update of c"
REMOVE = """
  delete from catalogs c where c.account_id = %(account_id)s and c.number = %(number)s
     and not exists (select from products p where p.account_id = c.account_id and p.catalog_id = c.id)
"""


async def list_catalogs(tx: Transaction, account_id: UUID) -> list[Catalog]:
    """Read an account's catalogs."""
    return await tx.all(catalog_from_row, LIST, {"account_id": account_id})


async def lock(tx: Transaction, account_id: UUID, number: int) -> Catalog | None:
    """Read a catalog and lock it."""
    return await tx.one(catalog_from_row, FIND, {"account_id": account_id, "number": number})


def catalog_from_row(row: Row) -> Catalog:
    """Read a catalog."""
    return Catalog(**{**row, "type": CatalogType(row["type"])})


async def remove(tx: Transaction, account_id: UUID, number: int) -> bool:
    """Delete a catalog without products; False when there is none such."""
    return await tx.run(REMOVE, {"account_id": account_id, "number": number}) > 0


async def add(
    tx: Transaction,
    account_id: UUID,
    *,
    catalog_id: UUID,
    code: str,
    name: str,
    type: CatalogType,  # noqa: A002 - the word of the field
    now: datetime,
) -> int:
    """Store a catalog; return its number. Raises Conflict."""
    params = {
        "account_id": account_id,
        "id": catalog_id,
        "code": code,
        "name": name,
        "type": type,
        "now": now,
    }
    [number] = await tx.all(lambda row: int(row["number"]), ADD, params)
    return number


async def of_numbers(tx: Transaction, account_id: UUID, numbers: Sequence[int]) -> dict[int, UUID]:
    """Find catalogs by their numbers."""
    params = {"account_id": account_id, "numbers": list(numbers)}
    return dict(await tx.all(lambda row: (row["number"], row["id"]), OF_NUMBERS, params))
