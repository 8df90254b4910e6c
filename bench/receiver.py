"""The partner's side, a process of its own: `python -m bench.receiver FOLDER` serves images and takes webhooks over TLS.

It prints `{"url","ca_file"}`. GET of a path serves the file of that name in the folder; POST notes when which body came. `/log` gives
what came as JSON, `/count` how many came, `/forget` empties the log. What is posted below `/slow/` is answered after 9 seconds and
not noted.
"""

import asyncio
import ssl
import sys
import time
from pathlib import Path
from typing import cast

import msgspec
import trustme
import uvloop
from msgspec import Struct

_SLOW_S = 9.0


class Arrival(Struct, frozen=True):
    """A webhook: the monotonic second at which it came, and its body."""

    at: float
    body: str


class Arrivals:
    """What is served and what came in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.arrivals: list[Arrival] = []

    def answer(self, method: bytes, path: str, body: bytes) -> bytes:
        """Answer one request."""
        if method == b"POST":
            self.arrivals.append(Arrival(time.monotonic(), body.decode()))
            return b""
        match path:
            case "/log":
                return msgspec.json.encode(self.arrivals)
            case "/count":
                return str(len(self.arrivals)).encode()
            case "/forget":
                self.arrivals.clear()
                return b""
            case _:
                return (self.folder / Path(path).name).read_bytes()


class Connection(asyncio.Protocol):
    """One keep-alive connection."""

    def __init__(self, log: Arrivals) -> None:
        self._log = log
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while True:
            head, found, rest = self._buffer.partition(b"\r\n\r\n")
            length = _length_of(head) if found else 0
            if not found or len(rest) < length:
                return
            self._buffer = rest[length:]
            method, path, _ = head.split(b"\r\n", 1)[0].split(b" ", 2)
            if path.startswith(b"/slow/"):
                asyncio.get_running_loop().call_later(_SLOW_S, self._write, b"")
            else:
                self._write(self._log.answer(method, path.decode(), rest[:length]))

    def _write(self, content: bytes) -> None:
        lines = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(content)
        assert self._transport is not None  # noqa: S101 - it is connected
        self._transport.write(lines + content)


def _length_of(head: bytes) -> int:
    at = head.lower().find(b"content-length:")
    return 0 if at < 0 else int(head[at + 15 :].split(b"\r\n", 1)[0])


async def _serve(folder: Path) -> None:
    authority = trustme.CA()
    ca_file = folder / "receiver-ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    log = Arrivals(folder)
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(log), "127.0.0.1", 0, ssl=context
    )
    port = server.sockets[0].getsockname()[1]
    hello = {"url": f"https://127.0.0.1:{port}", "ca_file": str(ca_file)}
    print(msgspec.json.encode(hello).decode(), flush=True)
    await server.serve_forever()


class Receiver(Struct, frozen=True):
    """The receiver as the driver sees it."""

    url: str
    ca_file: str

    async def get(self, path: str) -> bytes:
        """Ask it something."""
        context = ssl.create_default_context(cafile=self.ca_file)
        port = int(self.url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
        try:
            writer.write(b"GET %s HTTP/1.1\r\nHost: bench\r\n\r\n" % path.encode())
            head = await reader.readuntil(b"\r\n\r\n")
            return await reader.readexactly(_length_of(head))
        finally:
            writer.close()

    async def arrivals(self) -> list[Arrival]:
        """Read all that came."""
        return msgspec.json.decode(await self.get("/log"), type=list[Arrival])

    async def until(self, count: int, *, timeout_s: float) -> None:
        """Wait until so many came. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            while int(await self.get("/count")) < count:  # noqa: ASYNC110 - it is another process
                await asyncio.sleep(0.2)


if __name__ == "__main__":
    uvloop.run(_serve(Path(sys.argv[1])))
