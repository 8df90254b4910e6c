"""Signing in: each route reads, opens or renews a session, and answers with tokens."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from msgspec import Struct

from saluhall.dialect import Invalid, Malformed, Problem, Reply, Route, Visit
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
from saluhall.domain.sessions import operations as sessions
from saluhall.domain.sessions.model import Session, SessionEnded
from saluhall.kit.jwt import BadToken, TokenExpired
from saluhall.kit.validation import Unreadable, ValidationFailed, decode

T = TypeVar("T", bound=Struct)
_MAX_BODY_BYTES = 64 * 1024  # whoever sends it is not known yet


async def authorize(visit: Visit) -> Reply:
    """Open a session for a user and a password."""
    given = _read(visit, Credentials)
    session = await sessions.sign_in(
        visit.db,
        username=given.username,
        password=given.password,
        address=visit.address,
        now=visit.now,
    )
    return _both(visit, session)


async def token(visit: Visit) -> Reply:
    """Give a new access token; the refresh token stays."""
    session = await _renewed(visit, sessions.renew_access)
    return Reply(status=200, body=AccessOnly(access_token=access_token(visit.signer, session)))


async def refresh(visit: Visit) -> Reply:
    """Give two new tokens; the earlier ones count no more."""
    return _both(visit, await _renewed(visit, sessions.rotate))


def _both(visit: Visit, session: Session) -> Reply:
    body = Tokens(
        access_token=access_token(visit.signer, session),
        refresh_token=refresh_token(visit.signer, session),
    )
    return Reply(status=200, body=body)


async def _renewed(visit: Visit, renew: Callable[..., Coroutine[Any, Any, Session]]) -> Session:
    """Renew the session of the refresh token in the body. Raises BadRefresh."""
    given = _read(visit, RefreshToken)
    try:
        claims = opened(visit.signer, given.refresh_token, kind=REFRESH, now=visit.now)
        return await renew(
            visit.db,
            owner=claims.owner,
            session_id=claims.session_id,
            refresh_jti=claims.jti,
            now=visit.now,
        )
    except TokenExpired as error:
        raise BadRefresh(EXPIRED) from error
    except BadToken as error:
        raise BadRefresh(INVALID) from error
    except SessionEnded as error:
        raise BadRefresh(INVALIDATED) from error


def _read(visit: Visit, shape: type[T]) -> T:
    """Read the body. Raises Malformed, Invalid."""
    try:
        return decode(visit.body, shape)
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
        reception=authorize,
        summary="Sign in with a user name and a password",
        takes=Credentials,
        example={"username": "anna", "password": "a good password"},
        answers={**_REFUSED, 200: Tokens, 401: Error, 429: Error},
    ),
    _route(
        path=f"{V2}/auth/token",
        reception=token,
        summary="Get a new access token; the earlier one counts no more",
        takes=RefreshToken,
        example=_RENEWAL,
        answers={**_REFUSED, 200: AccessOnly},
    ),
    _route(
        path=f"{V2}/auth/refresh",
        reception=refresh,
        summary="Get two new tokens; the earlier ones count no more",
        takes=RefreshToken,
        example=_RENEWAL,
        answers={**_REFUSED, 200: Tokens},
    ),
)
