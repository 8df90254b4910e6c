"""Write responses: replies, errors as the dialect renders them, and the request id."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import ClientException, HTTPException
from litestar.types import Scope

from saluhall.dialect import (
    Dialect,
    Malformed,
    NoSuchRoute,
    Overloaded,
    Reply,
    Unexpected,
    WrongMethod,
)
from saluhall.kit.ids import new_id, text_from_id
from saluhall.storage.database import DatabaseUnavailable

_log = structlog.get_logger(__name__)
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_ID_KEY = "saluhall_request_id"
_NOT_ALLOWED = 405
_SERVER_ERROR = 500
_UNAVAILABLE = 503
RETRY_SOON = {"retry-after": "1"}

Failed = Callable[[Request[Any, Any, Any], Exception], Response[bytes]]


def reply_from_error(
    dialect: Dialect, error: Exception, *, request_id: str, now: datetime
) -> Reply:
    """Let the dialect render an error; one that is not in its table is a bug: it is logged, and the response has only the request id."""
    match error:
        case DatabaseUnavailable():  # `kit.outages` logs it
            fact: Exception = Overloaded()
        case HTTPException(status_code=status) if status == _NOT_ALLOWED:
            fact = WrongMethod()
        case HTTPException(status_code=status) if status == _UNAVAILABLE:
            fact = Overloaded()
        case ClientException():
            fact = Malformed()
        case _:
            fact = error
    reply = dialect.render_error(fact)
    if reply is None:
        _log.error("unexpected failure: this is a bug", exc_info=error)
        reply = dialect.render_error(Unexpected())
    reply = reply or Reply(status=_SERVER_ERROR)
    return dialect.stamp(reply, request_id, now) if dialect.stamp else reply


def request_id_of(scope: Scope) -> str:
    """Return the request id: the client's when it is a plain word, else one of ours; always the same for one request."""
    state = scope.setdefault("state", {})
    if _ID_KEY not in state:
        sent = [value for name, value in scope["headers"] if name == b"x-request-id"]
        given = sent[0].decode("latin-1") if len(sent) == 1 else ""
        is_plain = _REQUEST_ID.fullmatch(given) is not None
        state[_ID_KEY] = given if is_plain else text_from_id("req", new_id())
    return str(state[_ID_KEY])


def response_of(dialect: Dialect, reply: Reply) -> Response[bytes]:
    """Write a reply that is no stream."""
    content = b"" if reply.body is None else msgspec.json.encode(reply.body)
    return Response(
        content,
        status_code=reply.status,
        media_type=dialect.content_type,
        headers=dict(reply.headers),
    )


def failure_handler(clock: Callable[[], datetime], dialects: Sequence[Dialect]) -> Failed:
    """Return the handler of errors outside any route (no such path, wrong method): the dialect of the prefix renders them."""

    def respond(request: Request, error: Exception) -> Response[bytes]:  # type: ignore[type-arg]
        status = error.status_code if isinstance(error, HTTPException) else _SERVER_ERROR
        for dialect in dialects:
            if request.scope["path"].startswith(tuple(dialect.prefixes)):
                missing = NoSuchRoute() if status == 404 else error  # noqa: PLR2004 - HTTP's own number
                request_id = request_id_of(request.scope)
                reply = reply_from_error(dialect, missing, request_id=request_id, now=clock())
                return response_of(dialect, reply)
        if isinstance(error, DatabaseUnavailable):
            return Response(
                b'{"error":"The database is unavailable, try again shortly"}',
                status_code=_UNAVAILABLE,
                headers=RETRY_SOON,
                media_type="application/json",
            )
        if status == _SERVER_ERROR:
            _log.error("unexpected failure: this is a bug", exc_info=error)
        text = msgspec.json.encode({"error": str(getattr(error, "detail", "")) or "Not found"})
        return Response(
            b'{"error":"Internal server error"}' if status == _SERVER_ERROR else text,
            status_code=status,
            headers=RETRY_SOON if status == _UNAVAILABLE else {},
            media_type="application/json",
        )

    def handle(request: Request, error: Exception) -> Response[bytes]:  # type: ignore[type-arg]
        response = respond(request, error)
        response.headers.update(_allowed(error))
        return response

    return handle


def _allowed(error: Exception) -> dict[str, str]:
    """Name the methods that a path takes, when the error is that it does not take this one."""
    given = (error.headers or {}) if isinstance(error, HTTPException) else {}
    return {"Allow": ", ".join(sorted(given["allow"].split(", ")))} if "allow" in given else {}
