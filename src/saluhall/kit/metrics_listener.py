"""Metrics on an address of their own: plain HTTP for monitoring, apart from the API's connections."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial

from saluhall.kit.metrics import CONTENT_TYPE

Text = Callable[[], Awaitable[bytes]]
_TIMEOUT_S = 15.0
_MAX_HEAD_BYTES = 16 * 1024


class Fresh:
    """Something that is costly to make: made once at a time, and kept for a second."""

    def __init__(self, make: Text, *, keep_s: float = 1.0) -> None:
        self._make = make
        self._keep_s = keep_s
        self._made = b""
        self._stale_at = 0.0
        self._making = asyncio.Lock()

    async def read(self) -> bytes:
        """Return what was made within the last second, else make it."""
        async with self._making:
            now = asyncio.get_running_loop().time()
            if now >= self._stale_at:
                self._made = await self._make()
                self._stale_at = now + self._keep_s
            return self._made


@asynccontextmanager
async def listening_for_metrics(address: tuple[str, int] | None, text: Text) -> AsyncIterator[None]:
    """Answer `GET /metrics` on an address while this is open; all API processes share it."""
    if address is None:
        yield
        return
    host, port = address
    server = await asyncio.start_server(
        partial(_respond, text), host, port, limit=_MAX_HEAD_BYTES, reuse_port=True
    )
    try:
        yield
    finally:
        server.close()


async def _respond(text: Text, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        async with asyncio.timeout(_TIMEOUT_S):
            head = await reader.readuntil(b"\r\n\r\n")
            method, _, rest = head.partition(b" ")
            path = rest.partition(b" ")[0].partition(b"?")[0]
            is_known = path == b"/metrics" and method in {b"GET", b"HEAD"}
            body = await text() if is_known else b"Not found: GET /metrics\n"
            writer.write(_head("200 OK" if is_known else "404 Not Found", len(body)))
            writer.write(b"" if method == b"HEAD" else body)
            await writer.drain()
    writer.close()


def _head(status: str, length: int) -> bytes:
    lines = (
        f"HTTP/1.1 {status}",
        f"content-type: {CONTENT_TYPE}",
        f"content-length: {length}",
        "connection: close",
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n"
