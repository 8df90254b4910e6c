"""A real TLS server on loopback that says exactly the bytes a test wants to hear."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from ipaddress import IPv4Network
from pathlib import Path

import pytest
import trustme

from saluhall.kit.http import Outbound

Script = Callable[["Heard", asyncio.StreamWriter], Awaitable[None]]


class Heard:
    """One request as it arrived."""

    def __init__(self, head: str, body: bytes) -> None:
        self.head = head
        self.body = body
        self.target = head.split(" ", 2)[1]


async def dripping(heard: Heard, writer: asyncio.StreamWriter) -> None:
    writer.write(
        f"HTTP/1.1 200 OK\r\nX-For: {heard.target}\r\nContent-Length: 1000\r\n\r\n".encode()
    )
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.05)


async def endless(_heard: Heard, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")
        await writer.drain()


async def silent(_heard: Heard, _writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


SCRIPTS: dict[str, Script] = {"dripping": dripping, "endless": endless, "silent": silent}


class Stage:
    """Serves one script on 127.0.0.1 and remembers what it heard."""

    def __init__(self, script: Script, tls: ssl.SSLContext | None) -> None:
        self.script = script
        self.tls = tls
        self.heard: list[Heard] = []
        self.connections = 0
        self.port = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def open(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self._server = await asyncio.start_server(self._meet, host, port, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]

    def url(self, path: str = "/", *, host: str = "shop.example") -> str:
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}{path}"

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        with contextlib.suppress(asyncio.CancelledError, OSError, asyncio.IncompleteReadError):
            await task

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while not writer.is_closing():
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = [
                    int(line.partition(":")[2])
                    for line in head.splitlines()
                    if line.lower().startswith("content-length:")
                ]
                body = await reader.readexactly(sum(length))
                self.heard.append(Heard(head, body))
                await self.script(self.heard[-1], writer)
                await writer.drain()
        finally:
            writer.transport.abort()

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)


class Theatre:
    """Opens stages and ways out that trust them, and closes everything."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        self.ca_file = folder / "ca.pem"
        authority.cert_pem.write_to_path(str(self.ca_file))
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("shop.example", "127.0.0.1", "127.0.0.2").configure_cert(self.tls)
        self.stages = contextlib.AsyncExitStack()

    async def stage(
        self, script: Script | str, *, tls: bool = True, host: str = "127.0.0.1", port: int = 0
    ) -> Stage:
        stage = Stage(
            SCRIPTS[script] if isinstance(script, str) else script, self.tls if tls else None
        )
        await stage.open(host, port)
        self.stages.push_async_callback(stage.close)
        return stage

    async def saying(self, said: bytes, *, then_close: bool = False, tls: bool = True) -> Stage:
        """Open a stage that always says the same bytes."""

        async def script(_heard: Heard, writer: asyncio.StreamWriter) -> None:
            writer.write(said)
            await writer.drain()
            if then_close:
                writer.close()

        return await self.stage(script, tls=tls)

    async def answering(
        self, body: bytes = b"", *, status: str = "200 OK", extra: str = "", tls: bool = True
    ) -> Stage:
        """Open a stage that always gives the same answer."""
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{extra}\r\n"
        return await self.saying(head.encode() + body, tls=tls)

    async def redirecting(
        self, *locations: str, status: str = "302 Found", after_s: float = 0, tls: bool = True
    ) -> Stage:
        """Open a stage that leads from /0 to the first location, from /1 to the second, ..."""

        async def script(heard: Heard, writer: asyncio.StreamWriter) -> None:
            await asyncio.sleep(after_s)
            step = int(heard.target.rpartition("/")[2])
            there = f"Location: {locations[step]}\r\n" if step < len(locations) else ""
            head = f"HTTP/1.1 {status if there else '200 OK'}\r\n{there}Content-Length: 7\r\n\r\n"
            writer.write(head.encode() + b"arrived")

        return await self.stage(script, tls=tls)

    async def crowd(self, size: int) -> Stage:
        """Open a stage that answers only when so many requests are waiting at once."""
        everyone = asyncio.Barrier(size)

        async def script(_heard: Heard, writer: asyncio.StreamWriter) -> None:
            await everyone.wait()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        return await self.stage(script)

    def outbound(
        self,
        *,
        trusting: bool = True,
        resolve: Callable[[str, int], Awaitable[list[str]]] | None = None,
    ) -> Outbound:
        """Make a way out on which every name leads to 127.0.0.1 and only that is exempt."""

        async def to_us(host: str, port: int) -> list[str]:
            if host.endswith("nowhere.example"):
                raise OSError(f"no {host}:{port}")
            return ["127.0.0.1"]

        outbound = Outbound(
            allow=[IPv4Network("127.0.0.1/32")],
            ca_file=self.ca_file if trusting else None,
            resolve=resolve or to_us,
        )
        self.stages.push_async_callback(outbound.close)
        return outbound


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Theatre:
    return Theatre(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
async def theatre(certificates: Theatre) -> AsyncIterator[Theatre]:
    yield certificates
    await certificates.stages.aclose()
