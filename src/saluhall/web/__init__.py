"""The ASGI app: the dialects' routes on raw paths, and the system routes: images, health, metrics, the OpenAPI document."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from litestar import Litestar, Request
from litestar.enums import ScopeType
from litestar.exceptions import ServiceUnavailableException
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, Receive, Scope, Send

from saluhall.dialect import Dialect
from saluhall.web.bodies import BodyMemory
from saluhall.web.connect_route import Connecting, connect_routes
from saluhall.web.connection_limits import ConnectionLimits, max_connections
from saluhall.web.head_requests import omit_unneeded_bodies
from saluhall.web.host import Host, handler_of
from saluhall.web.inputs import escaped
from saluhall.web.openapi import schema_routes
from saluhall.web.options_requests import options_of
from saluhall.web.request_log import begin_counting, observed
from saluhall.web.responses import Failed, failure_handler
from saluhall.web.system_routes import system_routes
from saluhall.web.unread_bodies import drain_bodies

__all__ = [
    "BodyMemory",
    "Connecting",
    "ConnectionLimits",
    "Host",
    "connect_routes",
    "make_app",
    "max_connections",
    "schema_routes",
    "system_routes",
]


def make_app(
    host: Host,
    dialects: Sequence[Dialect],
    *,
    connection_limits: ConnectionLimits,
    system: Sequence[HTTPRouteHandler],
    lifespan: Callable[[Litestar], AbstractAsyncContextManager[None]],
) -> ASGIApp:
    """Put the app together: every dialect's routes, and the hub's system."""
    routes = [handler_of(host, dialect, route) for dialect in dialects for route in dialect.routes]
    begin_counting(dialects)
    failed = failure_handler(host.clock, dialects)
    app = Litestar(
        [*options_of([*routes, *system]), *routes, *system],
        exception_handlers={Exception: failed},
        lifespan=[lifespan],
        openapi_config=None,
        logging_config=None,
    )
    answers = connection_limits.limiting(omit_unneeded_bodies(app), _refusal(failed))
    return drain_bodies(observed(raw_paths(answers), host.log_requests))


def _refusal(failed: Failed) -> ASGIApp:
    """Refuse a request before anything of it is looked at."""

    async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
        request: Request[Any, Any, Any] = Request(scope)
        error = ServiceUnavailableException("Too many requests at once from this address")
        response = failed(request, error).to_asgi_response(app=None, request=request)
        await response(scope, receive, send)

    return refuse


def raw_paths(app: ASGIApp) -> ASGIApp:
    """Route on the path as it was sent: `%2F` inside an id is not a separator. What is not ASCII is escaped, in the query too."""

    async def routed(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP:
            raw: bytes = scope.get("raw_path") or scope["path"].encode()
            scope["path"] = escaped(raw.split(b"?", 1)[0]).decode("ascii")
            scope["query_string"] = escaped(scope["query_string"])
        await app(scope, receive, send)

    return routed
