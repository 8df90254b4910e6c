"""Host the dialects: request id, admission, one transaction and one `now` per request, and their words for whatever goes wrong."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from functools import partial
from uuid import UUID

import msgspec
import structlog
from litestar import Request, Response
from litestar.handlers import HTTPRouteHandler
from litestar.response import Stream as Streaming
from litestar.types import Scope
from msgspec import Struct

from saluhall.dialect import (
    SECRET_PARAMETER,
    Admission,
    Call,
    Dialect,
    Knock,
    Means,
    NoSuchRoute,
    Overloaded,
    Reply,
    Route,
    Visit,
)
from saluhall.domain.accounts.model import Admitted, Principal, Tier
from saluhall.kit.jwt import Signer, bearer_of
from saluhall.kit.oidc import Issuer
from saluhall.storage import Database
from saluhall.web.bodies import OPEN_ROUTE_BYTES, Room, body_of
from saluhall.web.client_ip import Network, address_of
from saluhall.web.exports import Exports
from saluhall.web.head_requests import READING, is_head
from saluhall.web.idempotency import answered
from saluhall.web.inputs import headers_from_raw, path_from_segments, query_from_raw
from saluhall.web.request_batching import Gathering
from saluhall.web.request_log import LogRequests, note_route
from saluhall.web.responses import request_id_of, response_of, say
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
    means: Means
    room: Room
    log_requests: LogRequests


class _Desk(Struct, frozen=True):
    """Where the requests of one route are answered."""

    host: Host
    dialect: Dialect
    route: Route
    gathering: Gathering | None


def handler_of(host: Host, dialect: Dialect, route: Route) -> HTTPRouteHandler:
    """Make the web library's handler for one route of a dialect."""
    gathering = Gathering(host.db, host.clock, route.gathers) if route.gathers else None
    desk = _Desk(host, dialect, route, gathering)

    async def handle(request: Request) -> Response[bytes] | Streaming:  # type: ignore[type-arg] # user, auth and state are not used
        note_route(request.scope, dialect.name, route.path)
        reply = await _answer(desk, request, request_id_of(request.scope))
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


async def _answer(desk: _Desk, request: Request, request_id: str) -> Reply:  # type: ignore[type-arg]
    host, route = desk.host, desk.route
    limits: Mapping[str, str] = {}
    try:
        headers = headers_from_raw(request.scope["headers"])
        if route.admits is None:
            async with _body_of(desk, request, headers, None) as body:
                reply = await _receive(host, route, request, request_id, headers, body=body)
        else:
            now = host.clock()
            path = path_from_segments(request.path_params)
            structlog.contextvars.bind_contextvars(
                **{k: v for k, v in path.items() if k != SECRET_PARAMETER}
            )
            admitted = await _admit(host, route.admits, route.tier, headers, path, now=now)
            limits = _limits(route, admitted)
            structlog.contextvars.bind_contextvars(**_caller(admitted.by))
            async with _body_of(desk, request, headers, admitted.by.account_id) as body:
                if desk.gathering is not None:
                    reply = await desk.gathering.answered(
                        admitted.by, path=path, body=body, request_id=request_id
                    )
                else:
                    call = partial(
                        Call,
                        by=admitted.by,
                        now=now,
                        request_id=request_id,
                        path=path,
                        headers=headers,
                        body=body,
                    )
                    reply = await _serve(desk, request, call, account_id=admitted.by.account_id)
    except Exception as error:  # noqa: BLE001 - whatever was raised gets the dialect's words, or is logged as our bug
        reply = say(desk.dialect, error, request_id=request_id, now=host.clock())
    if route.headers:
        reply = msgspec.structs.replace(reply, headers={**route.headers, **reply.headers})
    return msgspec.structs.replace(reply, headers={**limits, **reply.headers})


def _caller(by: Principal) -> Mapping[str, str]:
    """Name for the log who asks: the account, and the key or the person."""
    who = {"account_id": by.account_id, "key_id": by.key_id, "user_id": by.user_id}
    return {name: str(value) for name, value in who.items() if value is not None}


async def _admit(
    host: Host,
    admits: Admission,
    tier: Tier | None,
    headers: Mapping[str, str],
    path: Mapping[str, str],
    *,
    now: datetime,
) -> Admitted:
    if host.issuer is not None:  # may go out for keys, so before a connection is lent
        await host.issuer.prepare(bearer_of(headers), now_s=now.timestamp())
    async with host.db.statement() as statement:
        return await admits(
            Knock(
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


def _limits(route: Route, admitted: Admitted) -> Mapping[str, str]:
    """Announce what is left, whatever else the answer is: a refused request has been counted too."""
    if route.tier is None or admitted.remaining is None:
        return {}
    return {
        "RateLimit-Policy": f'"{route.tier.name}";q={route.tier.per_second};w=1',
        "RateLimit": f'"{route.tier.name}";r={admitted.remaining};t=1',
    }


async def _serve(
    desk: _Desk,
    request: Request,  # type: ignore[type-arg]
    call: Callable[..., Call],
    *,
    account_id: UUID,
) -> Reply:
    host = desk.host
    query = query_from_raw(request.scope["query_string"], names=desk.route.query)
    known = partial(call, db=host.db, public_url=host.public_url, means=host.means, query=query)
    target = _target_of(request.scope)
    try:
        async with asyncio.timeout(_TRANSACTION_S):
            reply = await host.db.in_transaction(
                lambda tx: answered(desk.dialect, desk.route, known(tx=tx), target)
            )
    except TimeoutError as error:
        _log.warning("a request took too long and was undone", timeout_s=_TRANSACTION_S)
        raise Overloaded from error
    if reply.stream is not None:
        release = await host.exports.take(account_id)
        stream = msgspec.structs.replace(reply.stream, release=release)
        return msgspec.structs.replace(reply, stream=stream)
    return await reply.errand() if reply.errand else reply


def _body_of(
    desk: _Desk,
    request: Request,  # type: ignore[type-arg]
    headers: Mapping[str, str],
    account_id: UUID | None,
) -> AbstractAsyncContextManager[bytes]:
    """Read the body, bounded by the route; whoever has not been admitted sends a small one."""
    route = desk.route
    usual = OPEN_ROUTE_BYTES if route.admits is None else desk.dialect.max_body_bytes
    return body_of(
        request.receive,
        headers,
        max_bytes=route.max_body_bytes or usual,
        room=desk.host.room,
        account=account_id,
    )


async def _receive(
    host: Host,
    route: Route,
    request: Request,  # type: ignore[type-arg]
    request_id: str,
    headers: Mapping[str, str],
    *,
    body: bytes,
) -> Reply:
    """Answer on a route that is open to everybody."""
    if route.reception is None:
        raise NoSuchRoute
    visit = Visit(
        db=host.db,
        now=host.clock(),
        request_id=request_id,
        address=address_of(
            request.client.host if request.client else "",
            request.headers.getall("x-forwarded-for", []),
            trusted=host.trusted_proxies,
        ),
        path=path_from_segments(request.path_params),
        headers=headers,
        signer=host.signer,
        means=host.means,
        body=body,
    )
    return await route.reception(visit)


def _target_of(scope: Scope) -> bytes:
    """Tell the path and the query as they were sent."""
    return scope["path"].encode("ascii") + b"?" + scope["query_string"]
