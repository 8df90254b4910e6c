"""Call other people's servers: strangers through the guard, the operator's choices without."""

import asyncio
import functools
import io
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from types import MappingProxyType

from aiohttp import ClientError, ClientResponse
from aiohttp.http import HttpProcessingError
from yarl import URL

from saluhall.kit.http.answers import (
    Answer,
    NoAnswer,
    headers_of,
    read_beginning,
    read_whole,
    reason_of,
    shown,
)
from saluhall.kit.http.guard import EVERYWHERE, Guard, NotAllowed, check_url, parse_url
from saluhall.kit.http.line import Contact, Line, Resolve, SystemResolve

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# How long a connection waits to be used again: shorter than servers usually wait, so that it is rarely a dead one. A call that may
# have happened is costly to clear up, so there only calls in quick succession share a connection.
_IDLE_S = 4.0
_BRIEFLY_S = 1.0
_KEPT_BYTES = 4 * 1024
_LARGE_BODY = 1024 * 1024  # aiohttp warns about larger bodies given as plain bytes
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})
_PLAIN: Mapping[str, str] = MappingProxyType({"Accept-Encoding": "identity"})

Read = Callable[[ClientResponse], Awaitable[bytes]]


class Outbound:
    """The way out. `allow` exempts networks from the guard; `ca_file` adds to the trusted roots."""

    def __init__(
        self,
        *,
        allow: Sequence[IPv4Network | IPv6Network] = (),
        ca_file: Path | None = None,
        resolve: Resolve | None = None,
    ) -> None:
        tls = ssl.create_default_context()
        if ca_file is not None:
            tls.load_verify_locations(cafile=ca_file)
        self._guard = Guard(allow)
        self._system = SystemResolve()
        way = resolve or self._system
        self._strangers = Line(guard=self._guard, resolve=way, tls=tls, idle_s=_IDLE_S)
        self._chosen = Line(guard=Guard(EVERYWHERE), resolve=way, tls=tls, idle_s=_BRIEFLY_S)

    def check(self, url: str) -> None:
        """Refuse at save time what could never be called, addresses spelled out included.

        Raises NotAllowed.
        """
        check_url(url)
        self._guard.check_literal(parse_url(url))

    async def fetch(
        self, url: str, *, max_bytes: int, timeout_s: float, max_redirects: int = 3
    ) -> Answer:
        """Get a stranger's URL, checking every hop like the first; the time limit is for all of it.

        Raises NotAllowed, NoAnswer, TooLarge.
        """
        deadline = _deadline(timeout_s)
        read = functools.partial(read_whole, max_bytes=max_bytes)
        target = parse_url(url)
        for _ in range(max_redirects + 1):
            self._guard.check_literal(target)
            ask = _Question("GET", target, None, _PLAIN)
            answer = await ask.put(self._strangers, read, deadline)
            location = answer.headers.get("location")
            if answer.status not in _REDIRECTS or not location:
                return answer
            target = _followed(target, location)
        raise NotAllowed(f"More than {max_redirects} redirects")

    async def post(
        self, url: str, *, body: bytes, headers: Mapping[str, str], timeout_s: float
    ) -> Answer:
        """Post to a stranger's URL; redirects are answers, and of an answer the beginning is kept.

        Raises NotAllowed, NoAnswer.
        """
        target = parse_url(url)
        self._guard.check_literal(target)
        ask = _Question("POST", target, body, {**_PLAIN, **headers})
        read = functools.partial(read_beginning, kept_bytes=_KEPT_BYTES)
        return await ask.put(self._strangers, read, _deadline(timeout_s))

    async def call(
        self,
        method: str,
        url: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] = _NO_HEADERS,
        timeout_s: float,
        max_bytes: int = 16 * 1024 * 1024,
    ) -> Answer:
        """Call a URL the operator chose: any address, http too; redirects are answers.

        Raises NotAllowed, NoAnswer, TooLarge.
        """
        target = parse_url(url, schemes=("https", "http"))
        ask = _Question(method, target, body, headers)
        read = functools.partial(read_whole, max_bytes=max_bytes)
        return await ask.put(self._chosen, read, _deadline(timeout_s))

    async def close(self) -> None:
        """Close every connection."""
        await self._strangers.close()
        await self._chosen.close()
        self._system.close()


class _Question:
    """One request, ready to be put."""

    def __init__(
        self, method: str, url: URL, body: bytes | None, headers: Mapping[str, str]
    ) -> None:
        for name, value in headers.items():
            if any(sign in name + value for sign in "\r\n\0"):
                raise NotAllowed("A header holds a line break")
        self._method = method
        self._url = url
        self._body = body
        self._headers = headers

    async def put(self, line: Line, read: Read, deadline: float) -> Answer:
        """Send it and read the answer. Raises NotAllowed, NoAnswer and what `read` raises."""
        contact = Contact()
        try:
            async with (
                asyncio.timeout_at(deadline),
                line.session().request(
                    self._method,
                    self._url,
                    data=self._data(),
                    headers=self._headers,
                    allow_redirects=False,
                    trace_request_ctx=contact,
                ) as response,
            ):
                return Answer(response.status, headers_of(response), await read(response))
        except (ClientError, HttpProcessingError, OSError) as error:
            # The cause is not chained: its text may hold the whole URL.
            raise NoAnswer(f"{reason_of(error)} at {shown(self._url)}", sent=contact.made) from None

    def _data(self) -> bytes | io.BytesIO | None:
        if self._body is None or len(self._body) < _LARGE_BODY:
            return self._body
        return io.BytesIO(self._body)


def _deadline(timeout_s: float) -> float:
    return asyncio.get_running_loop().time() + timeout_s


def _followed(url: URL, location: str) -> URL:
    """Return where a redirect leads. Raises NotAllowed."""
    try:
        return parse_url(str(url.join(URL(location))))
    except ValueError:
        raise NotAllowed("The redirect leads to a URL that cannot be understood") from None
    except NotAllowed as refusal:
        raise NotAllowed(f"The redirect was not followed: {refusal}") from None
