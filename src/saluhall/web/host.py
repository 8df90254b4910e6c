"""Host the dialects: request id, authentication, one transaction and one `now` per request, and their rendering of every error."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from functools import partial
from uuid import UUID

import msgspec
import structlog
from litestar import Request as HttpRequest
from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.response import Stream as Streaming
from litestar.types import Scope
from msgspec import Struct

from saluhall.dialect import (
    SECRET_PARAMETER,
    SKU_PARAMETER,
    Authenticator,
    AuthRequest,
    Dialect,
    NoSuchRoute,
    Overloaded,
    PublicRequest,
    Reply,
    Request,
    Route,
    Services,
)
from saluhall.domain.accounts.model import Authenticated, Principal, Tier
from saluhall.kit.jwt import Signer, bearer_of
from saluhall.kit.oidc import Issuer
from saluhall.storage import Database
from saluhall.web.bodies import OPEN_ROUTE_BYTES, BodyMemory, body_of
from saluhall.web.client_ip import Network, client_ip
from saluhall.web.exports import Exports
from saluhall.web.head_requests import READING, is_head
from saluhall.web.idempotency import handle_once
from saluhall.web.inputs import headers_from_raw, path_from_segments, query_from_raw
from saluhall.web.origins import origin_of
from saluhall.web.request_batching import RequestBatcher
from saluhall.web.request_log import LogRequests, note_route
from saluhall.web.responses import reply_from_error, request_id_of, response_of
from saluhall.web.streams import streamed

_log = structlog.get_logger(__name__)
_TRANSACTION_S = 30.0  # a bulk write of a thousand rows takes a second


class Host(Struct, frozen=True, kw_only=True):
    """What every request needs."""

    db: Database
    exports: Exports
    clock: Callable[[], datetime]
    rate_limits: bool
    trusted_proxies: Sequence[Network]
    public_url: str
    signer: Signer
    issuer: Issuer | None
    legacy_api: bool
    services: Services
    body_memory: BodyMemory
    log_requests: LogRequests


class _RouteContext(Struct, frozen=True):
    """What handling the requests of one route needs."""

    host: Host
    dialect: Dialect
    route: Route
    batcher: RequestBatcher | None


def handler_of(host: Host, dialect: Dialect, route: Route) -> HTTPRouteHandler:
    """Return the web library's handler for one route of a dialect."""
    batcher = (
        RequestBatcher(host.db, host.clock, route.batched, source=dialect.name)
        if route.batched
        else None
    )
    context = _RouteContext(host, dialect, route, batcher)

    async def handle(request: HttpRequest) -> Response[bytes] | Streaming:  # type: ignore[type-arg] # user, auth and state are not used
        note_route(request.scope, dialect.name, route.path)
        reply = await _handle(context, request, request_id_of(request.scope))
        if reply.stream is not None:
            return streamed(
                host.exports.db,
                reply,
                reply.stream,
                accept_encoding=request.headers.get("accept-encoding", ""),
                is_head=is_head(request.scope),
            )
        return response_of(dialect, reply)

    path = route.path.replace("}", ":str}")
    return HTTPRouteHandler(
        path,
        http_method=READING if route.method == "GET" else route.method,  # type: ignore[arg-type] # plain strings in the table
        request_max_body_size=None,  # `bodies` bounds it
        include_in_schema=False,
        status_code=200,
        name=f"{dialect.name} {route.method} {route.path}",
    )(handle)


async def _handle(context: _RouteContext, http_request: HttpRequest, request_id: str) -> Reply:  # type: ignore[type-arg]
    host, route = context.host, context.route
    limits: Mapping[str, str] = {}
    try:
        headers = headers_from_raw(http_request.scope["headers"])
        if route.authenticator is None:
            async with _body_of(context, http_request, headers, None) as body:
                reply = await _handle_public(
                    host, route, http_request, request_id, headers, body=body
                )
        else:
            now = host.clock()
            path = path_from_segments(http_request.path_params)
            structlog.contextvars.bind_contextvars(**_path_fields(path))
            authenticated = await _authenticate(
                host, route.authenticator, route.tier, headers, path, now=now
            )
            principal = authenticated.principal
            limits = _rate_limit_headers(route, authenticated)
            structlog.contextvars.bind_contextvars(**_principal_fields(principal))
            principal.require(route.right)
            async with _body_of(context, http_request, headers, principal.account_id) as body:
                if context.batcher is not None:
                    reply = await context.batcher.handle(
                        principal, path=path, body=body, request_id=request_id
                    )
                else:
                    request = partial(
                        Request,
                        principal=principal,
                        now=now,
                        request_id=request_id,
                        path=path,
                        headers=headers,
                        body=body,
                    )
                    reply = await _serve(context, http_request, request, principal, request_id)
    except Exception as error:  # noqa: BLE001 - whatever was raised gets the dialect's words, or is logged as our bug
        reply = reply_from_error(context.dialect, error, request_id=request_id, now=host.clock())
    if route.headers:
        reply = msgspec.structs.replace(reply, headers={**route.headers, **reply.headers})
    return msgspec.structs.replace(reply, headers={**limits, **reply.headers})


