"""What comes back from somebody else's server, or why nothing does."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct
from yarl import URL

if TYPE_CHECKING:  # the library is imported with the first call, by `line`
    from aiohttp import ClientResponse

_SUCCESS = range(200, 300)
_BLOCK = 64 * 1024
_SKIP_S = (
    1.0  # how long to wait for a body that nobody needs, so that the connection can be used again
)


class NoResponse(Exception):
    """No answer came. `sent` is True when the request may have reached the other side."""

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


class TooLarge(Exception):
    """The body went past the limit."""


class Response(Struct, frozen=True):
    """An answer, whatever its status; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def headers_of(response: "ClientResponse") -> dict[str, str]:
    """Return the headers under lower-case names, repeated ones joined by a comma."""
    headers: dict[str, str] = {}
    for name, value in response.headers.items():
        key = name.lower()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    return headers


async def read_whole(response: "ClientResponse", *, max_bytes: int) -> bytes:
    """Read the body, giving up the moment it passes the limit. Raises TooLarge."""
    body = bytearray()
    if (response.content_length or 0) <= max_bytes:
        async for block in response.content.iter_chunked(_BLOCK):
            body += block
            if len(body) > max_bytes:
                break
        else:
            return bytes(body)
    response.close()
    raise TooLarge(f"The answer of {shown(response.url)} is larger than {max_bytes} bytes")


async def read_if_ok(response: "ClientResponse", *, max_bytes: int) -> bytes:
    """Read the body of a success whole; nobody needs that of a redirect or an error. Raises TooLarge."""
    if response.status in _SUCCESS:
        return await read_whole(response, max_bytes=max_bytes)
    return await skip_body(response)


async def read_beginning(response: "ClientResponse", *, kept_bytes: int) -> bytes:
    """Read the beginning of the body; if there is more, the connection closes."""
    body = bytearray()
    async for block in response.content.iter_chunked(kept_bytes):
        body += block
        if len(body) > kept_bytes:
            response.close()
            break
    return bytes(body[:kept_bytes])


async def skip_body(response: "ClientResponse") -> bytes:
    """Return a body that nobody needs, because the status line has decided; nothing of one that is not short, whole and there soon.

    Such a body costs the connection.
    """
    try:
        async with asyncio.timeout(_SKIP_S):
            return await read_whole(response, max_bytes=_BLOCK)
    except Exception:  # noqa: BLE001 - whatever is wrong with the body
        response.close()
    return b""


def shown(url: URL) -> str:
    """Spell a URL without its query, where secrets travel."""
    return f"{url.scheme}://{url.host_port_subcomponent}{url.raw_path}"
