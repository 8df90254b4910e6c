"""Whatever is sent, the answer is clear and never a 500."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest

from tests.hub import Hub, Shop

ITEM = {"title": "Part", "price": 5}
BODIES: dict[str, tuple[bytes, set[int]]] = {
    "nothing": (b"", {400}),
    "half an object": (b'{"title":"Part"', {400}),
    "two objects": (b"{}{}", {400}),
    "a word": (b"title", {400}),
    "NaN": (b'{"title":"Part","price":NaN}', {400}),
    "Infinity": (b'{"title":"Part","price":-Infinity}', {400}),
    "out of range": (b'{"title":"Part","price":1e400}', {422}),
    "a long number": (b'{"title":"Part","price":' + b"9" * 5000 + b"}", {422}),
    "a long fraction": (b'{"title":"Part","price":1.' + b"3" * 5000 + b"}", {422}),
    "NUL escaped": (b'{"title":"Pa\\u0000rt","price":5}', {422}),
    "NUL in a key": (b'{"title":"Part","price":5,"metadata":{"a\\u0000":1}}', {422}),
    "NUL bare": (b'{"title":"Pa\0rt","price":5}', {400}),
    "half a surrogate pair": (b'{"title":"Pa\\ud800rt","price":5}', {400}),
    "half a pair in metadata": (b'{"title":"Part","price":5,"metadata":{"a":"\\udfff"}}', {400}),
    "half a pair in a key": (b'{"title":"Part","price":5,"metadata":{"\\udfff":1}}', {400, 422}),
    "not UTF-8": (b'{"title":"Pa\xffrt","price":5}', {400}),
    "UTF-16": ('{"title":"Part","price":5}'.encode("utf-16"), {400}),
    "a byte order mark": (b"\xef\xbb\xbf" + json.dumps(ITEM).encode(), {202, 400}),
    "300 deep": (b'{"title":"Part","price":5,"metadata":{"a":' + b"[" * 300 + b"]" * 300 + b"}}", {400, 422}),
    "100000 deep": (b"[" * 100_000 + b"]" * 100_000, {400}),
    "100000 deep, open": (b'{"a":' * 100_000, {400}),
    "a list": (b"[]", {422}),
    "null": (b"null", {422}),
    "a number": (b"7", {422}),
    "wrong all over": (b'{"title":1,"price":"x","imageUrls":{},"domain":[],"metadata":7}', {422}),
    "the same key often": (b'{"title":"Part","price":5' + b',"title":"Other"' * 10_000 + b"}", {202}),
    "many keys": (json.dumps({**ITEM, **{f"k{n}": n for n in range(50_000)}}).encode(), {202}),
    "text of 900 kB": (json.dumps({**ITEM, "description": "x" * 900_000}).encode(), {422}),
    "just over a megabyte": (b" " * (1024 * 1024 + 1), {413}),
    "five megabytes": (b" " * (5 * 1024 * 1024), {413}),
}  # fmt: skip
# As sent on the wire, and what a GET of it may answer.
IDS: dict[str, set[int]] = {
    "a%2Fb": {404},
    "%2F": {404},
    "..": {422},
    "..%2F..%2Fetc": {404},
    "%2e%2e": {422},
    "%00": {422},
    "a%00b": {422},
    "%ff": {400},
    "%c3%28": {400},
    "%ed%a0%80": {400},
    "%": {404},
    "%zz": {404},
    "%25": {404},
    "a%20b": {404},
    "a+b": {404},
    ";drop table": {400, 404},
    "'%20or%20'1'='1": {404},
    "%F0%9F%92%A9": {404},
    "x" * 255: {404},
    "x" * 256: {422},
    "x" * 20_000: {404, 414, 422},
    "%E2%82%AC" * 255: {404},
    "a/": {404},
    "a//b": {404},
    "%0d%0aset-cookie:x": {404},
    "a?b=%ff&c[]=1&&=": {400},
    "a?" + "q=1&" * 2000: {404, 414, 431},
}


async def raw(hub: Hub, request: bytes, *, rest: bytes = b"") -> tuple[int, dict[str, str], bytes]:
    """Send bytes; read one answer until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", hub.port)
    reading = asyncio.create_task(_read_all(reader))  # what it says before it has read everything
    try:
        with suppress(ConnectionError):
            writer.write(request)
            await writer.drain()
            if rest:
                await asyncio.sleep(0.2)
                writer.write(rest)
        async with asyncio.timeout(20):
            answer = await reading
    finally:
        writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return int(first.split(" ")[1]), headers, body


