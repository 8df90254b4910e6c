"""A pool of connections of which none is made to an address the guard has not seen."""

import asyncio
import errno
import functools
import io
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import SimpleNamespace
from typing import Any

from aiohttp import (
    AddrInfoType,
    ClientConnectionError,
    ClientConnectorError,
    ClientError,
    ClientHandlerType,
    ClientOSError,
    ClientRequest,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    ServerDisconnectedError,
    TCPConnector,
    TraceConfig,
)
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.http import HttpProcessingError

from saluhall.kit.http.error_text import error_text_of
from saluhall.kit.http.request import OutboundRequest
from saluhall.kit.http.response import NoResponse, Response, headers_of, shown
from saluhall.kit.http.ssrf_guard import EVERYWHERE, Guard

# How long a connection waits to be used again: shorter than servers usually wait, so that it is rarely a dead one. A call that may
# have happened is costly to clear up, so there only calls in quick succession share a connection.
_IDLE_S = 4.0
_BRIEFLY_S = 1.0
_CONNECTIONS = 512
_MAX_LINE = 64 * 1024  # of an answer's status or one header
_MAX_HEADERS = 1024
_NAMES_HELD_S = 10
_RESOLVER_THREADS = 16
_LARGE_BODY = 1024 * 1024  # aiohttp warns about larger bodies given as plain bytes

Read = Callable[[ClientResponse], Awaitable[bytes]]
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Return the addresses of a host, as text. Raises OSError when there are none."""


class Contact:
    """Whether a request has had a connection: from then on it may have reached the other side."""

    def __init__(self) -> None:
        self.made = False


class SystemResolve:
    """Resolve as the system does, in threads of its own: slow DNS holds up nobody else."""

    def __init__(self) -> None:
        self._threads: ThreadPoolExecutor | None = None

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """Return the addresses of a host. Raises OSError."""
        if self._threads is None:
            self._threads = ThreadPoolExecutor(_RESOLVER_THREADS, thread_name_prefix="dns")
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, _addresses_of, host, port
        )

    def close(self) -> None:
        """Let the threads end."""
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
            self._threads = None


def _addresses_of(host: str, port: int) -> list[str]:
    infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(info[4][0]) for info in infos]


class ConnectionPools:
    """The line to strangers, who are guarded against, and the line to whom the operator chose."""

    def __init__(
        self,
        *,
        guard: Guard,
        resolve: Resolve | None,
        tls: ssl.SSLContext,
        may_call: Callable[[], None] | None = None,
    ) -> None:
        self._system = SystemResolve()
        way = resolve or self._system
        line = partial(ConnectionPool, resolve=way, tls=tls, may_call=may_call)
        self.strangers = line(guard=guard, idle_s=_IDLE_S)
        self.chosen = line(guard=Guard(EVERYWHERE), idle_s=_BRIEFLY_S)

    async def close(self) -> None:
        """Close every connection."""
        await self.strangers.close()
        await self.chosen.close()
        self._system.close()


class ConnectionPool:
    """One session, opened when first used in the running loop; its guard checks every address."""

    def __init__(
        self,
        *,
        guard: Guard,
        resolve: Resolve,
        tls: ssl.SSLContext,
        idle_s: float,
        may_call: Callable[[], None] | None = None,
    ) -> None:
        self._may_call = may_call
        self._guard = guard
        self._idle_s = idle_s
        self._resolve = resolve
        self._tls = tls
        self._session: ClientSession | None = None

    def session(self) -> ClientSession:
        """Return the session: no proxies, no netrc, no cookies, no time limit but the caller's."""
        if self._session is None:
            connector = _Connector(
                resolver=_GuardedResolver(self._guard, self._resolve),
                socket_factory=self._socket,
                ssl=self._tls,
                limit=_CONNECTIONS,
                limit_per_host=0,  # waiting here counts against the timeout of a call: the slots share fairly
                keepalive_timeout=self._idle_s,
                ttl_dns_cache=_NAMES_HELD_S,
            )
            self._session = ClientSession(
                connector=connector,
                cookie_jar=DummyCookieJar(),
                headers={"User-Agent": "Saluhall"},
                timeout=ClientTimeout(total=None, sock_connect=None),
                trace_configs=[_contact_trace()],
                middlewares=[_once],
                max_line_size=_MAX_LINE,
                max_field_size=_MAX_LINE,
                max_headers=_MAX_HEADERS,
                trust_env=False,
                request_class=_request_class(self._may_call),
            )
        return self._session

    async def put(self, request: OutboundRequest, read: Read, deadline: float) -> Response:
        """Send a request and read the answer. Raises NotAllowed, NoResponse and what `read` raises."""
        contact = Contact()
        try:
            async with (
                asyncio.timeout_at(deadline),
                self.session().request(
                    request.method,
                    request.url,
                    data=_data_of(request),
                    headers=request.headers,
                    allow_redirects=False,
                    auto_decompress=request.decompress,
                    trace_request_ctx=contact,
                ) as response,
            ):
                return Response(response.status, headers_of(response), await read(response))
        except (ClientError, HttpProcessingError, OSError) as error:
            # The cause is not chained: its text may hold the whole URL.
            reason = f"{error_text_of(error)} at {shown(request.url)}"
            raise NoResponse(reason, sent=contact.made) from None

    async def close(self) -> None:
        """Close the session, if one was opened."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _socket(self, info: AddrInfoType) -> socket.socket:
        """Open a socket for an address, after one last look at it.

        Whatever path led here, nothing is dialled that the guard does not permit.
        """
        family, kind, protocol, _, address = info
        if not self._guard.permits_text(str(address[0])):
            raise OSError(errno.EACCES, "the address is not public")
        return socket.socket(family, kind, protocol)


def _data_of(request: OutboundRequest) -> bytes | io.BytesIO | None:
    if request.body is None or len(request.body) < _LARGE_BODY:
        return request.body
    return io.BytesIO(request.body)


class _HeadFirst(ResponseHandler):
    """Reads the head of an answer by itself: a body that is wrong and comes along with it would take the status away."""

    def data_received(self, data: bytes) -> None:
        """Take what came; the library accepts parts of any size."""
        head, end, body = data.partition(b"\r\n\r\n")
        super().data_received(head + end)
        if body:
            super().data_received(body)


class _Connector(TCPConnector):
    """Reads answers head first; the library has no public place to say so, and a test sees whether this one still is it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        made: type[ResponseHandler] = _HeadFirst
        self._factory = functools.partial(made, loop=asyncio.get_running_loop())


