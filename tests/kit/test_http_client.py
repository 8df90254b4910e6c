"""Fetching from strangers: limits that hold and redirects that are checked."""

from __future__ import annotations

import gzip
import os
import time
import zlib
from typing import TYPE_CHECKING

import pytest

from saluhall.kit.http import NoResponse, NotAllowed, Outbound, TooLarge

if TYPE_CHECKING:
    from tests.kit.conftest import Stage, Theatre

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
GZIP = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 8\r\n\r\n"


async def fetched(outbound: Outbound, stage: Stage, path: str = "/0") -> bytes:
    return (await outbound.fetch(stage.url(path), max_bytes=1000, timeout_s=5)).body


async def test_a_fetch_brings_status_headers_and_body(theatre: Theatre) -> None:
    stage = await theatre.answering(b"hello", status="404 Not Found", extra="X-A: 1\r\nx-a: 2\r\n")

    got = await theatre.outbound().fetch(stage.url("/p?q=1"), max_bytes=5, timeout_s=5)

    assert (got.status, got.headers["x-a"], got.body) == (404, "1, 2", b"hello")
    head = stage.heard[0].head.lower()
    assert head.startswith("get /p?q=1 http/1.1")
    assert "accept-encoding: identity" in head
    assert "cookie" not in head


async def test_cookies_are_never_sent_back(theatre: Theatre) -> None:
    stage = await theatre.answering(b"", extra="Set-Cookie: a=b; Path=/\r\n")
    outbound = theatre.outbound()

    await fetched(outbound, stage)
    await fetched(outbound, stage)

    assert "cookie" not in stage.heard[1].head.lower()


async def test_proxies_of_the_environment_are_not_used(
    theatre: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = await theatre.answering(b"direct")
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setitem(os.environ, name, "http://127.0.0.1:9")

    assert await fetched(theatre.outbound(), stage) == b"direct"


async def test_a_body_one_byte_too_long_is_refused(theatre: Theatre) -> None:
    stage = await theatre.answering(b"x" * 11)

    with pytest.raises(TooLarge, match="larger than 10 bytes"):
        await theatre.outbound().fetch(stage.url(), max_bytes=10, timeout_s=5)


async def test_an_endless_body_is_cut_while_it_streams(theatre: Theatre) -> None:
    stage = await theatre.stage("endless")

    with pytest.raises(TooLarge):
        await theatre.outbound().fetch(stage.url(), max_bytes=100_000, timeout_s=20)


async def test_a_long_body_is_refused_before_it_is_read(theatre: Theatre) -> None:
    stage = await theatre.saying(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")

    with pytest.raises(TooLarge):
        await theatre.outbound().fetch(stage.url(), max_bytes=100_000, timeout_s=20)


@pytest.mark.parametrize(("name", "wbits"), [("gzip", 31), ("deflate", 15)])
async def test_a_compressed_bomb_is_cut_at_its_unpacked_size(
    theatre: Theatre, name: str, wbits: int
) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
    bomb = packer.compress(b"\0" * 20_000_000) + packer.flush()
    stage = await theatre.answering(bomb, extra=f"Content-Encoding: {name}\r\n")

    with pytest.raises(TooLarge):
        await theatre.outbound().fetch(stage.url(), max_bytes=1_000_000, timeout_s=5)


async def test_a_body_compressed_without_being_asked_is_unpacked(theatre: Theatre) -> None:
    packed = gzip.compress(b"image")
    stage = await theatre.answering(packed, extra="Content-Encoding: gzip\r\n")

    assert await fetched(theatre.outbound(), stage) == b"image"


@pytest.mark.parametrize(
    "broken",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        CHUNKED + b"zz\r\nnot a chunk\r\n",
        GZIP + b"not gzip",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
        b"",
    ],
)
async def test_a_broken_answer_is_no_answer_and_counts_as_sent(
    theatre: Theatre, broken: bytes
) -> None:
    stage = await theatre.saying(broken, then_close=True)
    outbound = theatre.outbound()

    with pytest.raises(NoResponse, match=r" at https://shop\.example:\d+/p$") as failure:
        await outbound.fetch(stage.url("/p?token=s3cret"), max_bytes=1000, timeout_s=5)

    assert failure.value.sent


@pytest.mark.parametrize("script", ["silent", "dripping"])
async def test_a_slow_answer_hits_the_time_limit(theatre: Theatre, script: str) -> None:
    stage = await theatre.stage(script)
    outbound = theatre.outbound()
    begun = time.monotonic()

    with pytest.raises(NoResponse, match="No answer in time at https://") as failure:
        await outbound.fetch(stage.url(), max_bytes=10_000, timeout_s=0.3)

    assert failure.value.sent
    assert time.monotonic() - begun < 10  # it would continue for ever


async def test_the_time_limit_covers_all_redirects_together(theatre: Theatre) -> None:
    stage = await theatre.redirecting("/1", "/2", "/3", after_s=0.2)

    with pytest.raises(NoResponse):
        await theatre.outbound().fetch(stage.url("/0"), max_bytes=10, timeout_s=0.5)


async def test_three_redirects_are_followed_and_a_fourth_is_refused(theatre: Theatre) -> None:
    three = await theatre.redirecting("/1", "2", "/3", "/4")
    four = await theatre.redirecting("/1", "/2", "/3", "/4")
    two = await theatre.redirecting("/1", "?/2", status="308 Permanent Redirect")
    outbound = theatre.outbound()

    assert await fetched(outbound, two) == b"arrived"
    assert await fetched(outbound, three, "/1") == b"arrived"
    with pytest.raises(NotAllowed, match="More than 3 redirects"):
        await fetched(outbound, four)


@pytest.mark.parametrize(
    "location",
    [
        "http://shop.example/",
        "//user@shop.example/",
        "https://10.0.0.1/",
        "https://[::ffff:10.0.0.1]/",
        "https://2130706433/",
        "file:///etc/passwd",
        "https://shop.example:99999/",
        "https://[::1",
    ],
)
async def test_a_redirect_is_checked_like_the_first_url(theatre: Theatre, location: str) -> None:
    stage = await theatre.redirecting(location)

    with pytest.raises(NotAllowed):
        await fetched(theatre.outbound(), stage)

    assert len(stage.heard) == 1


async def test_a_redirect_to_a_private_server_never_reaches_it(theatre: Theatre) -> None:
    inner = await theatre.stage("silent", host="127.0.0.2")
    stage = await theatre.redirecting(inner.url(host="127.0.0.2"))

    with pytest.raises(NotAllowed, match="is not public"):
        await fetched(theatre.outbound(), stage)

    assert inner.connections == 0


async def test_a_name_that_changes_its_address_cannot_be_rebound(theatre: Theatre) -> None:
    stage = await theatre.answering(b"ok")
    inner = await theatre.stage("silent", host="127.0.0.2", port=stage.port)
    asked: list[str] = []

    async def resolve(host: str, port: int) -> list[str]:
        asked.append(f"{host}:{port}")
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

    assert await fetched(theatre.outbound(resolve=resolve), stage) == b"ok"
    assert len(asked) == 1  # what was checked is what was dialled
    with pytest.raises(NotAllowed):
        await fetched(theatre.outbound(resolve=resolve), stage)
    assert inner.connections == 0
