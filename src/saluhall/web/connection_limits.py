"""Keep one address from taking all connections, and silent connections from taking any that somebody needs."""

import asyncio
import os
import socket
import stat
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send
from msgspec import Struct

from saluhall.web.client_ip import Network, client_ip, is_trusted

MAX_CONNECTIONS = 16_384
_FILES_FOR_OTHERS = 256  # database, images, outbound requests
_LOOK_EVERY_S = 1.0
_IS_FULL_AT, _IS_ROOMY_AT = 0.9, 0.8
_LAST_DATA_RECEIVED = slice(52, 56)  # milliseconds, in Linux's struct tcp_info
_INTERNET = {socket.AF_INET, socket.AF_INET6}
_FORWARDED = b"x-forwarded-for"
_log = structlog.get_logger(__name__)

Peer = tuple[str, int]


def max_connections(file_limit: int) -> int:
    """Return how many connections a process takes that may open so many files."""
    return max(64, min(MAX_CONNECTIONS, file_limit - _FILES_FOR_OTHERS))


class _Connection(Struct, frozen=True):
    """A connection of ours as the operating system knows it; `handle` is a copy of its file."""

    peer: Peer
    idle_ms: int
    handle: socket.socket


class ConnectionLimits:
    """The requests in progress and the connections of this process, by address.

    An address has at most `max_each` requests in progress; another one is refused. Of connections without a request it also has at most
    so many, and all addresses together at most as many as fit: the longest idle ones are closed.
    """

    def __init__(self, *, max_each: int, max_all: int, trusted: Sequence[Network]) -> None:
        self._max_each = max_each
        self._max_all = max_all
        self._trusted = trusted
        self._in_progress: Counter[str] = Counter()
        self._busy: set[Peer] = set()
        self._port = 0  # until the first request comes

    def limiting(self, app: ASGIApp, refusal: ASGIApp) -> ASGIApp:
        """Respond with `refusal` to an address that has too many requests in progress."""

        async def respond(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != ScopeType.HTTP or not scope["client"]:
                await app(scope, receive, send)
                return
            # The server gives ports as text.
            peer, address = (scope["client"][0], int(scope["client"][1])), self._address_of(scope)
            self._port = self._port or int((scope["server"] or ("", 0))[1] or 0)
            is_allowed = self._in_progress[address] < self._max_each
            self._in_progress[address] += 1
            self._busy.add(peer)
            try:
                await (app if is_allowed else refusal)(scope, receive, send)
            finally:
                self._busy.discard(peer)
                self._in_progress[address] -= 1
                if not self._in_progress[address]:
                    del self._in_progress[address]

        return respond

    async def watch(self) -> None:
        """Close idle connections of crowds, for ever."""
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            if self._port and len(_files()) > min(self._max_each, self._max_all):
                closed = await asyncio.to_thread(self._close_idle, self._port)
                if closed:
                    _log.warning("idle connections were closed: there are too many", count=closed)

    def _address_of(self, scope: HTTPScope) -> str:
        peer = scope["client"][0] if scope["client"] else ""
        if not self._trusted:
            return peer
        forwarded = [v.decode("latin-1") for name, v in scope["headers"] if name == _FORWARDED]
        return client_ip(peer, forwarded, trusted=self._trusted)

    def _close_idle(self, port: int) -> int:
        found = sorted(_connections(port), key=lambda each: each.idle_ms, reverse=True)
        chosen = list(self._chosen(found))
        for each in chosen:
            with suppress(OSError):  # it has left by itself
                each.handle.shutdown(socket.SHUT_RDWR)
        for each in found:
            each.handle.close()
        return len(chosen)

    def _chosen(self, found: Sequence[_Connection]) -> Iterator[_Connection]:
        """Choose whom to close, of connections in the order of idleness."""
        idle = [each for each in found if each.peer not in self._busy]
        of_address: defaultdict[str, list[_Connection]] = defaultdict(list)
        for each in idle:
            of_address[each.peer[0]].append(each)
        left = len(found)
        kept = []
        for address, connections in of_address.items():
            excess = 0 if is_trusted(address, self._trusted) else len(connections) - self._max_each
            yield from connections[: max(0, excess)]
            left -= max(0, excess)
            kept += connections[max(0, excess) :]
        if left > self._max_all * _IS_FULL_AT:
            kept.sort(key=lambda each: each.idle_ms, reverse=True)
            yield from kept[: left - int(self._max_all * _IS_ROOMY_AT)]


def _files() -> list[int]:
    """List the numbers of the open files of this process; nothing where the system does not say."""
    try:
        return [int(name) for name in os.listdir("/dev/fd")]  # noqa: PTH208 - names alone, fast
    except OSError:
        return []


def _connections(port: int) -> Iterable[_Connection]:
    """Find the connections to a port in this process."""
    found: dict[Peer, _Connection] = {}
    for file in _files():
        connection = _connection(file, port)
        if connection is None:
            continue
        if connection.peer in found:  # our copy has taken a number that was still to come
            connection.handle.close()
        else:
            found[connection.peer] = connection
    return found.values()


def _connection(file: int, port: int) -> _Connection | None:
    """Read what the system knows of a file, if it is a connection to that port. A copy stays valid when the file is closed."""
    try:
        if not stat.S_ISSOCK(os.fstat(file).st_mode):
            return None
        handle = socket.socket(fileno=os.dup(file))
    except OSError:  # closed meanwhile
        return None
    with suppress(OSError):  # nobody at the other end
        if handle.family in _INTERNET and handle.getsockname()[1] == port:
            return _Connection(handle.getpeername()[:2], _idle_ms(handle), handle)
    handle.close()
    return None


def _idle_ms(handle: socket.socket) -> int:
    if not hasattr(socket, "TCP_INFO"):
        return 0
    info = handle.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _LAST_DATA_RECEIVED.stop)
    return int.from_bytes(info[_LAST_DATA_RECEIVED], "little")
