"""One bad entry of a list never hides its neighbours."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from saluhall.kit.entries import ListReader, NotAList, raw_entries


class Order(Struct, frozen=True):
    id: int
    price: int = 0
    title: str | None = None


READER = ListReader(Order)
BAD = [
    rb'{"id": 7, "price": 99.5}',
    rb'{"id": 7, "price": null}',
    rb'{"id": 7, "price": "free"}',
    rb'{"id": null}',
    rb'{"price": 1}',
    rb"null",
    rb"true",
    rb"[]",
    rb'"{\"id\": 7}"',
    rb'{"id": 7, "title": "\ud83d"}',
    rb'{"id": 7, "title": "half \ude00, and ] more"}',
    b'{"id": 7, "title": "caf\xe9"}',
    rb'{"id": 7, "title": "\x"}',
    rb'{"id": 7, "title": "a\"],[{}"  , "price": NaN}',
    b'{"id": 7, "title": "a\nb\0"}',
    rb'{"id": 7, "price": 1,}',
    rb'{"id": 7 "price": [1, {"a": 2}]}',
    rb'{"id": 7, "x": ' + b"[" * 5000 + b"]" * 5000 + b', "price": null}',
    rb"undefined",
    rb"",
]
GOOD = b'{"id": 1, "title": "a, [b] {c} \\" d"}'


def identity(order: Order) -> Order:
    return order


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_bad_entry_is_separated_with_its_text(bad: bytes, place: int) -> None:
    texts = [GOOD, b'{"id": "2"}']
    texts.insert(place, bad)

    read = READER.read(b"[" + b" ,\n".join(texts) + b"]", identity)

    assert [entry.id for entry in read.good] == [1, 2]
    [unreadable] = read.field_errors_of
    assert unreadable.raw.encode("utf-8", "surrogateescape") == bad
    assert unreadable.reason


def test_the_number_of_a_bad_entry_is_found_where_it_can_be_read() -> None:
    read = READER.read(
        b'[{"id": 7, "price": null}, {"id": "8", "title": 5}, {"id": {}}, null]', identity
    )

    assert [unreadable.number("id") for unreadable in read.field_errors_of] == [7, 8, None, None]


def test_what_cannot_be_converted_is_unreadable_too() -> None:
    def checked(order: Order) -> Decimal:
        if order.price > 5:
            raise ValueError("too dear")
        return 1 / Decimal(order.price)

    read = READER.read(b'[{"id": 1, "price": 4}, {"id": 2, "price": 9}, {"id": 3}]', checked)

    assert read.good == [Decimal("0.25")]
    assert [unreadable.number("id") for unreadable in read.field_errors_of] == [2, 3]
    assert read.field_errors_of[0].reason == "too dear"


@pytest.mark.parametrize("body", [b"null", b"[]", b" [ ]\n", b"\xef\xbb\xbf[]"])
def test_an_empty_list_has_no_entries(body: bytes) -> None:
    assert READER.read(body, identity).good == []


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"<html>", b"[1, 2", b'[{"id": 1', b"[1,", b"[", b'"[]"']
)
def test_what_is_no_whole_list_is_no_list(body: bytes) -> None:
    with pytest.raises(NotAList):
        READER.read(body, identity)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(st.lists(json_values, max_size=5), st.booleans())
def test_any_list_is_divided_into_its_entries(values: list[object], is_ascii: bool) -> None:  # noqa: FBT001 - hypothesis gives it
    body = json.dumps(values, ensure_ascii=is_ascii).encode()

    assert [json.loads(raw) for raw in raw_entries(body)] == values
