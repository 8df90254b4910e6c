"""The one client of all peers: HTTP/1.1 over kept connections, cheap enough to run beside what it measures."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

_BLOCK = 1 << 20
_JSON = "application/json"
T = TypeVar("T")


class Unexpected(Exception):
    """A peer answered with another status than was asked for."""


class Answer(Struct, frozen=True):
    """A status, the headers (their names in small letters) and a body."""

    status: int
    fields: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Read the body."""
        return msgspec.json.decode(self.body)


class Client:
    """Asks one server over as many connections as are used at once, and keeps them."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self.headers: dict[str, str] = {}

    def close(self) -> None:
        """Let go of all connections."""
        for _, writer in self._idle:
            writer.close()
        self._idle.clear()

    async def send(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Ask, whatever the answer is. A connection that the server closed meanwhile is made again."""
        request = self._request(method, path, body, headers or {})
        while self._idle:
            pair = self._idle.pop()
            try:
                return await self._ask(pair, request)
            except (ConnectionError, asyncio.IncompleteReadError) as gone:
                pair[1].close()
                if isinstance(gone, asyncio.IncompleteReadError) and gone.partial:
                    raise
        pair = await asyncio.open_connection("127.0.0.1", self._port, limit=_BLOCK)
        return await self._ask(pair, request)

    async def ask(
        self, method: str, path: str, value: object = None, *, status: int = 200
    ) -> Answer:
        """Send a value as JSON. Raises Unexpected unless the answer has this status."""
        body = b"" if value is None else msgspec.json.encode(value)
        answer = await self.send(method, path, body)
        if answer.status != status:
            text = answer.body[:1000].decode(errors="replace")
            raise Unexpected(f"{method} {path}: {answer.status}, not {status}: {text}")
        return answer

    def _request(self, method: str, path: str, body: bytes, more: Mapping[str, str]) -> bytes:
        fields = {
            "Host": f"127.0.0.1:{self._port}",
            "Content-Type": _JSON,
            "Content-Length": str(len(body)),
            **self.headers,
            **more,
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body

    async def _ask(
        self, pair: tuple[asyncio.StreamReader, asyncio.StreamWriter], request: bytes
    ) -> Answer:
        reader, writer = pair
        writer.write(request)
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        named = (line.split(": ", 1) for line in lines[1:] if line)
        fields = {name.lower(): value for name, value in named}
        body = await _body(reader, fields)
        if fields.get("connection") == "close" or _is_open_ended(fields):
            writer.close()
        else:
            self._idle.append(pair)
        return Answer(int(lines[0].split()[1]), fields, body)


def _is_open_ended(fields: Mapping[str, str]) -> bool:
    return "content-length" not in fields and fields.get("transfer-encoding") != "chunked"


async def _body(reader: asyncio.StreamReader, fields: Mapping[str, str]) -> bytes:
    if _is_open_ended(fields):
        return await reader.read(-1)
    if "content-length" in fields:
        return await reader.readexactly(int(fields["content-length"]))
    parts = list[bytes]()
    while size := int(await reader.readuntil(b"\r\n"), 16):
        parts.append((await reader.readexactly(size + 2))[:-2])
    await reader.readuntil(b"\r\n")
    return b"".join(parts)


async def each(
    todo: Iterable[T], do: Callable[[T], Awaitable[object]], *, connections: int
) -> None:
    """Do something with each, so many at once; the first that fails ends it."""
    left = iter(todo)

    async def work() -> None:
        for one in left:
            await do(one)

    async with asyncio.TaskGroup() as group:
        for _ in range(connections):
            group.create_task(work())


def in_blocks(values: Sequence[T], size: int) -> list[Sequence[T]]:
    """Cut a sequence into blocks."""
    return [values[first : first + size] for first in range(0, len(values), size)]
