"""What a channel reads of a product: the fields of its `Product`, each from the column of the same name."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct

from saluhall.channel import Product
from saluhall.storage import Transaction
from saluhall.storage.database import Row

# An enhanced text wins over the seller's own; the seller's own categories over each other, the key of a taxonomy over them.
_OTHERWISE: Final[Mapping[str, str]] = {
    "title": "coalesce(p.enhanced_title, p.title)",
    "description": "coalesce(p.enhanced_description, p.description, '')",
    "category": """coalesce(nullif(p.category, ''), nullif(concat_ws(' > ',
                     nullif(p.category1, ''), nullif(p.category2, ''), nullif(p.category3, '')), ''), 'other')""",
    "attributes": "coalesce(p.attributes, '{}')",
    "vat_percent": "nullif(p.vat_percent, 0)",
    "delivery_days": "nullif(p.delivery_days, 0)",
}
_FIELDS: Final = tuple(name for name in Product.__struct_fields__ if name != "images")
_SHOWN: Final = ", ".join(f"{_OTHERWISE.get(name, f'p.{name}')} as {name}" for name in _FIELDS)
CONTENT = f"""
  select p.id, p.channel_categories, {_SHOWN} from products p
   where p.account_id = %(account_id)s and p.id = any(%(product_ids)s)
"""


class ProductContent(Struct, frozen=True, kw_only=True):
    """A product as a channel reads it, without its images; `categories` are ids of a channel by the number of its connection."""

    product: Product
    categories: Mapping[str, str] = {}


async def list_contents(
    tx: Transaction, *, account_id: UUID, product_ids: Sequence[UUID]
) -> dict[UUID, ProductContent]:
    """Read what channels show of products, by product; the images are to be added."""
    params = {"account_id": account_id, "product_ids": list(product_ids)}
    return dict(await tx.all(_content_from_row, CONTENT, params))


def _content_from_row(row: Row) -> tuple[UUID, ProductContent]:
    product = Product(**{name: row[name] for name in _FIELDS})
    return row["id"], ProductContent(product=product, categories=row["channel_categories"] or {})