def _path_fields(path: Mapping[str, str]) -> Mapping[str, str]:
    """Return the log fields of a path: its parameters, without a credential."""
    names = {SKU_PARAMETER: "sku"}
    return {names.get(name, name): path[name] for name in path if name != SECRET_PARAMETER}


def _principal_fields(principal: Principal) -> Mapping[str, str]:
    """Return the log fields of a principal: the account, and the key or the user."""
    fields = {
        "account_id": principal.account_id,
        "key_id": principal.key_id,
        "user_id": principal.user_id,
    }
    return {name: str(value) for name, value in fields.items() if value is not None}


async def _authenticate(
    host: Host,
    authenticator: Authenticator,
    tier: Tier | None,
    headers: Mapping[str, str],
    path: Mapping[str, str],
    *,
    now: datetime,
) -> Authenticated:
    if host.issuer is not None:  # may fetch keys, so before it takes a connection
        await host.issuer.prepare(bearer_of(headers), now_s=now.timestamp())
    async with host.db.statement() as statement:
        return await authenticator(
            AuthRequest(
                headers=headers,
                path=path,
                tx=statement,
                tier=tier if host.rate_limits else None,
                signer=host.signer,
                issuer=host.issuer,
                legacy_api=host.legacy_api,
                now=now,
            )
        )


def _rate_limit_headers(route: Route, authenticated: Authenticated) -> Mapping[str, str]:
    """Return the rate limit headers of every response: a rejected request has been counted too."""
    if route.tier is None or authenticated.remaining is None:
        return {}
    return {
        "RateLimit-Policy": f'"{route.tier.name}";q={route.tier.per_second};w=1',
        "RateLimit": f'"{route.tier.name}";r={authenticated.remaining};t=1',
    }


async def _serve(
    context: _RouteContext,
    http_request: HttpRequest,  # type: ignore[type-arg]
    request: Callable[..., Request],
    principal: Principal,
    request_id: str,
) -> Reply:
    host = context.host
    origin = origin_of(principal, source=context.dialect.name, request_id=request_id)
    db = host.db.acting_as(origin)
    query = query_from_raw(http_request.scope["query_string"], names=context.route.query)
    prepared = partial(
        request, db=db, public_url=host.public_url, services=host.services, query=query
    )
    target = _target_of(http_request.scope)
    try:
        async with asyncio.timeout(_TRANSACTION_S):
            reply = await db.in_transaction(
                lambda tx: handle_once(context.dialect, context.route, prepared(tx=tx), target)
            )
    except TimeoutError as error:
        _log.warning("a request took too long and was rolled back", timeout_s=_TRANSACTION_S)
        raise Overloaded from error
    if reply.stream is not None:
        release = await host.exports.take(principal.account_id)
        stream = msgspec.structs.replace(reply.stream, release=release)
        return msgspec.structs.replace(reply, stream=stream)
    return await reply.after_commit() if reply.after_commit else reply


def _body_of(
    context: _RouteContext,
    http_request: HttpRequest,  # type: ignore[type-arg]
    headers: Mapping[str, str],
    account_id: UUID | None,
) -> AbstractAsyncContextManager[bytes]:
    """Read the body, bounded by the route; a public route takes a small one."""
    route = context.route
    usual = OPEN_ROUTE_BYTES if route.authenticator is None else context.dialect.max_body_bytes
    return body_of(
        http_request.receive,
        headers,
        max_bytes=route.max_body_bytes or usual,
        body_memory=context.host.body_memory,
        account=account_id,
    )


async def _handle_public(
    host: Host,
    route: Route,
    http_request: HttpRequest,  # type: ignore[type-arg]
    request_id: str,
    headers: Mapping[str, str],
    *,
    body: bytes,
) -> Reply:
    """Handle a request to a public route."""
    if route.public_handler is None:
        raise NoSuchRoute
    public_request = PublicRequest(
        db=host.db,
        now=host.clock(),
        request_id=request_id,
        address=client_ip(
            http_request.client.host if http_request.client else "",
            http_request.headers.getall("x-forwarded-for", []),
            trusted=host.trusted_proxies,
        ),
        path=path_from_segments(http_request.path_params),
        headers=headers,
        signer=host.signer,
        services=host.services,
        body=body,
    )
    return await route.public_handler(public_request)


def _target_of(scope: Scope) -> bytes:
    """Return the path and the query as they were sent."""
    return scope["path"].encode("ascii") + b"?" + scope["query_string"]
