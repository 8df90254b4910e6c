"""The one table of a product's fields: name, SQL type, default, form. Whatever checks, writes or shows products is made from it."""

from enum import StrEnum
from typing import Any, Final

from msgspec import UNSET, Struct

from saluhall.domain.products.model import PutProduct


class Form(StrEnum):
    """How a bulk call gives a field, and an extraction shows it."""

    TEXT = "text"  # at most 8,192 characters
    LONG_TEXT = "long text"  # at most 65,536 characters
    SHORT_TEXT = "short text"  # at most 255 characters
    URL = "url"
    PRICE = "price"  # more than 0
    AMOUNT = "amount"  # 0 or more
    COUNT = "count"  # whole, 0 or more
    FLAG = "flag"  # 0 or 1
    UNIT = "unit"  # of weight
    JSON = "json"  # a list or an object, kept as given


class Field(Struct, frozen=True):
    """One column. `default` is SQL, used on create when the field is not given and whenever it is cleared.

    `on_create_only` fields are ignored by an update. `form`: bulk calls may set it, and extractions show it, as `alias` when that is
    not empty. A column without a form may still be made of parts (pictures, weight).
    """

    name: str
    sql_type: str
    default: str
    form: Form | None = None
    alias: str = ""
    on_create_only: bool = False


def _texts(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name, "text", "''", Form.TEXT) for name in names)


def _amounts(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name, "numeric", "0", Form.AMOUNT) for name in names)


FIELDS: Final[tuple[Field, ...]] = (
    Field("kind", "text", "'item'"),
    Field("parent_sku", "text", "null"),
    Field("title", "text", "''", Form.TEXT),
    Field("description", "text", "null", Form.LONG_TEXT),
    Field("price", "numeric", "0", Form.PRICE, alias="price1"),
    Field("currency", "text", "'SEK'"),
    Field("shipping_cost", "numeric", "null", Form.AMOUNT, alias="price_shipping1"),
    Field("shipping_strategy", "text", "'integrated'"),
    Field("weight_kg", "numeric", "null"),
    Field("image_urls", "text[]", "'{}'"),
    Field("domain", "jsonb", "null"),
    Field("schema_version", "text", "'1.0.0'"),
    Field("metadata", "text", "null"),
    Field("auto_publish", "boolean", "false", on_create_only=True),
    Field("ai_enhancement", "boolean", "false"),
    Field("quantity", "integer", "1", Form.COUNT),
    Field("condition_code", "text", "'none'", Form.TEXT),
    Field("condition_description", "text", "''", Form.SHORT_TEXT),
    *_texts("sku_label", "subtitle", "brand"),
    Field("description_extra", "text", "''", Form.LONG_TEXT),
    *_amounts(*(f"price{n}" for n in range(2, 7)), "price_cost"),
    *_amounts(*(f"price_shipping{n}" for n in range(2, 7))),
    *_amounts(*(f"fee_additional{n}" for n in range(1, 7)), "vat_perc"),
    *_texts("ean", "isbn", "mpn", "asin"),
    Field("weight_um", "text", "'kg'", Form.UNIT),
    Field("variations", "json", "null", Form.JSON),
    *_texts(*(f"extra{n}" for n in range(1, 10)), "item_note"),
    Field("delivery_days", "integer", "0", Form.COUNT),
    Field("attributes", "json", "null", Form.JSON),
    Field("on_demand", "boolean", "false", Form.FLAG),
    Field("on_demand_days", "integer", "0", Form.COUNT),
    *_texts("fields_lock", "catalog_category1", "catalog_category2", "catalog_category3"),
    Field("channel_categories", "json", "null", Form.JSON),
)
PUT_FIELDS: Final = tuple(f for f in FIELDS if f.name in PutProduct.__struct_fields__)

WEIGHT: Final = "weight"
UNIT: Final = "weight_um"
PICTURES: Final = tuple(f"url_image{n}" for n in range(1, 10))
KILOGRAMS: Final[dict[str, str]] = {
    "kg": "1",
    "g": "0.001",
    "lb": "0.45359237",
    "oz": "0.028349523125",
}
"""What a unit of weight is in kilograms."""

EDITABLE: Final[dict[str, Form]] = {
    **{f.alias or f.name: f.form for f in FIELDS if f.form},
    **dict.fromkeys(PICTURES, Form.URL),
    WEIGHT: Form.AMOUNT,
}
"""What a bulk call may set, by the name it gives."""

COLUMN_OF: Final[dict[str, Field]] = {f.alias or f.name: f for f in FIELDS if f.form}
"""The column of each editable field that has one of its own."""


def kilograms_per(unit: str) -> str:
    """Write SQL that turns a unit of weight into kilograms."""
    cases = " ".join(f"when '{name}' then {factor}" for name, factor in KILOGRAMS.items())
    return f"case {unit} {cases} else 1 end"


def _shown(field: Field) -> str:
    column = f"p.{field.name}"
    match field.form:
        case Form.AMOUNT | Form.PRICE:
            return f"trim_scale(coalesce({column}, 0))"
        case Form.FLAG:
            return f"{column}::integer"
        case Form.JSON:
            return f"coalesce({column}::text, '')"
        case _:
            return f"coalesce({column}, '')" if field.default == "null" else column


def _instant(column: str) -> str:
    return f"""to_char({column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')"""


SHOWN: Final[dict[str, str]] = {
    "id": "p.number",
    "catalog": "c.number",
    "sku": "p.sku",
    **{name: _shown(field) for name, field in COLUMN_OF.items()},
    **{name: f"coalesce(p.image_urls[{n}], '')" for n, name in enumerate(PICTURES, start=1)},
    WEIGHT: f"trim_scale(coalesce(p.weight_kg, 0) / ({kilograms_per('p.weight_um')}))",
    "origin_country": "p.origin_country",
    "warehouse": "p.warehouse",
    "created": _instant("p.created_at"),
    "modified": _instant("p.updated_at"),
}
"""What an extraction can show: SQL that is never null, with the product as `p` and its catalog as `c`."""


def named_fields(product: PutProduct) -> dict[str, Any]:
    """Pick the fields that a PutProduct names, with None for those it clears."""
    return {
        name: value
        for name in product.__struct_fields__
        if (value := getattr(product, name)) is not UNSET
    }
