"""Call other people's servers: strangers through the guard, the operator's choices without."""

import asyncio
import functools
import ssl
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from yarl import URL

from saluhall.kit.http.request import OutboundRequest
from saluhall.kit.http.response import Response, read_beginning, read_if_ok, read_whole, skip_body
from saluhall.kit.http.ssrf_guard import LOOPBACK, Guard, NotAllowed, check_url, parse_url
from saluhall.kit.http.target import redirected

if TYPE_CHECKING:  # nothing of the library before the first call
    from saluhall.kit.http.connection import ConnectionPools, Resolve

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_KEPT_BYTES = 4 * 1024
_AT_ONCE_S = 0.1  # how long a connection is kept that is used once
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})
_PLAIN: Mapping[str, str] = MappingProxyType({"Accept-Encoding": "identity"})


class Outbound:
    """The way out. `allow` exempts networks from the guard; `ca_file` adds to the trusted roots.

    `may_call` is asked before each call, once there is a connection and before anything is sent; what it raises ends the call.
    """

    def __init__(
        self,
        *,
        allow: Sequence[IPv4Network | IPv6Network] = (),
        ca_file: Path | None = None,
        resolve: "Resolve | None" = None,
        may_call: Callable[[], None] | None = None,
    ) -> None:
        self._tls = ssl.create_default_context()
        if ca_file is not None:
            self._tls.load_verify_locations(cafile=ca_file)
        self._guard = Guard(allow)
        self._resolve = resolve
        self._may_call = may_call

    @cached_property
    def _pools(self) -> "ConnectionPools":
        from saluhall.kit.http.connection import ConnectionPools  # noqa: PLC0415 - with aiohttp; most processes never call anybody

        return ConnectionPools(
            guard=self._guard, resolve=self._resolve, tls=self._tls, may_call=self._may_call
        )

    def check(self, url: str) -> None:
        """Refuse at save time what could never be called, addresses spelled out and `localhost` included.

        Raises NotAllowed.
        """
        check_url(url)
        target = parse_url(url)
        self._guard.check_named(target)
        self._guard.check_literal(target)

    async def fetch(
        self, url: str, *, max_bytes: int, timeout_s: float, max_redirects: int = 3
    ) -> Response:
        """Get a stranger's URL, checking every hop like the first; the time limit is for all of it.

        What is wrong with the body of an answer that is no success does not count: then it is empty.
        Raises NotAllowed, NoResponse, TooLarge.
        """
        deadline = _deadline(timeout_s)
        read = functools.partial(read_if_ok, max_bytes=max_bytes)
        target = parse_url(url)
        for _ in range(max_redirects + 1):
            self._guard.check_literal(target)
            ask = OutboundRequest("GET", target, None, _PLAIN)
            answer = await self._pools.strangers.put(ask, read, deadline)
            location = answer.headers.get("location")
            if answer.status not in _REDIRECTS or not location:
                return answer
            target = _followed(target, location)
        raise NotAllowed(f"More than {max_redirects} redirects")

    async def post(
        self, url: str, *, body: bytes, headers: Mapping[str, str], timeout_s: float
    ) -> Response:
        """Post to a stranger's URL; redirects are answers, and of an answer the beginning is kept.

        Raises NotAllowed, NoResponse.
        """
        target = parse_url(url)
        self._guard.check_literal(target)
        ask = OutboundRequest("POST", target, body, {**_PLAIN, **headers})
        read = functools.partial(read_beginning, kept_bytes=_KEPT_BYTES)
        return await self._pools.strangers.put(ask, read, _deadline(timeout_s))

    async def post_for_status(
        self,
        url: str,
        *,
        body: bytes,
        headers: Mapping[str, str],
        timeout_s: float,
        certificate: str | None = None,
    ) -> int:
        """Post to a stranger's URL and return the status; redirects are answers, and whatever the body is, it does not count.

        With a certificate (PEM) only a receiver on this machine that proves it is called. Raises NotAllowed, NoResponse.
        """
        target = parse_url(url)
        ask = OutboundRequest("POST", target, body, {**_PLAIN, **headers}, decompress=False)
        deadline = _deadline(timeout_s)
        if certificate is not None:
            return await self._post_here(ask, certificate, deadline)
        self._guard.check_literal(target)
        return (await self._pools.strangers.put(ask, skip_body, deadline)).status

    async def _post_here(self, ask: OutboundRequest, certificate: str, deadline: float) -> int:
        from saluhall.kit.http.connection import ConnectionPool, SystemResolve  # noqa: PLC0415 - as below

        guard = Guard([ip_network(str(address)) for address in LOOPBACK], elsewhere=False)
        guard.check_literal(ask.url)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        tls.load_verify_locations(cadata=certificate)
        resolve = SystemResolve()
        line = ConnectionPool(
            guard=guard, resolve=resolve, tls=tls, may_call=self._may_call, idle_s=_AT_ONCE_S
        )
        try:
            return (await line.put(ask, skip_body, deadline)).status
        finally:
            await line.close()
            resolve.close()

    async def call(
        self,
        method: str,
        url: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] = _NO_HEADERS,
        timeout_s: float,
        max_bytes: int = 16 * 1024 * 1024,
    ) -> Response:
        """Call a URL the operator chose: any address, http too; redirects are answers.

        Raises NotAllowed, NoResponse, TooLarge.
        """
        target = parse_url(url, schemes=("https", "http"))
        ask = OutboundRequest(method, target, body, headers)
        read = functools.partial(read_whole, max_bytes=max_bytes)
        return await self._pools.chosen.put(ask, read, _deadline(timeout_s))

    async def close(self) -> None:
        """Close every connection."""
        if "_pools" in self.__dict__:
            await self._pools.close()


def _deadline(timeout_s: float) -> float:
    return asyncio.get_running_loop().time() + timeout_s


def _followed(url: URL, location: str) -> URL:
    """Return where a redirect leads. Raises NotAllowed."""
    try:
        return parse_url(redirected(url, location.strip()))
    except NotAllowed as refusal:
        raise NotAllowed(f"The redirect was not followed: {refusal}") from None
