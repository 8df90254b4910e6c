"""The one table of a product's fields: its type, SQL type, default and limits, and whether a channel shows or checks it.

What is validated, written, read and extracted is made from this table. The table is the type `ProductPatch`: a field is an attribute with
its `Field` beside its type.
"""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Final, get_type_hints

from msgspec import UNSET, Meta, Struct, UnsetType

from saluhall.domain.products.model import Kind

MAX_AMOUNT: Final = 10**12
MAX_COUNT: Final = 2**31 - 1


class Form(StrEnum):
    """What a value may be; `TYPES` has the limits."""

    TEXT = "text"
    LONG_TEXT = "long text"
    SHORT_TEXT = "short text"
    PRICE = "price"
    AMOUNT = "amount"
    COUNT = "count"


TYPES: Final[Mapping[Form, Any]] = {
    Form.TEXT: Annotated[str, Meta(max_length=8 * 1024)],
    Form.LONG_TEXT: Annotated[str, Meta(max_length=64 * 1024)],
    Form.SHORT_TEXT: Annotated[str, Meta(max_length=255)],
    Form.PRICE: Annotated[float, Meta(gt=0, le=MAX_AMOUNT)],
    Form.AMOUNT: Annotated[float, Meta(ge=0, le=MAX_AMOUNT)],
    Form.COUNT: Annotated[int, Meta(ge=0, le=MAX_COUNT)],
}
"""How each form is read from JSON, with its limits."""


class Field(Struct, frozen=True):
    """One column.

    `default` is SQL: what a new product has that does not name the field, and what a cleared field becomes. `is_shown`: a channel shows
    or checks it, so that a change of it is a change of content and makes a rejected listing worth another try. `on_create_only`: an update
    ignores it.
    """

    sql_type: str
    default: str
    form: Form | None = None
    is_shown: bool = False
    on_create_only: bool = False


_TEXT: Final = Field("text", "''", Form.TEXT, is_shown=True)
_LABEL: Final = Field("text", "''", Form.TEXT)
_AMOUNT: Final = Field("numeric", "0", Form.AMOUNT, is_shown=True)
_COUNT: Final = Field("integer", "0", Form.COUNT, is_shown=True)
_NAMES: Final = Field("text[]", "'{}'")
_FLAG: Final = Field("boolean", "false")

Text = str | None | UnsetType
Amount = Decimal | None | UnsetType


