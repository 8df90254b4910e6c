"""The load client, a process of its own: `python -m bench.load` reads an Order on standard input, prints a Report.

Each connection sends the next PUT when the last is answered. It speaks just enough HTTP/1.1 to cost little beside what it measures.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import cast

import msgspec
import uvloop
from msgspec import Struct

_TIMEOUT_S = 60.0


class Order(Struct, frozen=True, kw_only=True):
    """What to send: for `seconds`, or `count` items when given. `{n}` in `body` becomes the item's number."""

    port: int
    api_key: str
    prefix: str
    body: str
    connections: int = 16
    seconds: float = 0.0
    count: int = 0


class Report(Struct, frozen=True, kw_only=True):
    """What came back: `answered` holds the monotonic second of each item's answer, `latencies` how long each took."""

    elapsed_s: float
    cpu_s: float
    refused: int
    answered: dict[str, float]
    latencies: list[float]


class Run:
    """Numbers handed out to connections, and what came back."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.answered: dict[str, float] = {}
        self.latencies: list[float] = []
        self.refused = 0
        self._next = 0
        self._until = time.monotonic() + order.seconds

    def take(self) -> int | None:
        """Take the next number; None when enough was sent."""
        over = (
            self._next >= self.order.count if self.order.count else time.monotonic() > self._until
        )
        if over:
            return None
        self._next += 1
        return self._next

    def request(self, number: int) -> tuple[str, bytes]:
        """Write the request of a number; return the item's id with it."""
        sku = f"{self.order.prefix}-{number}"
        body = self.order.body.replace("{n}", str(number)).encode()
        head = (
            f"PUT /integration/v1/items/{sku} HTTP/1.1\r\nHost: bench\r\n"
            f"x-api-key: {self.order.api_key}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return sku, head.encode() + body

    def note(self, sku: str, status: bytes, sent_at: float) -> None:
        """Note an answer."""
        now = time.monotonic()
        if status == b"202":
            self.answered[sku] = now
            self.latencies.append(now - sent_at)
        else:
            self.refused += 1


class Connection(asyncio.Protocol):
    """One keep-alive connection, one request at a time."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._buffer = b""
        self._sku = ""
        self._sent_at = 0.0
        self._transport: asyncio.Transport | None = None
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def _send(self) -> None:
        number = self._run.take()
        assert self._transport is not None  # noqa: S101 - called while connected
        if number is None:
            self._transport.close()
            return
        self._sku, request = self._run.request(number)
        self._sent_at = time.monotonic()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found or len(body) < _length_of(head):
            return
        self._buffer = b""
        self._run.note(self._sku, head[9:12], self._sent_at)
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(exc)


def _length_of(head: bytes) -> int:
    at = head.lower().find(b"content-length:")
    return 0 if at < 0 else int(head[at + 15 :].split(b"\r\n", 1)[0])


async def run_order(order: Order) -> Report:
    """Carry an order out."""
    run = Run(order)
    began, cpu = time.monotonic(), time.process_time()
    loop = asyncio.get_running_loop()
    opened: Sequence[tuple[asyncio.BaseTransport, Connection]] = [
        await loop.create_connection(lambda: Connection(run), "127.0.0.1", order.port)
        for _ in range(order.connections)
    ]
    await asyncio.gather(*(connection.done for _, connection in opened))
    return Report(
        elapsed_s=time.monotonic() - began,
        cpu_s=time.process_time() - cpu,
        refused=run.refused,
        answered=run.answered,
        latencies=run.latencies,
    )


async def send(order: Order) -> Report:
    """Run the client as a process and wait for its report."""
    with tempfile.TemporaryFile() as output:  # a report can be larger than a pipe holds
        client = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bench.load",
            stdin=asyncio.subprocess.PIPE,
            stdout=output,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(order.seconds + _TIMEOUT_S):
                await client.communicate(msgspec.json.encode(order))
        finally:
            if client.returncode is None:
                client.kill()
                await client.wait()
        output.seek(0)
        return msgspec.json.decode(output.read(), type=Report)


if __name__ == "__main__":
    wanted = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(run_order(wanted))))
