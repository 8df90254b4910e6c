"""The ASGI app: the dialects' routes on raw paths, and the hub's own: pictures, health, metrics, the OpenAPI document."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager

from litestar import Litestar
from litestar.enums import ScopeType
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from saluhall.dialect import Dialect
from saluhall.web.answers import failure_handler, request_id_of
from saluhall.web.host import Host, handler_of
from saluhall.web.openapi import schema_routes
from saluhall.web.own import Measures, own_routes

__all__ = ["Host", "Measures", "make_app", "own_routes", "schema_routes"]


def make_app(
    host: Host,
    dialects: Sequence[Dialect],
    *,
    own: Sequence[HTTPRouteHandler],
    lifespan: Callable[[Litestar], AbstractAsyncContextManager[None]],
) -> ASGIApp:
    """Put the app together: every dialect's routes, and the hub's own."""
    routes = [handler_of(host, dialect, route) for dialect in dialects for route in dialect.routes]
    app = Litestar(
        [*routes, *own],
        exception_handlers={Exception: failure_handler(host.clock, dialects)},
        lifespan=[lifespan],
        openapi_config=None,
        logging_config=None,
    )
    return numbered(raw_paths(app))


def raw_paths(app: ASGIApp) -> ASGIApp:
    """Route on the path as it was sent: `%2F` inside an id is not a separator."""

    async def routed(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP:
            raw: bytes = scope.get("raw_path") or scope["path"].encode()
            scope["path"] = raw.split(b"?", 1)[0].decode("latin-1")
        await app(scope, receive, send)

    return routed


def numbered(app: ASGIApp) -> ASGIApp:
    """Give every request an id, the caller's when it is a plain word, and say it in every answer."""

    async def named(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await app(scope, receive, send)
            return
        request_id = request_id_of(scope)

        async def send_named(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    (b"x-request-id", request_id.encode()),
                    *message["headers"],
                ]
            await send(message)

        await app(scope, receive, send_named)

    return named
