"""Say in words what is wrong with a plain JSON value that does not fit a type, place by place."""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec import inspect as mi


class FieldError(NamedTuple):
    """One thing wrong at one place; `path` is dotted, with array indices."""

    path: str
    message: str


NUL = "Must not contain NUL characters"
_NUMBER = "Must be a number"
_MAX_PATH = 300
_EXPECTED: dict[type[mi.Type], tuple[type | tuple[type, ...], str]] = {
    mi.StrType: (str, "Must be a string"),
    mi.FloatType: ((int, float), _NUMBER),
    mi.IntType: (int, "Must be a whole number"),
    mi.BoolType: (bool, "Must be true or false"),
    mi.ListType: (list, "Must be a list"),
    mi.VarTupleType: (list, "Must be a list"),
    mi.DictType: (dict, "Must be an object"),
    mi.StructType: (dict, "Must be an object"),
    mi.LiteralType: (str, "Must be a string"),
    mi.EnumType: (str, "Must be a string"),
    mi.NoneType: (type(None), "Must be null"),
}


def field_errors_of(kind: mi.Type, value: object, path: str) -> Iterator[FieldError]:
    """Find every reason why a value does not fit; a NUL character anywhere in it is one."""
    members = kind.types if isinstance(kind, mi.UnionType) else (kind,)
    for member in members:
        bare = _bare(member)
        if _is_open(bare):
            yield from _beyond_words(value, path)
            return
        if _belongs(bare, value):
            yield from _RULES.get(type(bare), _no_rule)(member, value, path)
            return
    yield FieldError(path, "Required" if value is None else _expectation(members))


def _bare(kind: mi.Type) -> mi.Type:
    return kind.type if isinstance(kind, mi.Metadata) else kind


def _is_open(kind: mi.Type) -> bool:
    return isinstance(kind, mi.AnyType | mi.RawType)


def _belongs(kind: mi.Type, value: object) -> bool:
    """Return whether a value is of the JSON kind that a type takes; a boolean is no number."""
    python, _ = _EXPECTED[type(kind)]
    return isinstance(value, python) and (type(kind) is mi.BoolType or not isinstance(value, bool))


def _expectation(members: Sequence[mi.Type]) -> str:
    said = [_EXPECTED[type(_bare(member))][1] for member in members]
    return _NUMBER if _NUMBER in said else said[0]


def _no_rule(_: mi.Type, __: object, ___: str) -> Iterator[FieldError]:
    return iter(())


def _text(kind: mi.Type, value: object, path: str) -> Iterator[FieldError]:
    bare = _bare(kind)
    if not isinstance(value, str) or not isinstance(bare, mi.StrType):
        return
    if "\0" in value:
        yield FieldError(path, NUL)
    elif bare.min_length is not None and len(value) < bare.min_length:
        yield FieldError(path, f"Must be at least {_counted(bare.min_length, 'character')}")
    elif bare.max_length is not None and len(value) > bare.max_length:
        yield FieldError(path, f"Must be at most {_counted(bare.max_length, 'character')}")
    elif bare.pattern is not None and not re.search(bare.pattern, value):
        extra = kind.extra if isinstance(kind, mi.Metadata) and kind.extra else {}
        yield FieldError(path, str(extra.get("message", f"Must match {bare.pattern}")))


def _number(kind: mi.Type, value: object, path: str) -> Iterator[FieldError]:
    bare = _bare(kind)
    if not isinstance(value, int | float) or not isinstance(bare, mi.IntType | mi.FloatType):
        return
    if bare.ge is not None and value < bare.ge:
        yield FieldError(path, f"Must be at least {bare.ge}")
    elif bare.le is not None and value > bare.le:
        yield FieldError(path, f"Must be at most {bare.le}")
    elif math.isinf(value):
        yield FieldError(path, "Must be a number within range")


def _list(kind: mi.Type, value: object, path: str) -> Iterator[FieldError]:
    bare = _bare(kind)
    if not isinstance(value, list) or not isinstance(bare, mi.ListType | mi.VarTupleType):
        return
    if bare.max_length is not None and len(value) > bare.max_length:
        yield FieldError(path, f"Must contain at most {_counted(bare.max_length, 'entry')}")
    for index, element in enumerate(value[: bare.max_length]):
        yield from field_errors_of(bare.item_type, element, _below(path, str(index)))


def _dict(kind: mi.Type, value: object, path: str) -> Iterator[FieldError]:
    bare = _bare(kind)
    if not isinstance(value, dict) or not isinstance(bare, mi.DictType):
        return
    if any("\0" in key for key in value):
        yield FieldError(path, NUL)
    for key, element in value.items():
        yield from field_errors_of(
            bare.value_type, element, path if "\0" in key else _below(path, key)
        )


def _struct(kind: mi.Type, value: object, path: str) -> Iterator[FieldError]:
    bare = _bare(kind)
    if not isinstance(value, dict) or not isinstance(bare, mi.StructType):
        return
    for field in bare.fields:
        inner = _below(path, field.encode_name)
        if field.encode_name in value:
            yield from field_errors_of(field.type, value[field.encode_name], inner)
        elif field.required:
            yield FieldError(inner, "Required")


def _word(kind: mi.Type, value: object, path: str) -> Iterator[FieldError]:
    bare = _bare(kind)
    words: Sequence[object] = ()
    if isinstance(bare, mi.LiteralType):
        words = bare.values
    elif isinstance(bare, mi.EnumType):
        words = [member.value for member in bare.cls]
    if value not in words:
        yield FieldError(path, f"Must be one of {', '.join(map(repr, words))}")


def _beyond_words(value: object, path: str) -> Iterator[FieldError]:
    """Find what no JSON value may hold: NUL characters, numbers out of range."""
    if isinstance(value, str) and "\0" in value:
        yield FieldError(path, NUL)
    elif isinstance(value, float) and math.isinf(value):
        yield FieldError(path, "Must be a number within range")
    elif isinstance(value, dict):
        yield from _dict(_ANY_OBJECT, value, path)
    elif isinstance(value, list):
        yield from _list(_ANY_LIST, value, path)


def _below(path: str, key: str) -> str:
    return f"{path}.{key}"[:_MAX_PATH]


def _counted(number: int, noun: str) -> str:
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun[:-1]}ies" if noun.endswith("y") else f"{number} {noun}s"


_ANY_OBJECT = mi.DictType(key_type=mi.StrType(), value_type=mi.AnyType())
_ANY_LIST = mi.ListType(item_type=mi.AnyType())
_RULES: Mapping[type[mi.Type], Callable[[mi.Type, object, str], Iterator[FieldError]]] = {
    mi.StrType: _text,
    mi.IntType: _number,
    mi.FloatType: _number,
    mi.ListType: _list,
    mi.VarTupleType: _list,
    mi.DictType: _dict,
    mi.StructType: _struct,
    mi.LiteralType: _word,
    mi.EnumType: _word,
}
