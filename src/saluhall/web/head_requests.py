"""Responses without a body: to HEAD, which is answered as GET is, and to a reader who has the current version (304)."""

from collections.abc import Iterable

from litestar.enums import HttpMethod, ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from litestar.types.asgi_types import ReceiveMessage

READING = (HttpMethod.GET, HttpMethod.HEAD)
_CONDITION = b"if-none-match"
_ABOUT_THE_BODY = {b"content-length", b"content-type", b"content-encoding"}
_OK, _NOT_MODIFIED = 200, 304


def is_head(scope: Scope) -> bool:
    """Return whether the client asked for the head alone."""
    return scope.get("method") == "HEAD"


def omit_unneeded_bodies(app: ASGIApp) -> ASGIApp:
    """Send no body that the client does not want."""

    async def cut(scope: HTTPScope, receive: Receive, send: Send) -> None:
        response = _Response(scope, receive, send)
        await app(scope, response.receive, response.send)

    async def respond(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP and _may_be_cut(scope):
            await cut(scope, receive, send)
        else:
            await app(scope, receive, send)

    return respond


def _may_be_cut(scope: HTTPScope) -> bool:
    if is_head(scope):
        return True
    return scope["method"] == "GET" and any(name == _CONDITION for name, _ in scope["headers"])


class _Response:
    """Lets the head of a response through; once that is out, who makes the body sees the reader leave."""

    def __init__(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        self._known = {
            tag.strip().removeprefix(b"W/")
            for name, value in scope["headers"]
            if name == _CONDITION
            for tag in value.split(b",")
        }
        self._receive = receive
        self._send = send
        self._has_body = not is_head(scope)
        self._is_over = False

    async def receive(self) -> ReceiveMessage:
        """Read what the client sends; after the head of a response without a body it counts as gone."""
        if self._is_over:
            return {"type": "http.disconnect"}
        return await self._receive()

    async def send(self, message: Message) -> None:
        """Send the head, and of the body what is wanted."""
        if message["type"] == "http.response.start":
            if message["status"] == _OK and self._is_known(message["headers"]):
                message["status"] = _NOT_MODIFIED
                message["headers"] = [
                    (name, value)
                    for name, value in message["headers"]
                    if name.lower() not in _ABOUT_THE_BODY
                ]
                self._has_body = False
            await self._send(message)
        elif self._has_body:
            await self._send(message)
        elif not self._is_over:
            self._is_over = True
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    def _is_known(self, headers: Iterable[tuple[bytes, bytes]]) -> bool:
        tags = [value.removeprefix(b"W/") for name, value in headers if name.lower() == b"etag"]
        return bool(tags) and (tags[0] in self._known or b"*" in self._known)
