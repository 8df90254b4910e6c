import json
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from saluhall.kit.field_errors import NUL, FieldError
from saluhall.kit.validation import Unreadable, ValidationFailed, convert, decode


class Colour(StrEnum):
    RED = "red"


class Inner(Struct):
    count: Annotated[int, Meta(ge=1, le=9)]
    codes: dict[str, str] = {}


class Shape(Struct, kw_only=True):
    name: Annotated[str, Meta(min_length=2, max_length=5)]
    amount: Annotated[int, Meta(ge=1)] | Annotated[float, Meta(ge=1)] | UnsetType = UNSET
    slug: Annotated[str, Meta(pattern="^[a-z]+$", extra={"message": "Must be small"})] | None = None
    plain: Annotated[str, Meta(pattern="^x")] = "x"
    tags: Annotated[list[str], Meta(max_length=2)] = []
    pair: tuple[int, ...] = ()
    size: Literal["s", "m"] | None = None
    colour: Colour = Colour.RED
    on: bool = False
    inner: Inner | None = None
    anything: Any = None
    verbatim: Raw | UnsetType = UNSET


def said(body: bytes, **given: Any) -> list[tuple[str, str]]:
    with pytest.raises(ValidationFailed) as caught:
        decode(body, Shape, **given)
    return [(problem.path, problem.message) for problem in caught.value.problems]


def test_what_fits_is_decoded() -> None:
    shape = decode(b'{"name": "abc", "amount": 1.5, "verbatim": {"a":  1.0}}', Shape)

    assert (shape.name, shape.amount) == ("abc", 1.5)
    assert isinstance(shape.verbatim, Raw)
    assert bytes(shape.verbatim) == b'{"a":  1.0}'


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", 1, "Must be a string"),
        ("name", None, "Required"),
        ("name", "a", "Must be at least 2 characters"),
        ("name", "abcdef", "Must be at most 5 characters"),
        ("name", "a\0b", NUL),
        ("amount", "950", "Must be a number"),
        ("amount", True, "Must be a number"),
        ("amount", None, "Required"),
        ("amount", 0.5, "Must be at least 1"),
        ("slug", "A", "Must be small"),
        ("plain", "y", "Must match ^x"),
        ("tags", "a", "Must be a list"),
        ("tags", ["a", "b", "c"], "Must contain at most 2 entries"),
        ("size", "xl", "Must be one of 'm', 's'"),
        ("colour", "blue", "Must be one of 'red'"),
        ("on", 1, "Must be true or false"),
        ("inner", [], "Must be an object"),
        ("anything", "\0", NUL),
    ],
)
def test_a_validation_error_is_a_sentence(field: str, value: object, message: str) -> None:
    body = json.dumps({"name": "abc", field: value}).encode()

    assert said(body) == [(field, message)]


def test_every_error_is_named_at_once_and_by_its_path() -> None:
    body = {
        "amount": "1",
        "tags": ["a", 2],
        "pair": [1, 1.5],
        "inner": {"codes": {"a": 1, "b\0": "x"}},
        "anything": [{"k": ["\0"]}],
    }

    assert said(json.dumps(body).encode()) == [
        ("name", "Required"),
        ("amount", "Must be a number"),
        ("tags.1", "Must be a string"),
        ("pair.1", "Must be a whole number"),
        ("inner.count", "Required"),
        ("inner.codes", NUL),
        ("inner.codes.a", "Must be a string"),
        ("anything.0.k.0", NUL),
    ]


def test_a_check_sees_what_fits_and_its_problems_are_beside_the_others() -> None:
    def check(draft: Shape) -> Iterator[FieldError]:
        yield FieldError("name", "never said: the field has a problem already")
        usable: tuple[object, object] = (draft.name, draft.tags)
        assert usable == (UNSET, ["ok", UNSET])
        yield FieldError("tags.0", "Must be shorter")

    assert said(b'{"name": 1, "tags": ["ok", 2]}', check=check) == [
        ("name", "Must be a string"),
        ("tags.1", "Must be a string"),
        ("tags.0", "Must be shorter"),
    ]


