"""Read and drop the rest of a body after the response, so that a client that is still sending it gets the response.

A connection that is closed with bytes unread is reset, and a client that is writing then sees the reset instead of a 413 or 401.
"""

import asyncio
from collections.abc import Iterable

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send
from litestar.types.asgi_types import ReceiveMessage

MAX_DROPPED_BYTES = 64 * 1024 * 1024
_TIMEOUT_S = 10.0  # for all of it
_SILENCE_S = 2.0  # for the next block


def drain_bodies(app: ASGIApp) -> ASGIApp:
    """Read what is left of a body after the response."""

    async def respond(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or not _has_body(scope["headers"]):
            await app(scope, receive, send)
            return
        body = _Body(receive)
        await app(scope, body.receive, send)
        await body.drop()

    return respond


def _has_body(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
        for name, value in headers
    )


class _Body:
    """The body of one request, and whether there may be more of it."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._has_more = True

    async def receive(self) -> ReceiveMessage:
        """Receive the next block."""
        message = await self._receive()
        self._has_more = message["type"] == "http.request" and message["more_body"]
        return message

    async def drop(self) -> None:
        """Receive the rest, as long as it keeps coming and within limits."""
        dropped = 0
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                while self._has_more and dropped < MAX_DROPPED_BYTES:
                    async with asyncio.timeout(_SILENCE_S):
                        message = await self.receive()
                    dropped += len(message["body"]) if message["type"] == "http.request" else 0
        except TimeoutError:
            return