async def _read_all(reader: asyncio.StreamReader) -> bytes:
    answer = b""
    with suppress(ConnectionError):
        while block := await reader.read(65536):
            answer += block
    return answer


def head_of(shop: Shop, method: str, target: str, *lines: str) -> bytes:
    given = [
        f"{method} {target} HTTP/1.1",
        "host: hub",
        f"x-api-key: {shop.api_key}",
        "connection: close",
        *lines,
    ]
    return "\r\n".join([*given, "", ""]).encode("latin-1")


def is_refusal(status: int, headers: Mapping[str, str], body: bytes) -> bool:
    """A clear answer in the dialect's shape."""
    told: dict[str, Any] = json.loads(body)
    return (
        {"error", "code", "statusCode"} <= told.keys() <= {"error", "code", "statusCode", "details"}
        and told["statusCode"] == status
        and headers["content-type"] == "application/json"
        and headers["x-request-id"] != ""
    )


@pytest.fixture
async def calm(hub: Hub) -> Shop:
    return await hub.open_shop()


async def send(
    shop: Shop, method: str, target: str, body: bytes = b"", request_id: str | None = None
) -> tuple[int, Mapping[str, str], bytes]:
    given = {"x-api-key": shop.api_key, "content-type": "application/json"}
    if request_id is not None:
        given["x-request-id"] = request_id
    return await shop.hub.request(method, target, headers=given, body=body)


@pytest.mark.parametrize("name", BODIES)
async def test_a_bad_body_gets_a_clear_answer(name: str, calm: Shop) -> None:
    body, expected = BODIES[name]

    status, headers, answer = await send(calm, "PUT", calm.path("BODY"), body)

    assert status in expected, answer[:500]
    assert status == 202 or is_refusal(status, headers, answer)


@pytest.mark.parametrize("what", ["price", "status"])
@pytest.mark.parametrize(
    "name", ["nothing", "NaN", "not UTF-8", "100000 deep", "null", "half a surrogate pair"]
)
async def test_a_bad_change_gets_a_clear_answer(name: str, what: str, calm: Shop) -> None:
    status, headers, answer = await send(
        calm, "PATCH", f"{calm.path('BODY')}/{what}", BODIES[name][0]
    )

    assert status in {400, 422}
    assert is_refusal(status, headers, answer)


@pytest.mark.parametrize("external_id", IDS, ids=lambda text: text[:24] or "empty")
async def test_an_odd_id_gets_a_clear_answer_and_names_at_most_itself(
    external_id: str, calm: Shop
) -> None:
    target = "/integration/v1/items/" + external_id

    status, headers, body = await raw(calm.hub, head_of(calm, "GET", target))

    assert status in IDS[external_id], body[:500]
    assert status in {414, 431} or body == b"" or is_refusal(status, headers, body)
    for method in ("PUT", "DELETE"):
        put = head_of(calm, method, target, "content-type: application/json", "content-length: 26")
        status, _, body = await raw(calm.hub, put + b'{"title":"Part","price":5}')
        assert status < 500, body[:500]


@pytest.mark.parametrize(
    "target", [b"/integration/v1/items/\xff\xfe", "/integration/v1/items/é".encode(), b"/\x80"]
)
async def test_bytes_that_belong_in_no_path_get_a_clear_answer(target: bytes, calm: Shop) -> None:
    head = head_of(calm, "GET", "@").replace(b"@", target, 1)

    status, _, body = await raw(calm.hub, head)

    assert 400 <= status < 500, body


async def test_a_body_too_large_is_refused_by_its_length_and_by_its_chunks(calm: Shop) -> None:
    target = calm.path("LARGE")
    said = head_of(calm, "PUT", target, f"content-length: {50 * 1024 * 1024}")
    chunked = head_of(calm, "PUT", target, "transfer-encoding: chunked")
    chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"

    for request, rest in ((said, b""), (chunked + chunk * 8, chunk * 16 + b"0\r\n\r\n")):
        status, headers, body = await raw(calm.hub, request, rest=rest)
        assert status == 413
        assert is_refusal(status, headers, body)


