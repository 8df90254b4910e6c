"""Sellrapido's product shapes: the rows of bulk calls, made from the one table of fields, and what answers them."""

from collections.abc import Sequence
from typing import Annotated, Final

from msgspec import UNSET, Meta, Struct, UnsetType, defstruct

from saluhall.dialects.sellrapido.product_fields import KEYS
from saluhall.domain.products.fields import MAX_COUNT, TYPES, Form

MAX_ROWS: Final = 1000


class Keyed(Struct, kw_only=True):
    """The product that a row is about."""

    catalog: Annotated[int, Meta(ge=1, le=MAX_COUNT)]
    sku: Annotated[str, Meta(min_length=1, max_length=255)]


def _shape(name: str, **required: object) -> type[Keyed]:
    optional = [
        (name, key.type | UnsetType, UNSET) for name, key in KEYS.items() if name not in required
    ]
    shape: type[Keyed] = defstruct(  # type: ignore[assignment] # it is made of Keyed
        name,
        [*required.items(), *optional],
        bases=(Keyed,),
        kw_only=True,
        forbid_unknown_fields=True,
        module=__name__,
    )
    return shape


NewProduct: Final = _shape(
    "NewProduct",
    price1=TYPES[Form.PRICE],
    quantity=Annotated[int, Meta(gt=0, le=MAX_COUNT)],
)
ChangedProduct: Final = _shape("ChangedProduct")


class Done(Struct, frozen=True):
    """A row that was stored: what it set."""

    index: int
    data: Struct


class RowError(Struct, frozen=True):
    """A row that was refused."""

    index: int
    message: str


class CreatedProducts(Struct, frozen=True, kw_only=True):
    """The answer of a bulk creation."""

    created_items: Sequence[Done]
    errors: Sequence[RowError]


class UpdatedProducts(Struct, frozen=True, kw_only=True):
    """The answer of a bulk change."""

    updated_items: Sequence[Done]
    errors: Sequence[RowError]


class Extraction(Struct, frozen=True, kw_only=True):
    """What an extraction is asked for; None: the default."""

    catalog: Annotated[int, Meta(ge=1, le=MAX_COUNT)] | None = None
    published: bool | None = None
    zip: bool | None = None
    fields: Sequence[str] | str | None = None
    field_separator: str | None = None
    row_separator: str | None = None
    text_qualifier: str | None = None
