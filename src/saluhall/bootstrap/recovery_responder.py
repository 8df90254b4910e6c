"""What answers in place of the API while the database recovers: alive, not ready, come back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

_TIMEOUT_S = 5.0
_ALIVE = ("200 OK", b'{"status":"alive"}')
_RECOVERING = ("503 Service Unavailable", b'{"status":"recovering"}')
_BUSY = (
    "503 Service Unavailable",
    b'{"error":"The database is recovering, try again shortly","code":"SERVICE_UNAVAILABLE","statusCode":503}',
)
_ANSWERS = {b"/healthz": _ALIVE, b"/readyz": _RECOVERING}


@asynccontextmanager
async def recovering(host: str, port: int) -> AsyncIterator[None]:
    """Answer on this port while this is open."""
    server = await asyncio.start_server(_answer, host, port)
    try:
        yield
    finally:
        server.close()
        await server.wait_closed()


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        async with asyncio.timeout(_TIMEOUT_S):
            head = await reader.readuntil(b"\r\n\r\n")
            writer.write(_response(head))
            await writer.drain()
    writer.close()


def _response(head: bytes) -> bytes:
    method, _, rest = head.partition(b" ")
    path = rest.partition(b" ")[0].partition(b"?")[0]
    status, body = _ANSWERS.get(path, _BUSY)
    lines = (
        f"HTTP/1.1 {status}",
        "content-type: application/json",
        f"content-length: {len(body)}",
        "retry-after: 1",
        "connection: close",
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + (b"" if method == b"HEAD" else body)