async def test_a_body_of_exactly_a_megabyte_is_read(calm: Shop) -> None:
    body = json.dumps(ITEM).encode().ljust(1024 * 1024)

    assert (await send(calm, "PUT", calm.path("FULL"), body))[0] == 202


async def test_a_client_that_goes_away_in_the_middle_harms_nobody(calm: Shop) -> None:
    head = head_of(calm, "PUT", calm.path("GONE"), "content-length: 1000")
    for part in (head, head[:20], head + b'{"title":'):
        _, writer = await asyncio.open_connection("127.0.0.1", calm.hub.port)
        writer.write(part)
        await writer.drain()
        writer.close()
    await asyncio.sleep(0.3)

    assert (await calm.call("GET", calm.path("GONE")))[0] == 404
    assert "this is a bug" not in calm.hub.log.read_text()


async def test_a_header_above_the_limits_is_refused_with_431(calm: Shop) -> None:
    own = len(head_of(calm, "GET", "/").splitlines()) - 2
    for lines in (
        ["x-big: " + "x" * 300_000],  # twice the buffer: one that has come whole is taken
        ["x-big: " + "x" * 2_000_000],
        [f"x-{n}: y" for n in range(101 - own)],
        [f"x-{n}: y" for n in range(5000)],
    ):
        status, headers, body = await raw(calm.hub, head_of(calm, "GET", calm.path("A"), *lines))
        assert (status, headers["connection"], body) == (431, "close", b"")

    for lines in (["x-big: " + "x" * 120_000], [f"x-{n}: y" for n in range(100 - own)]):
        status, _, _ = await raw(calm.hub, head_of(calm, "GET", calm.path("A"), *lines))
        assert status == 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("DELETE", "/integration/v1/items", 405),
        ("GET", "/integration/v1/nothing", 404),
        ("GET", "/integration/", 404),
        ("GET", "/integration/v2/items/a", 404),
        ("POST", "/integration/v1/items/a", 405),
        ("GET", "/integration/v1/items/a/price", 405),
        ("PUT", "/integration/v1/items/a/status", 405),
        ("PURGE", "/integration/v1/items/a", 405),
    ],
)  # fmt: skip
async def test_what_is_not_there_is_said_in_the_dialects_words(
    method: str, path: str, status: int, calm: Shop
) -> None:
    got, headers, body = await send(calm, method, path)

    assert got == status
    assert is_refusal(got, headers, body)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404), ("GET", "/", 404), ("POST", "/healthz", 405), ("GET", "/images/none.jpg", 404),
        ("GET", "/images/..%2F..%2Fsecret.key", 404), ("GET", "/images/%00", 404), ("GET", "/images/%ff", 404),
        ("GET", "/healthz", 200), ("GET", "/readyz", 200), ("GET", "/metrics", 200), ("GET", "/schema", 200),
        ("GET", "/schema/openapi.json", 200), ("OPTIONS", "/healthz", 204),
        ("OPTIONS", "/integration/v1/items/a", 204), ("HEAD", "/integration/v1/items/a", 404),
    ],
)  # fmt: skip
async def test_every_answer_carries_a_request_id(
    method: str, path: str, status: int, calm: Shop
) -> None:
    got, headers, _ = await send(calm, method, path)
    _, echoed, _ = await send(calm, method, path, request_id="mine-1")
    _, replaced, _ = await send(calm, method, path, request_id="{no word} " * 20)

    assert got == status
    assert headers["x-request-id"].startswith("req_")
    assert echoed["x-request-id"] == "mine-1"
    assert replaced["x-request-id"].startswith("req_")


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", "text/plain", "application/xml",
                                  "application/x-www-form-urlencoded", "multipart/form-data", "", "nonsense;;=", "a/b\xe9"])  # fmt: skip
async def test_the_content_type_changes_nothing(kind: str, calm: Shop) -> None:
    lines = ("content-length: 26", f"content-type: {kind}")
    put = head_of(calm, "PUT", calm.path("KIND"), *lines) + b'{"title":"Part","price":5}'
    assert (await raw(calm.hub, put))[0] == 202

    for method, status in (("GET", 200), ("DELETE", 202)):
        head = head_of(calm, method, calm.path("KIND"), f"content-type: {kind}")
        assert (await raw(calm.hub, head))[0] == status
