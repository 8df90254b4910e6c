"""Sellrapido's names for a product's fields: which neutral field each is, how it is read and shown, and what stays with the partner."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, Meta, Raw, Struct

from saluhall.domain.products import extraction
from saluhall.domain.products.fields import FIELDS, TYPES, Form, ProductPatch

# An image's address becomes part of a key, which has its limit: 2000 plain characters, or 600 of any kind.
# What nearly every image URL looks like; all others are looked at one by one.
_URL = r"^(https://(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,5}[a-z]{2,24}/[A-Za-z0-9/._~=&?-]{0,1500})?$"
_OWN_TYPES: Final[Mapping[str, Any]] = {
    "url": Annotated[str, Meta(pattern=_URL)],
    "flag": Annotated[int, Meta(ge=0, le=1)] | bool,
    "unit": Annotated[str, Meta(pattern=r"(?i)^(kg|g|lb|oz)$")],
    "json": Raw,
}
CURRENCY: Final = "SEK"
"""Of a product that this API adds: it has no field for a currency."""
IMAGES: Final = tuple(f"url_image{n}" for n in range(1, 10))
_NOT_SAID: Final = frozenset({"", "none"})

Values = dict[str, Any]


class Key(Struct, frozen=True):
    """One key: its form, the neutral field that it is ("": none), and whether it is kept as given for the partner as an extra.

    An extra that was never given is shown as `default`. `read` turns a value into neutral values by field.
    """

    form: str
    field: str = ""
    is_extra: bool = False
    default: str = ""
    read: Callable[[Any], Values] | None = None

    @property
    def type(self) -> Any:  # noqa: ANN401 - a type to decode
        """How it is read from JSON."""
        return _OWN_TYPES[self.form] if self.form in _OWN_TYPES else TYPES[Form(self.form)]


def _of(field: str, form: str = "") -> Key:
    return Key(form or str(FIELDS[field].form), field)


def _extra(form: str, default: str = "", read: Callable[[Any], Values] | None = None) -> Key:
    return Key(form, is_extra=True, default=default, read=read)


def _condition(code: str) -> Values:
    word = code.strip().lower()
    return {"condition": "" if word in _NOT_SAID else word}


def _attributes(raw: Raw) -> Values:
    """Read an object, or a list of names and values; what is neither text, number nor list of texts is the partner's alone."""
    given = _plain(raw)
    pairs = given if isinstance(given, dict) else dict(_pairs(given, "name", "value"))
    return {
        "attributes": {name: value for name, value in pairs.items() if _is_plain(value)} or None
    }


def _channel_categories(raw: Raw) -> Values:
    pairs = dict(_pairs(_plain(raw), "channel", "category_id"))
    return {"channel_categories": {name: str(c) for name, c in pairs.items() if c} or None}


def _plain(raw: Raw) -> object:
    try:
        return msgspec.json.decode(raw)
    except (
        msgspec.DecodeError,
        RecursionError,
    ):  # numbers without end, or nested too deep: the partner's alone
        return None


def _pairs(given: object, name: str, value: str) -> Iterator[tuple[str, Any]]:
    for each in given if isinstance(given, list) else ():
        if isinstance(each, dict) and isinstance(each.get(name), str | int):
            yield str(each[name]), each.get(value)


def _is_plain(value: object) -> bool:
    is_list = isinstance(value, list) and all(isinstance(each, str) for each in value)
    return isinstance(value, str | int | float) or is_list


def _locked(names: str) -> Values:
    keys = (KEYS.get(name.strip()) for name in names.split(","))
    return {"locked_fields": tuple(dict.fromkeys(k.field for k in keys if k and k.field))}


