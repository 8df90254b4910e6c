"""Signing in: each route reads, opens or renews a session, and answers with tokens."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from msgspec import Struct

from saluhall.dialect import Invalid, Malformed, Problem, PublicRequest, Reply, Route
from saluhall.dialects.sellrapido.auth import V2
from saluhall.dialects.sellrapido.errors import BadRefresh
from saluhall.dialects.sellrapido.tokens import (
    EXPIRED,
    INVALID,
    INVALIDATED,
    REFRESH,
    access_token,
    opened,
    refresh_token,
)
from saluhall.dialects.sellrapido.wire import (
    AccessOnly,
    Credentials,
    Error,
    RefreshToken,
    Tokens,
)
from saluhall.domain.partner_business import subscriptions
from saluhall.domain.sessions import operations as sessions
from saluhall.domain.sessions.model import Session, SessionEnded
from saluhall.kit.jwt import BadToken, TokenExpired
from saluhall.kit.validation import Unreadable, ValidationFailed, decode

T = TypeVar("T", bound=Struct)
_MAX_BODY_BYTES = 64 * 1024  # its sender is not known yet


async def authorize(request: PublicRequest) -> Reply:
    """Open a session for a user and a password, unless the account's subscription is over."""
    given = _read(request, Credentials)
    session = await subscriptions.sign_in(
        request.db,
        username=given.username,
        password=given.password,
        address=request.address,
        now=request.now,
    )
    return _both(request, session)


async def token(request: PublicRequest) -> Reply:
    """Give a new access token; the refresh token stays."""
    session = await _renewed(request, sessions.renew_access)
    return Reply(status=200, body=AccessOnly(access_token=access_token(request.signer, session)))


async def refresh(request: PublicRequest) -> Reply:
    """Give two new tokens; the earlier ones are no longer valid."""
    return _both(request, await _renewed(request, sessions.rotate))


def _both(request: PublicRequest, session: Session) -> Reply:
    body = Tokens(
        access_token=access_token(request.signer, session),
        refresh_token=refresh_token(request.signer, session),
    )
    return Reply(status=200, body=body)


async def _renewed(
    request: PublicRequest, renew: Callable[..., Coroutine[Any, Any, Session]]
) -> Session:
    """Renew the session of the refresh token in the body. Raises BadRefresh."""
    given = _read(request, RefreshToken)
    try:
        claims = opened(request.signer, given.refresh_token, kind=REFRESH, now=request.now)
        return await renew(
            request.db,
            account_id=claims.account_id,
            session_id=claims.session_id,
            refresh_jti=claims.jti,
            now=request.now,
        )
    except TokenExpired as error:
        raise BadRefresh(EXPIRED) from error
    except BadToken as error:
        raise BadRefresh(INVALID) from error
    except SessionEnded as error:
        raise BadRefresh(INVALIDATED) from error


def _read(request: PublicRequest, shape: type[T]) -> T:
    """Read the body. Raises Malformed, Invalid."""
    try:
        return decode(request.body, shape)
    except Unreadable as error:
        raise Malformed from error
    except ValidationFailed as error:
        raise Invalid([Problem(p.path, p.message) for p in error.problems]) from error


_route = partial(Route, method="POST", tier=None, max_body_bytes=_MAX_BODY_BYTES)
_REFUSED: Mapping[int, type[Struct] | None] = {
    400: Error,
    403: Error,
    413: Error,
    500: Error,
    503: Error,
}
_RENEWAL: Mapping[str, str] = {"refresh_token": "eyJhbGciOiJIUzI1NiJ9.e30.signature"}

ROUTES: Sequence[Route] = (
    _route(
        path=f"{V2}/auth/authorize",
        public_handler=authorize,
        summary="Sign in with a user name and a password",
        body=Credentials,
        example={"username": "anna", "password": "a good password"},
        responses={**_REFUSED, 200: Tokens, 401: Error, 429: Error},
    ),
    _route(
        path=f"{V2}/auth/token",
        public_handler=token,
        summary="Get a new access token; the earlier one is no longer valid",
        body=RefreshToken,
        example=_RENEWAL,
        responses={**_REFUSED, 200: AccessOnly},
    ),
    _route(
        path=f"{V2}/auth/refresh",
        public_handler=refresh,
        summary="Get two new tokens; the earlier ones are no longer valid",
        body=RefreshToken,
        example=_RENEWAL,
        responses={**_REFUSED, 200: Tokens},
    ),
)
