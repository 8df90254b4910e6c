"""Connections that do nothing harm nobody, and one address cannot take them all."""

import asyncio
import json
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from saluhall.web.connection_limits import MAX_CONNECTIONS, max_connections
from tests.conftest import StartHub
from tests.hub import Hub

ADDRESSES = [f"127.0.0.{n}" for n in range(2, 8)]


def test_a_process_takes_as_many_connections_as_it_may_open_files() -> None:
    assert max_connections(1024) == 768
    assert max_connections(1_000_000) == MAX_CONNECTIONS
    assert max_connections(64) == 64


@contextmanager
def silent(
    hub: Hub, count: int, addresses: list[str], said: bytes = b""
) -> Iterator[list[socket.socket]]:
    """Open connections that say no more than this."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, count + 1024)), hard))
    opened: list[socket.socket] = []
    try:
        for number in range(count):
            source = (addresses[number % len(addresses)], 0)
            one = socket.create_connection(("127.0.0.1", hub.port), 10, source_address=source)
            one.sendall(said)
            one.settimeout(0)
            opened.append(one)
        yield opened
    finally:
        for one in opened:
            one.close()


def is_closed(one: socket.socket) -> bool:
    try:
        return one.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


async def seconds_for_a_request(hub: Hub) -> float:
    started = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", hub.port)
    writer.write(b"GET /readyz HTTP/1.1\r\nhost: hub\r\nconnection: close\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
    writer.close()
    return time.monotonic() - started


@pytest.mark.parametrize("said", [b"", b"GET /readyz HT", b"PRI * HTTP/2.0\r\n"])
async def test_two_thousand_silent_connections_keep_nobody_waiting(said: bytes, hub: Hub) -> None:
    with silent(hub, 2000, ADDRESSES, said):
        assert await seconds_for_a_request(hub) < 15


async def test_an_address_keeps_as_many_idle_connections_as_it_may_and_others_keep_theirs(
    start_hub: StartHub,
) -> None:
    hub = await start_hub("--no-worker", SALUHALL_CONNECTIONS_PER_ADDRESS="40")
    with silent(hub, 5, ["127.0.0.9"]) as others, silent(hub, 100, ["127.0.0.8"]) as crowd:
        deadline = time.monotonic() + 60
        while (left := sum(not is_closed(one) for one in crowd)) > 40:
            assert time.monotonic() < deadline, left
            await seconds_for_a_request(hub)
            await asyncio.sleep(0.1)
        assert left == 40
        assert not any(map(is_closed, others))

    # So many requests may be in progress: their bodies never end.
    head = b"POST /auth/token HTTP/1.1\r\nhost: hub\r\ncontent-length: 100\r\n\r\n"
    with silent(hub, 40, ["127.0.0.8"], head) as unfinished:
        await asyncio.sleep(0.5)  # or one of them comes after the next
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", hub.port, local_addr=("127.0.0.8", 0)
        )
        writer.write(
            b"GET /integration/v1/items HTTP/1.1\r\nhost: hub\r\nconnection: close\r\n\r\n"
        )
        head_, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
        assert head_.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: " in head_.lower()
        assert json.loads(body)["code"] == "SERVICE_UNAVAILABLE"
        assert await seconds_for_a_request(hub) < 15  # from another address
        assert not any(map(is_closed, unfinished))