KEYS: Final[Mapping[str, Key]] = {
    "title": _of("title"),
    "description": _of("description"),
    "price1": _of("price"),
    "price_shipping1": _of("shipping_cost"),
    "quantity": _of("quantity"),
    "condition_code": _extra("text", "none", _condition),
    "condition_description": _of("condition_text"),
    "sku_label": _extra("text"),
    "subtitle": _of("subtitle"),
    "brand": _of("brand"),
    "description_extra": _extra("long text"),
    **{f"price{n}": _of(f"price{n}") for n in range(2, 7)},
    "price_cost": _of("cost"),
    **{f"price_shipping{n}": _of(f"shipping_cost{n}") for n in range(2, 7)},
    **{f"fee_additional{n}": _extra("amount", "0") for n in range(1, 7)},
    "vat_perc": _of("vat_percent"),
    "ean": _of("ean"),
    "isbn": _of("isbn"),
    "mpn": _of("mpn"),
    "asin": _of("asin"),
    "weight_um": _of("weight_unit", "unit"),
    "variations": _extra("json"),
    **{f"extra{n}": _extra("text") for n in range(1, 10)},
    "item_note": _extra("text"),
    "delivery_days": _of("delivery_days"),
    "attributes": _extra("json", read=_attributes),
    "on_demand": _extra("flag", "0"),
    "on_demand_days": _extra("count", "0"),
    "fields_lock": _extra("text", read=_locked),
    **{f"catalog_category{n}": _of(f"category{n}") for n in range(1, 4)},
    "channel_categories": _extra("json", read=_channel_categories),
    **{name: Key("url") for name in IMAGES},
    "weight": _of("weight"),
}
"""What a bulk request may set."""


def _shown(name: str, key: Key) -> str:
    if name in IMAGES:
        return extraction.image_at(IMAGES.index(name) + 1)
    return (
        extraction.text_of_extra(name, default=key.default)
        if key.is_extra
        else extraction.text_of(key.field)
    )


JSON: Final = frozenset(name for name, key in KEYS.items() if key.form == "json")
SHOWN: Final[Mapping[str, str]] = {
    "id": extraction.NUMBER,
    "catalog": extraction.CATALOG_NUMBER,
    "sku": extraction.SKU,
    **{name: _shown(name, key) for name, key in KEYS.items()},
    "origin_country": "''",
    "warehouse": "''",
    "created": extraction.instant_of("created_at"),
    "modified": extraction.instant_of("updated_at"),
}
"""What an extraction can show: SQL by key."""


def _amount(given: float) -> Decimal:
    return Decimal(repr(given))


_READ: Final[Mapping[str, Callable[[Any], Any]]] = {
    "price": _amount,
    "amount": _amount,
    "unit": str.lower,
}
"""How a value of a form becomes that of a neutral field; of any other form it is that value."""


def _extra_text(key: Key, given: object) -> str | None:
    """Write a value as it is shown to the partner; None where that is what is shown anyway."""
    match given:
        case bool() | int():
            text = str(int(given))
        case float():
            text = f"{Decimal(repr(given)).normalize():f}"
        case Raw():
            text = bytes(given).decode()
        case _:
            text = str(given)
    return None if text == key.default else text


def patches_from_rows(rows: Sequence[Struct], named: Sequence[str]) -> list[ProductPatch]:
    """Translate rows, of which no other keys than these need to be looked at."""
    steps = [(name, KEYS[name], _READ.get(KEYS[name].form)) for name in named]
    return [_patch(row, steps) for row in rows]


def _patch(
    row: Struct, steps: Sequence[tuple[str, Key, Callable[[Any], Any] | None]]
) -> ProductPatch:
    values: Values = {}
    extras: dict[str, str | None] = {}
    for name, key, read in steps:
        given = getattr(row, name)
        if given is UNSET:
            continue
        if key.field:
            values[key.field] = given if read is None else read(given)
        elif key.is_extra:
            extras[name] = _extra_text(key, given)
            if key.read is not None:
                values |= key.read(given)
        else:
            places = values.setdefault("images_at", [None] * len(IMAGES))
            places[IMAGES.index(name)] = given
    if extras:
        values["extras"] = extras
    return ProductPatch(sku=row.sku, default_currency=CURRENCY, **values)  # type: ignore[attr-defined] # it is Keyed
