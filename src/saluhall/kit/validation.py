"""Read JSON into a shape (a msgspec Struct); when it does not fit, name all that is wrong at once.

The fast path decodes straight into the shape. Only when that fails is the body read a second time,
field by field. A shape's `Meta(extra={"message": ...})` words the answer for its pattern.
"""

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import accumulate, islice
from typing import Any, NoReturn, TypeVar, cast

import msgspec
from msgspec import UNSET, Raw, Struct
from msgspec import inspect as mi

from saluhall.kit.field_errors import FieldError, field_errors_of

T = TypeVar("T", bound=Struct)
Check = Callable[[T], Iterable[FieldError]]
Ignore = Callable[[Mapping[str, object]], Collection[str]]

REQUIRED = "Required"
_MAX_DEPTH_OF_JSON = 64
_MAX_ERRORS = 100  # of one field
_MAX_DIGITS = 1000
_NUL = rb"\u0000"
_STRINGS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\Z)', re.DOTALL)
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_STEPS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_any_json: msgspec.json.Decoder[Raw] = msgspec.json.Decoder(Raw)
_raw_fields: msgspec.json.Decoder[dict[str, Raw]] = msgspec.json.Decoder(dict[str, Raw])


class Unreadable(Exception):
    """The body is no JSON: malformed, not UTF-8, with half a surrogate pair, or nested too deep."""


class ValidationFailed(Exception):
    """The body is JSON and does not fit its shape; `problems` holds the first for each path."""

    def __init__(self, problems: Iterable[FieldError]) -> None:
        first: dict[str, FieldError] = {}
        for problem in problems:
            first.setdefault(problem.path, problem)
        self.problems = tuple(first.values())
        super().__init__("; ".join(f"{p.path}: {p.message}" for p in self.problems))


def decode(
    body: bytes, shape: type[T], *, check: Check[T] | None = None, ignore: Ignore | None = None
) -> T:
    """Read a body. Raises Unreadable, ValidationFailed.

    `check` finds what types cannot say. It may be shown a draft: a field that does not fit is UNSET
    there, and of a list the good elements stay in their places. `ignore` names the fields that do
    not count, given the others.
    """
    _refuse_unreadable(body)
    try:
        value: T = _decoder(shape).decode(body)
    except msgspec.ValidationError:
        return _decode_by_field(body, shape, check, ignore)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Unreadable(str(error)) from error
    if _NUL in body:
        return _decode_by_field(body, shape, check, ignore)
    if check and (problems := tuple(check(value))):
        raise ValidationFailed(problems)
    return value


def convert(value: object, shape: type[T], *, path: str) -> T:
    """Fit a decoded value, which is at `path`, into a shape. Raises ValidationFailed."""
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        found = tuple(field_errors_of(_form(shape), value, path))
        raise ValidationFailed(found or [FieldError(path, f"Does not fit: {error}")]) from error


def _refuse_unreadable(body: bytes) -> None:
    """Refuse what is not UTF-8 or nested too deep. Raises Unreadable."""
    try:
        str(body, "utf-8")
    except UnicodeDecodeError as error:
        raise Unreadable("not UTF-8") from error
    if (
        body.count(b"[") + body.count(b"{") > _MAX_DEPTH_OF_JSON
        and _depth(body) > _MAX_DEPTH_OF_JSON
    ):
        raise Unreadable(f"nested deeper than {_MAX_DEPTH_OF_JSON} levels")


def _depth(body: bytes) -> int:
    """Return how deep brackets are nested outside of strings, in linear time whatever is sent."""
    brackets = _STRINGS.sub(b"", body).translate(None, _NOT_BRACKETS)
    return max(accumulate(map(_STEPS.__getitem__, brackets)), default=0)


def _decode_by_field(
    body: bytes, shape: type[T], check: Check[T] | None, ignore: Ignore | None
) -> T:
    """Convert one field after the other, so that a bad one does not hide the next."""
    plain = plain_from_json(body)
    if not isinstance(plain, dict):
        raise ValidationFailed([FieldError("body", "Must be a JSON object")])
    raws, skipped = _raw_fields.decode(body), ignore(plain) if ignore else ()
    values: dict[str, Any] = {}
    problems: list[FieldError] = []
    for field in _form(shape).fields:
        name = field.encode_name
        if name in plain and name not in skipped:
            decoder = _field_decoders(shape)[field.name]
            value, found = _read_field(field, decoder, raws[name], plain[name])
            values[field.name] = value
            problems.extend(found)
        elif field.required:
            values[field.name] = UNSET
            problems.append(FieldError(name, REQUIRED))
    draft = shape(**values)
    if problems := [*problems, *(check(draft) if check else ())]:
        raise ValidationFailed(problems)
    return draft


def _read_field(
    field: mi.Field, decoder: msgspec.json.Decoder[Any], raw: Raw, plain: object
) -> tuple[object, Sequence[FieldError]]:
    """Return a field's value, or what of it a check can use, and what is wrong with it."""
    fallback: list[FieldError] = []
    value: object = UNSET
    try:
        value = decoder.decode(raw)
        if _NUL not in bytes(raw):
            return value, ()
    except msgspec.DecodeError as error:
        fallback = [FieldError(field.encode_name, f"Does not fit: {error}")]
    found = tuple(islice(field_errors_of(field.type, plain, field.encode_name), _MAX_ERRORS))
    if found:
        value = _usable(field.type, plain, found)
    return value, found or fallback


def _usable(kind: mi.Type, plain: object, found: Collection[FieldError]) -> object:
    """Return what a check can use of a value that does not fit: of a list, the good elements."""
    members = kind.types if isinstance(kind, mi.UnionType) else (kind,)
    if not isinstance(plain, list) or not any(isinstance(m, mi.ListType) for m in members):
        return UNSET
    bad = {problem.path.split(".")[1] for problem in found if "." in problem.path}
    return [UNSET if str(index) in bad else value for index, value in enumerate(plain)]


def plain_from_json(body: bytes) -> object:
    """Read JSON into plain values; numbers out of range become infinite. Raises Unreadable."""
    try:
        _any_json.decode(body)
        return json.loads(str(body, "utf-8"), parse_int=_number, parse_constant=_refuse)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise Unreadable(str(error)) from error


def _number(digits: str) -> int | float:
    return int(digits) if len(digits) <= _MAX_DIGITS else float(digits)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


@cache
def _decoder(shape: type[Struct]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(shape)


@cache
def _form(shape: type[Struct]) -> mi.StructType:
    return cast("mi.StructType", mi.type_info(shape))


@cache
def _field_decoders(shape: type[Struct]) -> Mapping[str, msgspec.json.Decoder[Any]]:
    fields: Iterator[msgspec.structs.FieldInfo] = iter(msgspec.structs.fields(shape))
    return {field.name: msgspec.json.Decoder(field.type) for field in fields}
