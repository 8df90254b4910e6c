"""Metrics are cheap, and can have an address of their own."""

import asyncio
from pathlib import Path

import pytest

from saluhall.kit.environment import BadSetting
from saluhall.kit.metrics_listener import Fresh
from saluhall.settings import Settings
from tests.conftest import StartHub
from tests.hub import free_port


async def test_what_is_costly_is_made_once_at_a_time_and_kept_for_a_while() -> None:
    made = 0

    async def make() -> bytes:
        nonlocal made
        made += 1
        await asyncio.sleep(0.05)
        return b"%d" % made

    fresh = Fresh(make, keep_s=0.2)

    assert set(await asyncio.gather(*(fresh.read() for _ in range(50)))) == {b"1"}
    await asyncio.sleep(0.25)
    assert await fresh.read() == b"2"


async def test_a_failure_is_not_kept() -> None:
    errors = [OSError()]

    async def make() -> bytes:
        if errors:
            raise errors.pop()
        return b"made"

    fresh = Fresh(make)
    with pytest.raises(OSError):  # noqa: PT011 - the one that was raised
        await fresh.read()
    assert await fresh.read() == b"made"


async def get(port: int, path: str, method: str = "GET") -> tuple[str, bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(f"{method} {path} HTTP/1.1\r\nhost: m\r\n\r\n".encode())
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    finally:
        writer.close()
    return head.decode(), body


async def test_metrics_at_their_own_address_are_nowhere_else(start_hub: StartHub) -> None:
    port = free_port()
    hub = await start_hub(
        "--no-worker",
        "--processes",
        "2",
        "--host",
        "0.0.0.0",  # noqa: S104 - it is what we ask about
        "--metrics-listen",
        f"127.0.0.1:{port}",
    )

    assert "SALUHALL_PUBLIC_URL" in hub.log.read_text(), "links lead to this machine alone"
    head, body = await get(port, "/metrics")
    assert head, hub.log.read_text()
    assert head.startswith("HTTP/1.1 200 OK\r\ncontent-type: text/plain; version=0.0.4")
    assert b"saluhall_due_rows{" in body
    assert (await get(port, "/metrics", "HEAD"))[1] == b""
    assert (await get(port, "/healthz"))[0].startswith("HTTP/1.1 404 ")
    assert (await hub.request("GET", "/metrics"))[0] == 404
    _, silent = await asyncio.open_connection("127.0.0.1", port)
    answers = await asyncio.gather(*(get(port, "/metrics") for _ in range(100)))
    silent.close()
    assert all(head.startswith("HTTP/1.1 200 ") for head, _ in answers)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:9464", ("127.0.0.1", 9464)),
        ("[::1]:9464", ("::1", 9464)),
        ("localhost:1", ("localhost", 1)),
    ],
)
def test_an_address_is_a_host_and_a_port(text: str, address: tuple[str, int]) -> None:
    settings = Settings.read({"SALUHALL_METRICS_LISTEN": text}, data_dir=Path())

    assert settings.metrics_listen == address


@pytest.mark.parametrize("text", ["9464", ":9464", "host:", "host:0", "host:65536", "host:http"])
def test_anything_else_is_refused_by_its_name(text: str) -> None:
    with pytest.raises(BadSetting, match=r"^SALUHALL_METRICS_LISTEN: .* is not HOST:PORT; write"):
        Settings.read({"SALUHALL_METRICS_LISTEN": text}, data_dir=Path())
