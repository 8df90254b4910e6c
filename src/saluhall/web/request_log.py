"""One log line and one count for each request: method, route, status, duration and who asked."""

import time
from collections.abc import Sequence
from functools import cache
from typing import Literal

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from prometheus_client import Counter, Histogram

from saluhall.dialect import Dialect
from saluhall.kit.metrics import REQUEST_SECONDS, REQUESTS, begin_requests
from saluhall.web.responses import request_id_of

LogRequests = Literal["on", "slow", "off"]
SLOW_S = 1.0
_TOO_MANY, _SERVER_ERROR = 429, 500
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# Asked for by machines every few seconds: a line is written only when something is wrong.
_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
_EVERYWHERE = (500, 503)
_ROUTE_KEY = "saluhall_route"
_log = structlog.get_logger(__name__)


def note_route(scope: Scope, dialect: str, path: str) -> None:
    """Note which route of a dialect a request is for."""
    scope["state"][_ROUTE_KEY] = (dialect, path)


def begin_counting(dialects: Sequence[Dialect]) -> None:
    """Let the counter of requests begin at 0 for every documented response."""
    begin_requests(
        (dialect.name, route.method, route.path, [*route.responses, *_EVERYWHERE])
        for dialect in dialects
        for route in dialect.routes
    )


def observed(app: ASGIApp, log_requests: LogRequests) -> ASGIApp:
    """Give every request an id, the caller's when it is a plain word, and name it in the response; count and log the request."""

    async def observe(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        started, status, is_noted = time.perf_counter(), 0, False
        request_id = request_id_of(scope)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)

        async def send_named(message: Message) -> None:
            nonlocal status, is_noted
            if message["type"] == "http.response.start":
                status = message["status"]
                named = (b"x-request-id", request_id.encode())
                message["headers"] = [named, *message["headers"]]
            elif not message.get("more_body"):  # noted before the client sees the end
                is_noted = True
                _note(scope, status, time.perf_counter() - started, log_requests)
            await send(message)

        try:
            await app(scope, receive, send_named)
        finally:
            if status and not is_noted:  # cut off; without a status the client left before
                _note(scope, status, time.perf_counter() - started, log_requests)

    return observe


def _note(scope: HTTPScope, status: int, seconds: float, log_requests: LogRequests) -> None:
    method = scope["method"] if scope["method"] in _METHODS else "other"
    dialect, route = scope["state"].get(_ROUTE_KEY) or _own(scope)
    counter, histogram = _counters(dialect, method, route, status)
    counter.inc()
    histogram.observe(seconds)
    if _is_logged(route, status, seconds, log_requests):
        _log.info(
            "request",
            request_id=request_id_of(scope),
            method=method,
            route=route,
            status=status,
            duration_ms=round(seconds * 1000, 1),
        )


@cache
def _counters(dialect: str, method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    """Find what counts a response: looking it up by its labels costs more than counting."""
    counter = REQUESTS.labels(dialect, method, route, str(status))
    return counter, REQUEST_SECONDS.labels(dialect, method, route, f"{status // 100}xx")


def _own(scope: HTTPScope) -> tuple[str, str]:
    """Name a route of the hub's own, or say that there is none."""
    template = scope.get("path_template")
    return ("hub", template.replace(":str}", "}")) if template else ("none", "none")


def _is_logged(route: str, status: int, seconds: float, log_requests: LogRequests) -> bool:
    is_notable = status >= _SERVER_ERROR or status == _TOO_MANY or seconds >= SLOW_S
    if log_requests == "on":
        return is_notable or route not in _QUIET
    return is_notable and log_requests == "slow"
