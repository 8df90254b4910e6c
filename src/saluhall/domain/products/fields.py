"""The one table of a product's editable fields: name, SQL type, default. The statements that write products are made from it."""

from typing import Any

from msgspec import UNSET, Struct

from saluhall.domain.products.model import PutProduct


class Field(Struct, frozen=True):
    """One field. `default` is SQL, used on create when the field is not given and whenever it is cleared.

    `on_create_only` fields are ignored by an update.
    """

    name: str
    sql_type: str
    default: str
    on_create_only: bool = False


FIELDS: tuple[Field, ...] = (
    Field("kind", "text", "'item'"),
    Field("parent_sku", "text", "null"),
    Field("title", "text", "''"),
    Field("description", "text", "null"),
    Field("price", "numeric", "0"),
    Field("currency", "text", "'SEK'"),
    Field("shipping_cost", "numeric", "null"),
    Field("shipping_strategy", "text", "'integrated'"),
    Field("weight_kg", "numeric", "null"),
    Field("image_urls", "text[]", "'{}'"),
    Field("domain", "jsonb", "null"),
    Field("schema_version", "text", "'1.0.0'"),
    Field("metadata", "text", "null"),
    Field("auto_publish", "boolean", "false", on_create_only=True),
    Field("ai_enhancement", "boolean", "false"),
)


def named_fields(product: PutProduct) -> dict[str, Any]:
    """Pick the fields that a PutProduct names, with None for those it clears."""
    return {
        name: value
        for name in product.__struct_fields__
        if (value := getattr(product, name)) is not UNSET
    }
