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

from saluhall.kit.field_errors import Problem, misfits

T = TypeVar("T", bound=Struct)
Check = Callable[[T], Iterable[Problem]]
Ignore = Callable[[Mapping[str, object]], Collection[str]]

REQUIRED = "Required"
_MOST_NESTED = 64
_MOST_PROBLEMS = 100  # of one field
_MOST_DIGITS = 1000
_NUL = rb"\u0000"
_STRINGS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\Z)', re.DOTALL)
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_STEPS = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_any_json: msgspec.json.Decoder[Raw] = msgspec.json.Decoder(Raw)
_raw_fields: msgspec.json.Decoder[dict[str, Raw]] = msgspec.json.Decoder(dict[str, Raw])


class Unreadable(Exception):
    """The body is no JSON: malformed, not UTF-8, with half a surrogate pair, or nested too deep."""


class Misshapen(Exception):
    """The body is JSON and does not fit its shape; `problems` holds the first for each path."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        first: dict[str, Problem] = {}
        for problem in problems:
            first.setdefault(problem.path, problem)
        self.problems = tuple(first.values())
        super().__init__("; ".join(f"{p.path}: {p.message}" for p in self.problems))


def decode(
    body: bytes, shape: type[T], *, check: Check[T] | None = None, ignore: Ignore | None = None
) -> T:
    """Read a body. Raises Unreadable, Misshapen.

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
        raise Misshapen(problems)
    return value


def convert(value: object, shape: type[T], *, path: str) -> T:
    """Fit a decoded value, which stands at `path`, into a shape. Raises Misshapen."""
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        found = tuple(misfits(_form(shape), value, path))
        raise Misshapen(found or [Problem(path, f"Does not fit: {error}")]) from error


def _refuse_unreadable(body: bytes) -> None:
    """Refuse what is not UTF-8 or nested too deep. Raises Unreadable."""
    try:
        str(body, "utf-8")
    except UnicodeDecodeError as error:
        raise Unreadable("not UTF-8") from error
    if body.count(b"[") + body.count(b"{") > _MOST_NESTED and _depth(body) > _MOST_NESTED:
        raise Unreadable(f"nested deeper than {_MOST_NESTED} levels")


def _depth(body: bytes) -> int:
    """Tell how deep brackets are nested outside of strings, in linear time whatever is sent."""
    brackets = _STRINGS.sub(b"", body).translate(None, _NOT_BRACKETS)
    return max(accumulate(map(_STEPS.__getitem__, brackets)), default=0)


def _decode_by_field(
    body: bytes, shape: type[T], check: Check[T] | None, ignore: Ignore | None
) -> T:
    """Convert one field after the other, so that a bad one does not hide the next."""
    plain = plain_from_json(body)
    if not isinstance(plain, dict):
        raise Misshapen([Problem("body", "Must be a JSON object")])
    raws, skipped = _raw_fields.decode(body), ignore(plain) if ignore else ()
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for field in _form(shape).fields:
        name = field.encode_name
        if name in plain and name not in skipped:
            decoder = _field_decoders(shape)[field.name]
            value, found = _read_field(field, decoder, raws[name], plain[name])
            values[field.name] = value
            problems.extend(found)
        elif field.required:
            values[field.name] = UNSET
            problems.append(Problem(name, REQUIRED))
    draft = shape(**values)
    if problems := [*problems, *(check(draft) if check else ())]:
        raise Misshapen(problems)
    return draft


def _read_field(
    field: mi.Field, decoder: msgspec.json.Decoder[Any], raw: Raw, plain: object
) -> tuple[object, Sequence[Problem]]:
    """Return a field's value, or what of it a check can use, and what is wrong with it."""
    fallback: list[Problem] = []
    value: object = UNSET
    try:
        value = decoder.decode(raw)
        if _NUL not in bytes(raw):
            return value, ()
    except msgspec.DecodeError as error:
        fallback = [Problem(field.encode_name, f"Does not fit: {error}")]
    found = tuple(islice(misfits(field.type, plain, field.encode_name), _MOST_PROBLEMS))
    if found:
        value = _usable(field.type, plain, found)
    return value, found or fallback


def _usable(kind: mi.Type, plain: object, found: Collection[Problem]) -> object:
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
    return int(digits) if len(digits) <= _MOST_DIGITS else float(digits)


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
