"""A proxy between a channel and its counterpart: it counts the calls and breaks the one that a test names."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from io import BytesIO

from aiohttp import ClientSession, TCPConnector, web
from yarl import URL

MAX_BYTES = 100_000_000
OWN_HEADERS = {"host", "connection", "content-length", "transfer-encoding", "keep-alive"}


class Loss(StrEnum):
    """What is lost of a call: the channel cannot see the difference."""

    REQUEST = "request"  # nothing happened
    RESPONSE = "response"  # it happened


class LossyProxy:
    """Passes calls on, keeps their methods and paths, and loses one."""

    def __init__(self, session: ClientSession) -> None:
        self._session = session
        self._loss: tuple[int, Loss] | None = None
        self.target = ""
        self.url = ""
        self.calls: list[str] = []

    def lose(self, number: int, loss: Loss) -> None:
        """Lose a call, counted from now, beginning with 1."""
        self._loss = (len(self.calls) + number, loss)

    def mend(self) -> None:
        """Lose nothing more."""
        self._loss = None

    @property
    def has_lost(self) -> bool:
        """Return whether the call to be lost was made."""
        return self._loss is not None and len(self.calls) >= self._loss[0]

    async def handle(self, request: web.Request) -> web.Response:
        """Pass one call on; connections are not kept, so that no library repeats a call by itself."""
        self.calls.append(f"{request.method} {request.path}")
        loss = self._loss[1] if self._loss and self._loss[0] == len(self.calls) else None
        body = await request.read()
        response = web.Response() if loss is Loss.REQUEST else await self._passed(request, body)
        response.force_close()
        if loss and request.transport is not None:
            request.transport.abort()
        return response

    async def _passed(self, request: web.Request, body: bytes) -> web.Response:
        headers = {k: v for k, v in request.headers.items() if k.lower() not in OWN_HEADERS}
        url = URL(self.target + request.raw_path, encoded=True)
        async with self._session.request(
            request.method,
            url,
            data=BytesIO(body) if body else None,
            headers=headers,
            allow_redirects=False,
        ) as answer:
            kept = {k: v for k, v in answer.headers.items() if k.lower() not in OWN_HEADERS}
            return web.Response(body=await answer.read(), status=answer.status, headers=kept)


@asynccontextmanager
async def lossy_proxy() -> AsyncIterator[LossyProxy]:
    """Run a proxy; its target is set later."""
    connector = TCPConnector(limit=100)
    async with ClientSession(connector=connector, auto_decompress=False) as session:
        proxy = LossyProxy(session)
        app = web.Application(client_max_size=MAX_BYTES)
        app.router.add_route("*", "/{path:.*}", proxy.handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            proxy.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            yield proxy
        finally:
            await runner.cleanup()
