"""The SQL of products that are put for the first time, many at once."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET, Struct

from saluhall.domain.products.bulk_store import array_text, literal_text
from saluhall.domain.products.fields import PUT_FIELDS
from saluhall.domain.products.model import Kind, PutProduct, Status, StoredRow
from saluhall.storage import Transaction
from saluhall.storage.copy_rows import Column

_NULL = "null"
# The instant belongs to the change; it is taken here, for a default that is made anew for each row would slow COPY down.
LOOK = """
  select c.id as catalog_id, change_instant() as changed_at, array(
           select p.sku from products p
            where p.account_id = %(owner)s and p.catalog_id = c.id and p.sku = any(%(skus)s)
              and not p.delete_wanted) as known
    from catalogs c where c.account_id = %(owner)s and c.code = %(catalog)s
"""


class Shelf(Struct, frozen=True):
    """A catalog, which of the products in question it has, and the instant of a change to it."""

    catalog_id: UUID
    changed_at: datetime
    known: frozenset[str]


async def look(tx: Transaction, owner: UUID, *, catalog: str, skus: Sequence[str]) -> Shelf | None:
    """See which of these products are there; None when there is no such catalog."""
    params = {"owner": owner, "catalog": catalog, "skus": list(skus)}
    return await tx.one(
        lambda row: Shelf(row["catalog_id"], row["changed_at"], frozenset(row["known"])),
        LOOK,
        params,
    )


def sheet_of(
    products: Sequence[PutProduct],
    *,
    owner: UUID,
    shelf: Shelf,
    ids: Sequence[str],
    now: datetime,
) -> dict[str, Column]:
    """Lay new products out in columns; what one does not name gets its default."""
    sheet: dict[str, Column] = {
        field.name: _column(products, field.name, field.sql_type, field.default)
        for field in PUT_FIELDS
    }
    instant = now.isoformat()
    return {
        "account_id": str(owner),
        "catalog_id": str(shelf.catalog_id),
        "sku": [p.sku for p in products],
        "id": ids,
        "status": [_status(p).value for p in products],
        "created_at": instant,
        "updated_at": instant,
        "changed_at": shelf.changed_at.isoformat(),
        "enhance_due_at": [instant if p.ai_enhancement else None for p in products],
        **sheet,
    }


async def add(tx: Transaction, sheet: Mapping[str, Column], *, rows: int) -> None:
    """Store new products. Raises Conflict, and stores none, when there is one of them already."""
    await tx.copy_in("products", sheet, count=rows)


def created(product: PutProduct, product_id: str) -> StoredRow:
    """Say of a new product what a put says."""
    return StoredRow(
        outcome="created",
        sku=product.sku,
        id=UUID(product_id),
        kind=(product.kind or Kind.ITEM).value,
        status=_status(product).value,
        price=product.price or None,
        image_urls=list(product.image_urls or ()),
        auto_publish=bool(product.auto_publish),
        ai_enhancement=bool(product.ai_enhancement),
    )


def _status(product: PutProduct) -> Status:
    """Tell where a new product begins: it waits for its pictures and its text."""
    return Status.DRAFT if product.image_urls or product.ai_enhancement else Status.ACTIVE


def _column(products: Sequence[PutProduct], name: str, sql_type: str, default: str) -> Column:
    usual = None if default == _NULL else literal_text(default)
    given = [getattr(product, name) for product in products]
    if all(value is UNSET for value in given) and usual is not None:
        return usual
    write = _WRITE.get(sql_type, str)
    return [usual if value is UNSET or value is None else write(value) for value in given]


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _flag(value: object) -> str:
    return "t" if value else "f"


_WRITE: Mapping[str, Callable[[Any], str]] = {
    "text[]": array_text,
    "jsonb": _json,
    "boolean": _flag,
}
