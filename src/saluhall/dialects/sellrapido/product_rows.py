"""Read the rows of a bulk request: all at once when every row is good, else one after the other, each with its own message."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from saluhall.dialect import Malformed
from saluhall.dialects.sellrapido.errors import Refusal
from saluhall.dialects.sellrapido.product_fields import JSON, KEYS, patches_from_rows
from saluhall.dialects.sellrapido.wire_products import MAX_ROWS, ChangedProduct, Keyed, RowError
from saluhall.domain.products.fields import ProductPatch
from saluhall.kit.http import NotAllowed, check_url
from saluhall.kit.texts import is_seen
from saluhall.kit.validation import Unreadable, plain_from_json

_KEYED = frozenset({"catalog", "sku"})
_MAX_JSON_BYTES = 64 * 1024
_IMAGE_URL = re.compile(r"https://([!-~]{1,2000}|[^\s\x00-\x1f]{1,600})")
_MAX_NAMED = 50  # of unknown fields in one message
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_raws: msgspec.json.Decoder[list[Raw]] = msgspec.json.Decoder(list[Raw])
_raw_objects: msgspec.json.Decoder[list[dict[str, Raw]]] = msgspec.json.Decoder(
    list[dict[str, Raw]]
)
_raw_object: msgspec.json.Decoder[dict[str, Raw]] = msgspec.json.Decoder(dict[str, Raw])


class BadRow(Exception):
    """A row breaks the contract; the message says how."""


class Rows(Struct, frozen=True, kw_only=True):
    """The good rows of a call with their places in it, the fields that they name, and the errors of the others."""

    rows: Sequence[Keyed]
    places: Sequence[int]
    named: Sequence[str]
    errors: Sequence[RowError]

    @property
    def catalogs(self) -> list[int]:
        """The number of each row's catalog."""
        return [row.catalog for row in self.rows]

    def patches(self) -> list[ProductPatch]:
        """Translate the rows."""
        return patches_from_rows(self.rows, self.named)


def rows_from_body(body: bytes, shape: type[Keyed]) -> Rows:
    """Read the body of a bulk call. Raises Malformed, Refusal."""
    if not body.strip():
        raise Refusal("Request body must be an array")
    try:
        return _all_at_once(body, shape) or _one_by_one(body, shape)
    except msgspec.ValidationError:
        return _one_by_one(body, shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed from error


def _all_at_once(body: bytes, shape: type[Keyed]) -> Rows | None:
    """Read what is good throughout; None when rows need a closer look."""
    if b"null" in body or b"\\u0000" in body:
        return None
    rows = _decoder(shape).decode(body)
    _see_count(len(rows))
    objects = _raw_objects.decode(body)
    named = sorted(set().union(*objects) - _KEYED)
    has_odd_json = any(
        bytes(row[name])[:1] not in b"[{" or len(bytes(row[name])) > _MAX_JSON_BYTES
        for name in JSON.intersection(named)
        for row in objects
        if name in row
    )
    has_empty_row = shape is ChangedProduct and any(len(row) == len(_KEYED) for row in objects)
    has_unseen = "title" in named and any(_is_unseen(getattr(row, "title", UNSET)) for row in rows)
    if has_odd_json or has_empty_row or has_unseen:
        return None
    return Rows(rows=rows, places=range(len(rows)), named=named, errors=())


def _one_by_one(body: bytes, shape: type[Keyed]) -> Rows:
    try:
        raws = _raws.decode(body)
    except msgspec.ValidationError as error:
        raise Refusal("Request body must be an array") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed from error
    _see_count(len(raws))
    good: dict[int, Keyed] = {}
    errors = []
    for place, raw in enumerate(raws):
        try:
            good[place] = _row(bytes(raw), shape)
        except BadRow as bad:
            errors.append(RowError(place, str(bad)))
    rows = list(good.values())
    named = [n for n in KEYS if any(getattr(row, n) is not UNSET for row in rows)]
    return Rows(rows=rows, places=list(good), named=named, errors=errors)


def _see_count(count: int) -> None:
    if count > MAX_ROWS:
        raise Refusal(f"Request body must be an array of at most {MAX_ROWS} elements")


def _row(raw: bytes, shape: type[Keyed]) -> Keyed:
    """Read one row; null is as good as nothing. Raises BadRow."""
    try:
        plain = plain_from_json(raw)
    except Unreadable as error:
        raise BadRow("Validation error: the element cannot be read") from error
    if not isinstance(plain, dict):
        raise BadRow("Validation error: the element must be an object")
    types = _types(shape)
    if unknown := [name for name in plain if name not in types]:
        raise BadRow(f"Invalid fields [{', '.join(unknown[:_MAX_NAMED])}]")
    given = {name: value for name, value in plain.items() if value is not None}
    if missing := [name for name in shape.__struct_fields__ if _is_missing(shape, name, given)]:
        raise BadRow(f"Validation error: missing field {', '.join(missing)}")
    if given.keys() == _KEYED:
        raise BadRow("No updatable fields")
    raws = _raw_object.decode(raw)
    values = {
        name: _value(
            types[name],
            given[name],
            bytes(raws[name]),
            is_url=name in KEYS and KEYS[name].form == "url",
        )
        for name in given
    }
    wrong = [name for name, value in values.items() if value is UNSET]
    if _is_unseen(values.get("title")):
        wrong.append("title")
    if wrong:
        raise BadRow(f"Validation error: invalid format for field {', '.join(wrong)}")
    make: Callable[..., Keyed] = shape
    return make(**values)


def _value(kind: object, plain: object, raw: bytes, *, is_url: bool) -> object:
    """Read a value; UNSET when it does not fit, or is an address from which no image would ever be fetched."""
    if _NUL.search(raw):
        return UNSET
    if is_url:
        return plain if _is_image_url(plain) else UNSET
    if kind == Raw | UnsetType:
        fits = isinstance(plain, list | dict) and len(raw) <= _MAX_JSON_BYTES
        return Raw(raw) if fits else UNSET
    if isinstance(plain, float) and plain.is_integer():
        plain = int(plain)
    try:
        return msgspec.convert(plain, kind)
    except msgspec.ValidationError:
        return UNSET


def _is_unseen(title: object) -> bool:
    """Return whether a title was given of which nobody sees anything; an empty one is none."""
    return isinstance(title, str) and title != "" and not is_seen(title)


def _is_image_url(plain: object) -> bool:
    if plain == "":
        return True
    if not isinstance(plain, str) or not _IMAGE_URL.fullmatch(plain):
        return False
    try:
        check_url(plain)
    except NotAllowed:
        return False
    return True


def _is_missing(shape: type[Keyed], name: str, given: Mapping[str, object]) -> bool:
    return name not in given and name in _required(shape)


@cache
def _decoder(shape: type[Keyed]) -> msgspec.json.Decoder[list[Keyed]]:
    return msgspec.json.Decoder(list[shape])  # type: ignore[valid-type] # made at run time


@cache
def _required(shape: type[Keyed]) -> frozenset[str]:
    return frozenset(f.name for f in msgspec.structs.fields(shape) if f.required)


@cache
def _types(shape: type[Keyed]) -> dict[str, Any]:
    return {field.name: field.type for field in msgspec.structs.fields(shape)}
