"""What a request brings outside its body is read as UTF-8, and nothing that can be read in two ways is believed."""

import json

import pytest

from saluhall.dialect import Unreadable
from saluhall.web.inputs import escaped, headers_from_raw, path_from_segments, query_from_raw
from tests.hub import Hub
from tests.safety.test_bad_input import head_of, raw
from tests.sellrapido import V2, Client


def test_bytes_outside_ascii_are_escaped_and_others_stay_as_they_were_sent() -> None:
    assert escaped("/items/STÖT-1%2F%zz;'\"<a b>".encode()) == b"/items/ST%C3%96T-1%2F%zz;'\"<a b>"
    assert escaped(b"a=%20+&b") == b"a=%20+&b"


def test_a_path_and_a_query_are_read_as_utf_8() -> None:
    path = path_from_segments({"external_id": escaped("STÖT%C3%96+".encode()).decode()})

    assert path == {"external_id": "STÖTÖ+"}
    assert query_from_raw(escaped("a=§+%20%C2%A7&b=&c".encode()), names=()) == {
        "a": "§  §",
        "b": "",
        "c": "",
    }


@pytest.mark.parametrize("sent", [b"\xff", b"%ff", b"%c3%28", b"%ed%a0%80", b"\xd6"])
def test_what_is_not_utf_8_is_refused_whether_escaped_or_not(sent: bytes) -> None:
    with pytest.raises(Unreadable, match="path is not UTF-8"):
        path_from_segments({"id": escaped(sent).decode()})
    with pytest.raises(Unreadable, match="query is not UTF-8"):
        query_from_raw(b"a=" + escaped(sent), names=())
    with pytest.raises(Unreadable, match="query is not UTF-8"):
        query_from_raw(escaped(sent) + b"=1", names=())


def test_a_query_parameter_of_the_route_is_taken_once_and_others_are_not_looked_at() -> None:
    assert query_from_raw(b"a=1&b=2&b=3", names={"a"})["a"] == "1"
    with pytest.raises(Unreadable, match="query parameter limit was sent more than once"):
        query_from_raw(b"limit=1&limit=1", names={"limit"})


def test_a_single_header_sent_twice_is_refused_and_a_list_is_joined() -> None:
    assert headers_from_raw([(b"Accept", b"a"), (b"accept", b"b")]) == {"accept": "a, b"}
    for name in ("X-Api-Key", "x-partner-account", "authorization", "idempotency-key"):
        with pytest.raises(Unreadable, match=f"{name.lower()} was sent more than once"):
            headers_from_raw([(name.encode(), b"a"), (name.lower().encode(), b"a")])


def test_a_header_is_read_as_utf_8_else_as_latin_1() -> None:
    sent = [(b"x-partner-account", "STÖT".encode()), (b"a", b"ST\xd6T")]

    assert headers_from_raw(sent) == {"x-partner-account": "STÖT", "a": "STÖT"}


async def test_an_id_of_raw_utf_8_bytes_is_the_id_that_its_escaped_form_names(hub: Hub) -> None:
    shop = await hub.open_shop()
    put = head_of(shop, "PUT", "@", "content-length: 26").replace(
        b"@", "/integration/v1/items/STÖT-1".encode(), 1
    )

    status, _, _ = await raw(hub, put + b'{"title":"Part","price":5}')

    assert status == 202
    status, answer = await shop.call("GET", "/integration/v1/items/ST%C3%96T-1")
    assert (status, answer["externalId"]) == (200, "STÖT-1")


async def test_a_separator_of_raw_utf_8_bytes_is_the_separator(hub: Hub) -> None:
    shop = await hub.open_shop()
    await shop.call("PUT", shop.path("SEP"), {"title": "Part", "price": 5})
    client = await Client.signed_in(shop)
    targets = [f"{V2}/product?fields=sku,title&field_separator={s}" for s in ("§", "%C2%A7")]

    bodies = []
    for target in targets:
        head = f"GET @ HTTP/1.1\r\nhost: hub\r\nauthorization: Bearer {client.access}\r\nconnection: close\r\n\r\n"
        status, _, body = await raw(hub, head.encode().replace(b"@", target.encode(), 1))
        assert status == 200, body
        bodies.append(body)

    assert bodies[0] == bodies[1]
    assert "§".encode() in bodies[0]
    assert "Â§".encode() not in bodies[0]


@pytest.mark.parametrize("line", ["x-api-key: {key}", "X-Partner-Account: b", "Idempotency-Key: b"])
async def test_a_header_that_says_who_acts_is_refused_when_it_comes_twice(
    line: str, hub: Hub
) -> None:
    shop = await hub.open_shop()
    name = line.split(":", maxsplit=1)[0]
    lines = [line.format(key=shop.api_key), f"{name}: a"]

    status, _, body = await raw(hub, head_of(shop, "GET", "/integration/v1/items", *lines))

    assert status == 400
    answer = json.loads(body)
    assert answer["code"] == "BAD_REQUEST"
    assert answer["error"] == f"The header {name.lower()} was sent more than once: send it once"


async def test_a_query_that_says_two_things_or_is_not_utf_8_is_refused_by_every_dialect(
    hub: Hub,
) -> None:
    shop = await hub.open_shop()
    client = await Client.signed_in(shop)
    bearer = {"authorization": f"Bearer {client.access}"}
    for path, headers in (
        ("/integration/v1/items?limit=1&limit=2", {"x-api-key": shop.api_key}),
        ("/integration/v1/items?cursor=%ff", {"x-api-key": shop.api_key}),
        (f"{V2}/order?limit=1&limit=2", bearer),
        (f"{V2}/product?field_separator=%ff", bearer),
    ):
        status, _, body = await hub.request("GET", path, headers=headers)
        assert status == 400, body
