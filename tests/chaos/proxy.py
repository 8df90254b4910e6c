"""A proxy before the marketplace that mistreats a share of the calls, as networks and gateways do."""

import asyncio
from collections import Counter
from contextlib import suppress
from random import Random
from typing import Self

from tests.chaos.moves import CallFault

_END = b"\r\n\r\n"
_NOWHERE = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n"
_BROKEN = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 4\r\n\r\noops"
_GARBAGE = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n<html>\x00\xff{"
)
# Those that the marketplace never hears of.
_UNHEARD: dict[CallFault, bytes] = {
    "drop_before": b"",
    "status_500": _BROKEN,
    "status_302": _NOWHERE,
}


class Proxy:
    """Listens on loopback and forwards to one address. `mistreat` says what happens to calls from now on."""

    def __init__(self, target: str, *, seed: int, client_timeout_s: float) -> None:
        host, _, port = target.removeprefix("http://").partition(":")
        self._target = (host, int(port))
        self._chance = Random(seed)  # noqa: S311 - not a secret
        self._client_timeout_s = client_timeout_s
        self._fault: CallFault | None = None
        self._share = 0.0
        self._server: asyncio.Server | None = None
        self.url = ""
        self.met: Counter[CallFault] = Counter()
        self.calls = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()

    def mistreat(self, fault: CallFault | None, share: float = 1) -> None:
        """Let a share of the calls meet a fault; None: all is well."""
        self._fault, self._share = fault, share

    def _fate(self) -> CallFault | None:
        fault = self._fault
        if fault is None or self._chance.random() >= self._share:
            return None
        self.met[fault] += 1
        return fault

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            request = await _request(reader)
            self.calls += 1
            writer.write(await self._answer(request, self._fate()))
            await writer.drain()
        writer.close()

    async def _answer(self, request: bytes, fate: CallFault | None) -> bytes:
        if fate in _UNHEARD:
            return _UNHEARD[fate]
        if fate == "late":
            await asyncio.sleep(self._client_timeout_s + 0.5)
        answer = await self._forward(request)
        match fate:
            case "drop_after" | "late":
                return b""
            case "lost_500":
                return _BROKEN
            case "garbage":
                return _GARBAGE
            case "truncated":
                return answer[: max(1, len(answer) - 5)]
            case "delay":
                await asyncio.sleep(self._chance.uniform(0.2, self._client_timeout_s * 0.9))
                return answer
            case _:
                return answer

    async def _forward(self, request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection(*self._target)
        try:
            writer.write(request)
            await writer.drain()
            return await reader.read()
        finally:
            writer.close()


async def _request(reader: asyncio.StreamReader) -> bytes:
    """Read one request, and have the marketplace close the connection after its answer."""
    head = await reader.readuntil(_END)
    lines = head.removesuffix(_END).split(b"\r\n")
    fields = {line.partition(b":")[0].lower(): line.partition(b":")[2].strip() for line in lines}
    body = await reader.readexactly(int(fields.get(b"content-length", b"0")))
    kept = [line for line in lines if not line.lower().startswith(b"connection:")]
    return b"\r\n".join([*kept, b"Connection: close"]) + _END + body
