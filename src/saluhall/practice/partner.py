"""A partner to practise with: hosts images and takes webhooks over TLS, on loopback."""

import asyncio
import ssl
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import trustme
from aiohttp import web
from msgspec import Struct

_STOP_S = 0.5  # how long open connections may delay the end


class Hosted(Struct, kw_only=True):
    """An image, or what the host answers instead."""

    body: bytes = b""
    status: int = 200
    delay_s: float = 0.0
    headers: Mapping[str, str] = {}


class Received(Struct, frozen=True, kw_only=True):
    """A webhook as it arrived; `at` is a monotonic time in seconds."""

    at: float
    path: str
    headers: Mapping[str, str]
    body: bytes


class Partner:
    """An HTTPS server with a certificate of its own authority (`ca_file`).

    `images` are served under their path, `fetched` counts how often; what is posted anywhere lands in `received` and is answered
    with `answers` (first in, first out), then with `status` after `delay_s`. `hooks` answer posts to one path, before all that.
    """

    def __init__(self, folder: Path) -> None:
        self.ca_file = folder / "partner-ca.pem"
        self.images: dict[str, Hosted] = {}
        self.hooks: dict[str, Hosted] = {}
        self.fetched: dict[str, int] = {}
        self.received: list[Received] = []
        self.answers: list[int] = []
        self.status = 200
        self.delay_s = 0.0
        self.url = ""
        self._runner: web.AppRunner | None = None
        self._news = asyncio.Event()

    async def start(self, *, port: int = 0) -> Self:
        """Listen on 127.0.0.1; `url` is the address."""
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(self.ca_file))
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
        app = web.Application(client_max_size=8 * 1024 * 1024)
        app.router.add_get("/{path:.*}", self._serve)
        app.router.add_post("/{path:.*}", self._take)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=_STOP_S)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port, ssl_context=context)
        await site.start()
        bound = self._runner.addresses[0][1]
        self.url = f"https://127.0.0.1:{bound}"
        return self

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def wait_for_more(self, timeout_s: float) -> bool:
        """Wait until a webhook arrives; False when none did in time."""
        self._news.clear()
        try:
            async with asyncio.timeout(timeout_s):
                await self._news.wait()
        except TimeoutError:
            return False
        return True

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.fetched[request.path] = self.fetched.get(request.path, 0) + 1
        hosted = self.images.get(request.path)
        return web.Response(status=404) if hosted is None else await _answer(hosted)

    async def _take(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        hook = self.hooks.get(request.path)
        if self.delay_s and hook is None:
            await asyncio.sleep(self.delay_s)
        headers = {name.lower(): value for name, value in request.headers.items()}
        arrived = Received(at=time.monotonic(), path=request.path, headers=headers, body=body)
        self.received.append(arrived)
        self._news.set()
        if hook is not None:
            return await _answer(hook)
        return web.Response(status=self.answers.pop(0) if self.answers else self.status)


async def _answer(hosted: Hosted) -> web.Response:
    if hosted.delay_s:
        await asyncio.sleep(hosted.delay_s)
    return web.Response(body=hosted.body, status=hosted.status, headers=dict(hosted.headers))
