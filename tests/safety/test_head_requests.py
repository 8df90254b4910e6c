"""HEAD is GET without a body, a reader who has the current version hears only that, and a wrong method learns the right ones."""

from collections.abc import Iterable

import pytest
from litestar.types import HTTPScope

from saluhall.kit.clock import utc_now
from saluhall.plugins import load_dialects
from saluhall.web.head_requests import omit_unneeded_bodies
from tests.hub import Hub, Shop
from tests.sellrapido import V2, Client

ETAG = (b"etag", b'"a"')


async def responded(
    method: str, conditions: Iterable[bytes], *, status: int = 200
) -> tuple[int, dict[bytes, bytes], bytes]:
    """Ask an app of two blocks; return the status, the headers and the body that go out."""
    sent = []

    async def app(_: object, receive: object, send: object) -> None:  # noqa: ARG001
        headers = [ETAG, (b"content-length", b"2"), (b"content-type", b"a/b")]
        await send({"type": "http.response.start", "status": status, "headers": headers})  # type: ignore[operator]
        await send({"type": "http.response.body", "body": b"x", "more_body": True})  # type: ignore[operator]
        await send({"type": "http.response.body", "body": b"y", "more_body": False})  # type: ignore[operator]

    async def receive() -> object:
        raise AssertionError

    async def send(message: object) -> None:
        sent.append(message)

    scope: HTTPScope = {  # type: ignore[typeddict-item]
        "type": "http",
        "method": method,
        "headers": [(b"if-none-match", value) for value in conditions],
    }
    await omit_unneeded_bodies(app)(scope, receive, send)  # type: ignore[arg-type]
    start, *blocks = sent
    body = b"".join(block["body"] for block in blocks)  # type: ignore[index]
    assert blocks[-1]["more_body"] is False  # type: ignore[index]
    return start["status"], dict(start["headers"]), body  # type: ignore[index]


@pytest.mark.parametrize("conditions", [[b'"a"'], [b'W/"a"'], [b'"b", "a"'], [b"*"], [b'"b"', b'"a"']])  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_whoever_has_the_current_version_is_not_sent_it(
    method: str, conditions: list[bytes]
) -> None:
    assert await responded(method, conditions) == (304, dict([ETAG]), b"")


@pytest.mark.parametrize("conditions", [[], [b'"b"'], [b"a"], [b""]])
async def test_whoever_has_another_version_is_sent_the_current_one(conditions: list[bytes]) -> None:
    assert (await responded("GET", conditions))[::2] == (200, b"xy")
    status, headers, body = await responded("HEAD", conditions)
    assert (status, headers[b"content-length"], body) == (200, b"2", b"")


async def test_only_what_was_found_can_be_the_current_version() -> None:
    assert (await responded("GET", [b"*"], status=404))[::2] == (404, b"xy")
    assert (await responded("PUT", [b"*"]))[::2] == (200, b"xy")


@pytest.fixture
async def calm(hub: Hub) -> Shop:
    return await hub.open_shop()


CHANGING = {"date", "x-request-id", "ratelimit", "transfer-encoding", "content-length"}


async def test_every_route_for_get_answers_head_alike_without_a_body(calm: Shop) -> None:
    hub = calm.hub
    await calm.call("PUT", calm.path("HEAD"), {"title": "Part", "price": 5})
    client = await Client.signed_in(calm)
    headers = {"x-api-key": calm.api_key, "authorization": f"Bearer {client.access}"}
    own = ("/healthz", "/readyz", "/metrics", "/schema", "/schema/openapi.json", "/images/none.jpg")
    routes = {r.path for d in load_dialects() for r in d.routes if r.method == "GET"}
    paths = [path.replace("{external_id}", "HEAD") for path in sorted(routes)]
    day = utc_now().date().isoformat()

    for path in [*own, *paths, f"{V2}/order?start_date={day}&end_date={day}"]:
        got = await hub.request("GET", path, headers=headers)
        status, found, body = await hub.request("HEAD", path, headers=headers)
        assert (status, body) == (got[0], b""), path
        assert {k: v for k, v in found.items() if k not in CHANGING} == {
            k: v for k, v in got[1].items() if k not in CHANGING
        }, path
        if "content-length" in found and path != "/metrics":
            assert found["content-length"] == str(len(got[2])), path


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/healthz", {"GET", "HEAD", "OPTIONS"}),
        ("POST", "/integration/v1/items/a", {"GET", "HEAD", "PUT", "DELETE", "OPTIONS"}),
        ("GET", "/integration/v1/items/a/price", {"PATCH", "OPTIONS"}),
        ("HEAD", "/integration/v1/items/a/price", {"PATCH", "OPTIONS"}),
        ("PUT", f"{V2}/order", {"GET", "HEAD", "OPTIONS"}),
        ("OPTIONS", "/integration/v1/items/a", {"GET", "HEAD", "PUT", "DELETE", "OPTIONS"}),
    ],
)
async def test_a_path_says_which_methods_it_takes(
    method: str, path: str, allowed: set[str], hub: Hub
) -> None:
    status, headers, _ = await hub.request(method, path)

    assert status == (204 if method == "OPTIONS" else 405)
    assert set(headers["allow"].split(", ")) == allowed
