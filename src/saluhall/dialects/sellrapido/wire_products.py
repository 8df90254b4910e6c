"""Sellrapido's product shapes: the rows of bulk calls, made from the one table of fields, and what answers them."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from msgspec import UNSET, Meta, Raw, Struct, UnsetType, defstruct

from saluhall.domain.products.fields import EDITABLE, Form

MAX_ROWS: Final = 1000
_LARGEST_AMOUNT = 10**12
_LARGEST_COUNT = 2**31 - 1

# A picture's address becomes part of a key, which has its limit: 2000 plain characters, or 600 of any kind.
# What nearly every image URL looks like; all others are looked at one by one.
_URL = r"^(https://(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,5}[a-z]{2,24}/[A-Za-z0-9/._~=&?-]{0,1500})?$"
_TYPES: Mapping[Form, Any] = {
    Form.TEXT: Annotated[str, Meta(max_length=8 * 1024)],
    Form.LONG_TEXT: Annotated[str, Meta(max_length=64 * 1024)],
    Form.SHORT_TEXT: Annotated[str, Meta(max_length=255)],
    Form.URL: Annotated[str, Meta(pattern=_URL)],
    Form.PRICE: Annotated[float, Meta(gt=0, le=_LARGEST_AMOUNT)],
    Form.AMOUNT: Annotated[float, Meta(ge=0, le=_LARGEST_AMOUNT)],
    Form.COUNT: Annotated[int, Meta(ge=0, le=_LARGEST_COUNT)],
    Form.FLAG: Annotated[int, Meta(ge=0, le=1)] | bool,
    Form.UNIT: Annotated[str, Meta(pattern=r"(?i)^(kg|g|lb|oz)$")],
    Form.JSON: Raw,
}


class Keyed(Struct, kw_only=True):
    """The product that a row is about."""

    catalog: Annotated[int, Meta(ge=1, le=_LARGEST_COUNT)]
    sku: Annotated[str, Meta(min_length=1, max_length=255)]


def _shape(name: str, **required: object) -> type[Keyed]:
    optional = [
        (field, _TYPES[form] | UnsetType, UNSET)
        for field, form in EDITABLE.items()
        if field not in required
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
    price1=_TYPES[Form.PRICE],
    quantity=Annotated[int, Meta(gt=0, le=_LARGEST_COUNT)],
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

    catalog: Annotated[int, Meta(ge=1, le=_LARGEST_COUNT)] | None = None
    published: bool | None = None
    zip: bool | None = None
    fields: Sequence[str] | str | None = None
    field_separator: str | None = None
    row_separator: str | None = None
    text_qualifier: str | None = None