class ProductPatch(Struct, frozen=True, kw_only=True):
    """Create or change a product. A field that is UNSET keeps its stored value (a new product gets its default); None clears it.

    Money is in `currency`; a new product that names none, and one with a cleared currency, has `default_currency`. `weight` is in
    `weight_unit`. `attributes` have neutral names. `images_at` changes single places of the images: None keeps a place, "" empties it.
    `extras` holds by its own name what only one partner knows: as given, None deletes it, the others stay.
    """

    sku: str
    default_currency: str
    kind: Annotated[Kind | None | UnsetType, Field("text", "'item'")] = UNSET
    parent_sku: Annotated[Text, Field("text", "null")] = UNSET
    title: Annotated[Text, _TEXT] = UNSET
    subtitle: Annotated[Text, _TEXT] = UNSET
    description: Annotated[Text, Field("text", "null", Form.LONG_TEXT, is_shown=True)] = UNSET
    price: Annotated[Amount, Field("numeric", "0", Form.PRICE, is_shown=True)] = UNSET
    price2: Annotated[Amount, _AMOUNT] = UNSET
    price3: Annotated[Amount, _AMOUNT] = UNSET
    price4: Annotated[Amount, _AMOUNT] = UNSET
    price5: Annotated[Amount, _AMOUNT] = UNSET
    price6: Annotated[Amount, _AMOUNT] = UNSET
    cost: Annotated[Amount, Field("numeric", "0", Form.AMOUNT)] = UNSET
    currency: Annotated[Text, Field("text", "t.default_currency", is_shown=True)] = UNSET
    vat_percent: Annotated[Amount, _AMOUNT] = UNSET
    shipping_cost: Annotated[Amount, Field("numeric", "null", Form.AMOUNT, is_shown=True)] = UNSET
    shipping_cost2: Annotated[Amount, _AMOUNT] = UNSET
    shipping_cost3: Annotated[Amount, _AMOUNT] = UNSET
    shipping_cost4: Annotated[Amount, _AMOUNT] = UNSET
    shipping_cost5: Annotated[Amount, _AMOUNT] = UNSET
    shipping_cost6: Annotated[Amount, _AMOUNT] = UNSET
    shipping_strategy: Annotated[Text, Field("text", "'integrated'", is_shown=True)] = UNSET
    weight: Annotated[Amount, Field("numeric", "null", Form.AMOUNT, is_shown=True)] = UNSET
    weight_unit: Annotated[Text, Field("text", "'kg'", is_shown=True)] = UNSET
    quantity: Annotated[int | None | UnsetType, Field("integer", "1", Form.COUNT, is_shown=True)] = UNSET  # fmt: skip
    condition: Annotated[Text, _TEXT] = UNSET
    condition_text: Annotated[Text, Field("text", "''", Form.SHORT_TEXT, is_shown=True)] = UNSET
    brand: Annotated[Text, _TEXT] = UNSET
    ean: Annotated[Text, _TEXT] = UNSET
    isbn: Annotated[Text, _TEXT] = UNSET
    mpn: Annotated[Text, _TEXT] = UNSET
    asin: Annotated[Text, _TEXT] = UNSET
    category: Annotated[Text, _TEXT] = UNSET
    category1: Annotated[Text, _TEXT] = UNSET
    category2: Annotated[Text, _TEXT] = UNSET
    category3: Annotated[Text, _TEXT] = UNSET
    channel_categories: Annotated[Mapping[str, str] | None | UnsetType, Field("jsonb", "null", is_shown=True)] = UNSET  # fmt: skip
    attributes: Annotated[Mapping[str, Any] | None | UnsetType, Field("jsonb", "null", is_shown=True)] = UNSET  # fmt: skip
    delivery_days: Annotated[int | None | UnsetType, _COUNT] = UNSET
    image_urls: Annotated[tuple[str, ...] | None | UnsetType, Field("text[]", "'{}'", is_shown=True)] = UNSET  # fmt: skip
    tags: Annotated[tuple[str, ...] | None | UnsetType, _NAMES] = UNSET
    locked_fields: Annotated[tuple[str, ...] | None | UnsetType, _NAMES] = UNSET
    auto_publish: Annotated[bool | None | UnsetType, Field("boolean", "false", on_create_only=True)] = UNSET  # fmt: skip
    ai_enhancement: Annotated[bool | None | UnsetType, _FLAG] = UNSET
    extras: Annotated[Mapping[str, Any] | UnsetType, Field("jsonb", "'{}'")] = UNSET
    images_at: tuple[str | None, ...] | UnsetType = UNSET

    def named(self) -> frozenset[str]:
        """Name the fields that this patch sets or clears."""
        return frozenset(name for name in FIELDS if getattr(self, name) is not UNSET)


def fields_of(patch: type[Struct]) -> dict[str, Field]:
    """Read the table from the type of a patch."""
    hints = get_type_hints(patch, include_extras=True)
    return {
        name: meta
        for name, hint in hints.items()
        for meta in getattr(hint, "__metadata__", ())
        if isinstance(meta, Field)
    }


FIELDS: Final = fields_of(ProductPatch)
KILOGRAMS: Final[Mapping[str, str]] = {
    "kg": "1",
    "g": "0.001",
    "lb": "0.45359237",
    "oz": "0.028349523125",
}
"""What a unit of weight is in kilograms; the column `weight_kg` is computed by the same."""