class _GuardedResolver(AbstractResolver):
    """Hands the connector only addresses the guard has seen: no second look-up can differ."""

    def __init__(self, guard: Guard, resolve: Resolve) -> None:
        self._guard = guard
        self._resolve = resolve

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002 - both are always wanted
    ) -> list[ResolveResult]:
        """Resolve a host and check every address. Raises NotAllowed, OSError."""
        addresses = await self._resolve(host, port)
        if not addresses:
            raise OSError(errno.EADDRNOTAVAIL, "the host has no address")
        self._guard.check_resolved(host, addresses)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in addresses
        ]

    async def close(self) -> None:
        """Nothing to release."""


def _request_class(may_call: Callable[[], None] | None) -> type[ClientRequest]:
    """Make requests that ask at the last moment, when nothing but the sending is left, whether they may be sent."""
    if may_call is None:
        return ClientRequest
    ask = may_call

    class Asking(ClientRequest):
        async def send(self, conn: Connection) -> ClientResponse:
            ask()
            return await super().send(conn)

    return Asking


async def _once(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    """Keep the session from asking again on its own, as it would for GET, PUT and DELETE.

    Every call counts against somebody's limit; whether there is a second one is the caller's word.
    """
    try:
        return await handler(request)
    except ClientConnectorError:
        raise
    except (ClientOSError, ServerDisconnectedError) as error:
        raise ClientConnectionError(str(error)) from error


def _contact_trace() -> TraceConfig:
    """Note on a request's Contact that it has a connection, new or reused."""

    async def note(_session: ClientSession, context: SimpleNamespace, _params: object) -> None:
        context.trace_request_ctx.made = True

    trace = TraceConfig()
    trace.on_connection_create_end.append(note)
    trace.on_connection_reuseconn.append(note)
    return trace
