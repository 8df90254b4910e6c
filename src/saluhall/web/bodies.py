"""Read the bodies of requests: bounded in size, in time, and in what a process holds of them at once."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Hashable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from litestar.types import Receive
from msgspec import Struct

from saluhall.dialect import BodyTooLarge, BodyTooSlow, Malformed, Overloaded

SMALL_BYTES = 64 * 1024  # bodies up to this size are not counted
OPEN_ROUTE_BYTES = 64 * 1024  # the largest body of a public route
_MEBIBYTE = 1024 * 1024
_FROZEN_S = 1.0  # a timer that is so late means that the process was stopped


class Pace(Struct, frozen=True, kw_only=True):
    """How slowly a body may come: no silence longer than `silence_s`, and after `grace_s` at `bytes_per_s` on average."""

    silence_s: float = 10.0
    grace_s: float = 20.0
    bytes_per_s: int = 64 * 1024


class BodyMemory:
    """What the large bodies of requests in progress may take up in this process, and those of one account of it.

    A body has its body_memory until its request is answered. Who finds none waits `timeout_s` for it.
    """

    def __init__(
        self,
        *,
        max_bytes: int = 128 * _MEBIBYTE,
        max_account_bytes: int = 64 * _MEBIBYTE,
        timeout_s: float = 5.0,
    ) -> None:
        self._max_bytes = max_bytes
        self._max_account_bytes = max_account_bytes
        self._timeout_s = timeout_s
        self._held = 0
        self._held_by: Counter[Hashable] = Counter()
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def held(self, size: int, account: Hashable) -> AsyncIterator[None]:
        """Hold body_memory for a body of an account. Raises Overloaded when none becomes free in time."""
        try:
            async with asyncio.timeout(self._timeout_s), self._changed:
                await self._changed.wait_for(lambda: self._has_memory(size, account))
                self._held += size
                self._held_by[account] += size
        except TimeoutError as error:
            raise Overloaded from error
        try:
            yield
        finally:
            self._held -= size
            self._held_by[account] -= size
            if not self._held_by[account]:
                del self._held_by[account]
            async with self._changed:
                self._changed.notify_all()

    def _has_memory(self, size: int, account: Hashable) -> bool:
        return (
            self._held + size <= self._max_bytes
            and self._held_by[account] + size <= self._max_account_bytes
        )


@asynccontextmanager
async def body_of(
    receive: Receive,
    headers: Mapping[str, str],
    *,
    max_bytes: int,
    body_memory: BodyMemory,
    account: Hashable,
    pace: Pace = Pace(),  # noqa: B008 - frozen
) -> AsyncIterator[bytes]:
    """Read a body and hold its body_memory while this is open.

    Raises BodyTooLarge, BodyTooSlow, Overloaded, and Malformed when the client goes away in the middle of it.
    """
    length = _length_of(headers, max_bytes)
    if length == 0:
        yield b""
        return
    if length is not None and length > max_bytes:
        raise BodyTooLarge
    async with AsyncExitStack() as stack:
        if length is not None and length > SMALL_BYTES:
            await stack.enter_async_context(body_memory.held(length, account))
        blocks: list[bytes] = []
        async for block, size in _blocks(receive, pace):
            if size > max_bytes:
                raise BodyTooLarge
            if length is None and size > SMALL_BYTES:
                length = max_bytes
                await stack.enter_async_context(body_memory.held(max_bytes, account))
            blocks.append(block)
        body = b"".join(blocks)
        blocks.clear()
        yield body


def _length_of(headers: Mapping[str, str], max_bytes: int) -> int | None:
    """Return the length that the client announces; None when it comes in chunks."""
    if "transfer-encoding" in headers:
        return None
    text = headers.get("content-length", "0")
    return int(text) if text.isdecimal() and len(text) < 19 else max_bytes + 1  # noqa: PLR2004 - more digits than any size


async def _blocks(receive: Receive, pace: Pace) -> AsyncIterator[tuple[bytes, int]]:
    """Receive block after block, each with the size so far. Raises BodyTooSlow, Malformed."""
    loop = asyncio.get_running_loop()
    clock = loop.time
    late_at, size, has_more = clock() + pace.grace_s, 0, True
    while has_more:
        deadline = min(clock() + pace.silence_s, late_at + size / pace.bytes_per_s)
        try:
            async with asyncio.timeout(None) as limit:
                timer = loop.call_at(deadline, _expire, limit, deadline, pace.silence_s)
                try:
                    message = await receive()
                finally:
                    timer.cancel()
        except TimeoutError as error:
            raise BodyTooSlow from error
        if message["type"] != "http.request":
            raise Malformed
        size += len(message["body"])
        has_more = message["more_body"]
        yield message["body"], size


def _expire(limit: asyncio.Timeout, deadline: float, silence_s: float) -> None:
    """Expire a limit; if this process was frozen beyond it, wait once more: what the client sent meanwhile is not read yet."""
    now = asyncio.get_running_loop().time()
    limit.reschedule(now + silence_s if now - deadline > _FROZEN_S else now)
