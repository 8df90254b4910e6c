"""A receiver of webhooks on this machine: TLS on loopback, with a certificate made for this run."""

import asyncio
import secrets
import ssl
from collections.abc import Awaitable, Callable, Mapping
from typing import Self

import trustme
from aiohttp import web

HOST = "127.0.0.1"
_MAX_BODY_BYTES = 8 * 1024 * 1024
_STOP_S = 0.5  # how long open connections may delay the end

Take = Callable[[Mapping[str, str], bytes], Awaitable[int]]
"""Take a delivery (headers as they arrived, body) and return the status of the response."""


class Receiver:
    """Receives at `url`, which holds a secret path; `certificate` (PEM) is what a sender must trust. `take` gets each delivery."""

    def __init__(self, take: Take) -> None:
        authority = trustme.CA()
        self.certificate = authority.cert_pem.bytes().decode()
        self.url = ""
        self._take = take
        self._path = f"/{secrets.token_urlsafe(16)}"
        self._tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert(HOST).configure_cert(self._tls)
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=_MAX_BODY_BYTES)
        app.router.add_post(self._path, self._answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=_STOP_S)
        await runner.setup()
        self._runner = runner
        await web.TCPSite(runner, HOST, 0, ssl_context=self._tls).start()
        self.url = f"https://{HOST}:{runner.addresses[0][1]}{self._path}"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        body = await request.read()
        return web.Response(status=await asyncio.shield(self._take(dict(request.headers), body)))
