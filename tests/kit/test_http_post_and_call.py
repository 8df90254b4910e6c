"""Posting to strangers, calling the operator's choices, and failures that say what happened."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import TYPE_CHECKING

import pytest

from saluhall.kit.http import NoResponse, NotAllowed, Outbound, TooLarge

if TYPE_CHECKING:
    from pathlib import Path

    from tests.kit.conftest import Theatre


async def test_a_refused_connection_says_so_and_was_not_sent(theatre: Theatre) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        url = f"https://shop.example:{port}/hook?token=s3cret"

        with pytest.raises(NoResponse) as failure:
            await theatre.outbound().post(url, body=b"", headers={}, timeout_s=5)

    assert str(failure.value) == f"Connection refused at https://shop.example:{port}/hook"
    assert not failure.value.sent


async def test_an_unknown_host_says_so_and_was_not_sent(theatre: Theatre) -> None:
    with pytest.raises(
        NoResponse, match=r"^No such host at https://nowhere\.example/x$"
    ) as failure:
        await theatre.outbound().fetch("https://nowhere.example/x", max_bytes=1, timeout_s=5)

    assert not failure.value.sent


async def test_a_certificate_nobody_vouches_for_is_not_accepted(theatre: Theatre) -> None:
    stage = await theatre.answering(b"ok")
    outbound = theatre.outbound(trusting=False)

    for method in ("GET", "POST"):
        with pytest.raises(NoResponse, match="Certificate not accepted") as failure:
            await outbound.call(method, stage.url(), timeout_s=5)
        assert not failure.value.sent
    assert stage.heard == []


async def test_a_certificate_for_another_name_is_not_accepted(theatre: Theatre) -> None:
    stage = await theatre.answering(b"ok")

    with pytest.raises(NoResponse, match=r"Certificate not accepted .*mismatch"):
        await theatre.outbound().fetch(stage.url(host="other.example"), max_bytes=1, timeout_s=5)


async def test_a_server_without_tls_gets_nothing(theatre: Theatre) -> None:
    stage = await theatre.answering(b"ok", tls=False)
    url = stage.url().replace("http:", "https:")

    with pytest.raises(NoResponse) as failure:
        await theatre.outbound().fetch(url, max_bytes=1, timeout_s=0.3)

    assert not failure.value.sent
    assert stage.heard == []


async def test_a_post_sends_the_exact_bytes_and_headers(theatre: Theatre) -> None:
    stage = await theatre.answering(b"thanks", status="202 Accepted")
    headers = {"Content-Type": "application/json", "webhook-id": "evt_1"}

    got = await theatre.outbound().post(
        stage.url("/hook"), body=b'{"a":1}', headers=headers, timeout_s=5
    )

    assert (got.status, got.body) == (202, b"thanks")
    heard = stage.heard[0]
    assert heard.body == b'{"a":1}'
    assert "Content-Type: application/json\r\n" in heard.head
    assert "webhook-id: evt_1\r\n" in heard.head


async def test_a_post_returns_a_redirect_instead_of_following_it(theatre: Theatre) -> None:
    stage = await theatre.redirecting("/1")

    got = await theatre.outbound().post(stage.url("/0"), body=b"", headers={}, timeout_s=5)

    assert (got.status, got.headers["location"], len(stage.heard)) == (302, "/1", 1)


async def test_a_post_keeps_the_beginning_of_an_endless_answer(theatre: Theatre) -> None:
    stage = await theatre.stage("endless")
    outbound = theatre.outbound()

    for _ in range(2):
        got = await outbound.post(stage.url(), body=b"", headers={}, timeout_s=5)
        assert got.body == b"x" * 4096
    assert stage.connections == 2


UNNEEDED_BODIES = {
    "cut off": b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nok",
    "wrongly compressed": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok",
    "of an unknown encoding": b"HTTP/1.1 200 OK\r\nContent-Encoding: zz\r\nContent-Length: 2\r\n\r\nok",
    "in broken chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nok\r\n",
    "after one long header": b"HTTP/1.1 200 OK\r\nX-Long: %s\r\nContent-Length: 0\r\n\r\n"
    % (b"x" * 20_000),
    "after many headers": b"HTTP/1.1 200 OK\r\n%sContent-Length: 0\r\n\r\n"
    % (b"X-A: some value\r\n" * 900),
}


@pytest.mark.parametrize("said", UNNEEDED_BODIES.values(), ids=UNNEEDED_BODIES)
async def test_the_status_decides_whatever_the_body_is_like(theatre: Theatre, said: bytes) -> None:
    stage = await theatre.saying(said, then_close=True)

    status = await theatre.outbound().post_for_status(
        stage.url(), body=b"{}", headers={}, timeout_s=5
    )

    assert status == 200


async def test_a_body_that_nobody_needs_is_not_waited_for(theatre: Theatre) -> None:
    stage = await theatre.stage("dripping")
    outbound = theatre.outbound()
    began = time.monotonic()

    status = await outbound.post_for_status(stage.url(), body=b"", headers={}, timeout_s=20)

    assert status == 200
    assert time.monotonic() - began < 5


async def test_the_status_of_an_error_or_a_redirect_counts_whatever_its_body_is_like(
    theatre: Theatre,
) -> None:
    missing = await theatre.saying(
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nno", then_close=True
    )
    moved = await theatre.answering(
        b"x" * 4096, status="302 Found", extra=f"Location: {missing.url()}\r\n"
    )

    got = await theatre.outbound().fetch(moved.url(), max_bytes=100, timeout_s=5)

    assert got.status == 404


async def test_posts_reuse_their_connection(theatre: Theatre) -> None:
    stage = await theatre.answering(b"x" * 4096)
    outbound = theatre.outbound()

    for _ in range(20):
        await outbound.post_for_status(stage.url(), body=b"{}", headers={}, timeout_s=5)

    assert (len(stage.heard), stage.connections) == (20, 1)


async def test_sixty_four_posts_to_one_host_run_at_once(theatre: Theatre) -> None:
    stage = await theatre.crowd(64)
    outbound = theatre.outbound()

    got = await asyncio.gather(
        *(outbound.post(stage.url(), body=b"{}", headers={}, timeout_s=9) for _ in range(64))
    )

    assert {one.status for one in got} == {200}


async def test_a_header_cannot_smuggle_a_second_one(theatre: Theatre) -> None:
    stage = await theatre.answering()
    outbound = theatre.outbound()

    for headers in ({"X": "a\r\nY: b"}, {"X\n": "a"}):
        with pytest.raises(NotAllowed):
            await outbound.post(stage.url(), body=b"", headers=headers, timeout_s=5)
    assert stage.connections == 0


async def test_the_operators_urls_may_be_plain_and_private(theatre: Theatre) -> None:
    stage = await theatre.redirecting("/1", tls=False)
    outbound = Outbound()
    theatre.stages.push_async_callback(outbound.close)

    got = await outbound.call(
        "PUT", stage.url("/0", host="127.0.0.1"), body=b"x" * 2_000_000, timeout_s=5
    )

    assert got.status == 302
    assert len(stage.heard[0].body) == 2_000_000
    with pytest.raises(NotAllowed):
        await outbound.call("GET", "file:///etc/passwd", timeout_s=5)


async def test_a_call_has_a_limit_too(theatre: Theatre) -> None:
    stage = await theatre.stage("endless", tls=False)

    with pytest.raises(TooLarge):
        await theatre.outbound().call("GET", stage.url(), timeout_s=5, max_bytes=10_000)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
async def test_a_call_with_a_dropped_response_counts_as_sent_and_is_not_repeated(
    theatre: Theatre, method: str
) -> None:
    stage = await theatre.saying(b"", then_close=True, tls=False)

    with pytest.raises(NoResponse, match="Connection closed without an answer") as failure:
        await theatre.outbound().call(method, stage.url(), timeout_s=5)

    assert failure.value.sent
    assert len(stage.heard) == 1


async def test_calls_share_a_connection_only_in_quick_succession(theatre: Theatre) -> None:
    stage = await theatre.answering(b"ok", tls=False)
    outbound = theatre.outbound()

    for _ in range(3):
        await outbound.call("POST", stage.url(), body=b"{}", timeout_s=5)
    shared = stage.connections
    await asyncio.sleep(2.5)
    await outbound.call("POST", stage.url(), body=b"{}", timeout_s=5)

    assert shared < 3
    assert stage.connections == shared + 1


def test_a_missing_authority_file_is_noticed_at_once(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        Outbound(ca_file=tmp_path / "none.pem")