def test_a_check_is_also_made_of_what_fits() -> None:
    assert said(b'{"name": "abc"}', check=lambda _: [FieldError("name", "No")]) == [("name", "No")]


def test_an_ignored_field_does_not_count() -> None:
    shape = decode(b'{"name": "abc", "on": 7}', Shape, ignore=lambda _: {"on"})

    assert shape.on is False


def test_of_a_key_given_twice_the_last_one_counts() -> None:
    assert decode(b'{"name": 1, "name": "abc"}', Shape).name == "abc"
    assert said(b'{"name": "abc", "name": 1}') == [("name", "Must be a string")]


def test_an_escaped_backslash_before_u0000_is_no_nul() -> None:
    assert decode(rb'{"name": "\\u00", "anything": "\\u0000"}', Shape).anything == "\\u0000"


@pytest.mark.parametrize("number", ["1e400", "-1e9999999", "1e99999999999999999999", "9" * 5000])
def test_a_number_beyond_any_use_is_an_error(number: str) -> None:
    body = f'{{"name": "abc", "anything": {{"a": {number}}}}}'.encode()

    assert said(body) == [("anything.a", "Must be a number within range")]


@pytest.mark.parametrize("body", [b"[]", b"null", b'"x"', b"1"])
def test_what_is_no_object_is_an_error(body: bytes) -> None:
    assert said(body) == [("body", "Must be a JSON object")]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b"\xef\xbb\xbf{}",
        b'{"name": NaN}',
        b'{"name": 1, "on": Infinity}',
        b'{"name": 1} x',
        b'{"name": "\xff"}',
        b'{"ignored": "\xff"}',
        b'{"verbatim": "\xed\xa0\x80"}',
        rb'{"name": "\ud800"}',
        rb'{"name": 1, "verbatim": ["\udc00"]}',
        b'{"name": "a\x00b"}',
        b'{"name": "abc", "anything": ' + b"[" * 64 + b"]" * 64 + b"}",
        b'{"ignored": ' + b'{"a":' * 100_000,
        b"[" * 1_000_000,
        b'"' + b'\\"' * 1_000_000 + b"[" * 100,
    ],
)
def test_what_is_no_json_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        decode(body, Shape)


def test_brackets_in_text_nest_nothing() -> None:
    body = json.dumps({"name": "abc", "anything": '"[{' * 500, "tags": ["["]}).encode()

    assert decode(body, Shape).tags == ["["]


def test_a_flood_of_errors_is_answered_briefly_and_soon() -> None:
    keys = {"k" * 100_000: dict.fromkeys(map(str, range(50_000)), "\0")}
    body = json.dumps({"name": "abc", "tags": ["\0"] * 50_000, "anything": keys}).encode()

    found = said(body)

    assert [path for path, _ in found if path.startswith("tags")] == ["tags", "tags.0", "tags.1"]
    assert len(found) <= 103
    assert max(len(path) for path, _ in found) <= 300


def test_a_part_is_converted_with_its_path() -> None:
    assert convert({"count": 3, "more": 1}, Inner, path="a.b") == Inner(count=3)
    with pytest.raises(ValidationFailed) as caught:
        convert({"count": 0}, Inner, path="a.b")
    assert caught.value.problems == (FieldError("a.b.count", "Must be at least 1"),)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(Shape.__struct_fields__), JSON, max_size=6))
def test_any_json_is_taken_unreadable_or_invalid(value: dict[str, Any]) -> None:
    try:
        shape = decode(json.dumps(value).encode(), Shape)
    except (Unreadable, ValidationFailed):
        return
    assert shape.name == value["name"]


@given(st.binary(max_size=40))
def test_any_bytes_are_taken_unreadable_or_invalid(body: bytes) -> None:
    with pytest.raises((Unreadable, ValidationFailed)):
        decode(body, Shape)
