"""A client that is refused while it is still sending gets the response, whatever it sends."""

import asyncio
import socket
import time

import pytest

from tests.hub import Hub

MEGABYTE = b" " * 1024 * 1024


def sent_whole_then_read(hub: Hub, head: str, megabytes: int) -> bytes:
    """Send a whole body before reading anything, as most clients do; return the beginning of the response."""
    with socket.create_connection(("127.0.0.1", hub.port), timeout=30) as client:
        client.sendall(head.encode())
        for _ in range(megabytes):
            client.sendall(MEGABYTE)
            time.sleep(0.005)  # as over a network: the server has refused long ago
        return client.recv(64)


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("PUT /integration/v1/items/a HTTP/1.1", 413),
        ("PUT /integration/v1/items/a HTTP/1.1\r\nx-a: no key", 401),
        ("POST /sr_company_ws/api/v2/auth/authorize HTTP/1.1", 413),
        ("POST /nothing HTTP/1.1", 404),
        ("POST /healthz HTTP/1.1", 405),
    ],
)
async def test_whoever_sends_too_much_gets_the_refusal_and_no_reset(
    line: str, status: int, hub: Hub
) -> None:
    key = "nobody" if "no key" in line else hub.api_key
    head = (
        f"{line}\r\nhost: hub\r\nx-api-key: {key}\r\ncontent-length: {20 * len(MEGABYTE)}\r\n\r\n"
    )

    answer = await asyncio.to_thread(sent_whole_then_read, hub, head, 20)

    assert answer.startswith(f"HTTP/1.1 {status} ".encode())


async def test_a_rest_that_does_not_come_is_not_waited_for(hub: Hub) -> None:
    head = f"PUT /integration/v1/items/a HTTP/1.1\r\nhost: hub\r\nx-api-key: {hub.api_key}\r\ncontent-length: 50000000\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", hub.port)
    writer.write(head.encode())

    async with asyncio.timeout(40):
        assert (await reader.readline()).startswith(b"HTTP/1.1 413 ")
        await reader.read()  # closed by the hub
    writer.close()
