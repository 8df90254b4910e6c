"""Send a body while it is made: its own transaction, constant memory, compressed when asked; a reader may leave at any moment."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any

import structlog
from isal import isal_zlib
from litestar.response import Stream as Streaming
from litestar.response.streaming import ASGIStreamingResponse
from litestar.types import Receive, Send

from saluhall.dialect import Reply, Stream
from saluhall.storage import Database
from saluhall.web.exports import Pace

_log = structlog.get_logger(__name__)
_GZIP = 16 + isal_zlib.MAX_WBITS
_LEVEL = 2  # faster than PostgreSQL makes the text, where zlib would be the slowest of all

Blocks = AsyncGenerator[bytes, None]


class Sent(ASGIStreamingResponse):
    """A body on its way.

    When the reader leaves, what makes the body is cancelled once and then left to tidy up in peace. (The library's own way cancels
    every further wait too, so that the database's connection could only be thrown away.)
    """

    def __init__(
        self, blocks: Blocks, *, is_head: bool, release: Callable[[], None], **given: Any
    ) -> None:
        super().__init__(iterator=blocks, **given)
        self._blocks = blocks
        self._is_head = is_head
        self._release = release

    async def send_body(self, send: Send, receive: Receive) -> None:
        """Send all blocks, or as many as the reader waits for; none, and none is made, after the head alone was asked for."""
        if self._is_head:
            self._release()
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        sending = asyncio.ensure_future(self._send(send))
        leaving = asyncio.ensure_future(_until_left(receive))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            sending.cancel()  # does nothing when all is sent
            await asyncio.wait({sending, leaving})
            self._release()
        if sending.cancelled():
            return
        try:
            sending.result()
        except TimeoutError:
            _log.warning("a reader of an export was cut off: it hardly reads")
            raise

    async def _send(self, send: Send) -> None:
        pace = Pace()
        async with aclosing(self._blocks):
            async for block in self._blocks:
                started = time.monotonic()
                async with asyncio.timeout(pace.left_s):
                    await send({"type": "http.response.body", "body": block, "more_body": True})
                pace.note(len(block), time.monotonic() - started)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class Sending(Streaming):
    """What a handler returns for a streamed reply."""

    def __init__(
        self, blocks: Blocks, *, is_head: bool, release: Callable[[], None], **given: Any
    ) -> None:
        super().__init__(blocks, **given)
        self._blocks = blocks
        self._is_head = is_head
        self._release = release

    def to_asgi_response(self, *_: Any, **__: Any) -> Sent:
        """Make what is sent."""
        return Sent(
            self._blocks,
            is_head=self._is_head,
            release=self._release,
            headers=dict(self.headers),
            media_type=self.media_type,
            status_code=self.status_code,
        )


def streamed(
    db: Database, reply: Reply, stream: Stream, *, accept_encoding: str, is_head: bool
) -> Sending:
    """Make the response for a streamed reply."""
    headers = dict(reply.headers)
    blocks = _blocks(db, stream)
    if "gzip" in accept_encoding.lower():
        headers["content-encoding"] = "gzip"
        blocks = _compressed(blocks)
    headers["vary"] = "accept-encoding"
    return Sending(
        blocks,
        is_head=is_head,
        release=stream.release or _nothing,
        status_code=reply.status,
        media_type=stream.media_type,
        headers=headers,
    )


def _nothing() -> None:
    """Give nothing back."""


async def _until_left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _blocks(db: Database, stream: Stream) -> Blocks:
    async with db.transaction() as tx, aclosing(stream.blocks(tx)) as blocks:
        async for block in blocks:
            yield block


async def _compressed(blocks: Blocks) -> Blocks:
    press = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, _GZIP)
    async with aclosing(blocks):
        async for block in blocks:
            if pressed := press.compress(block):
                yield pressed
    yield press.flush()
