"""Signing in: people get short-lived tokens for the management routes."""

from collections.abc import Mapping, Sequence
from functools import partial

from msgspec import Struct

from saluhall.dialect import PublicRequest, Reply, Route
from saluhall.dialects.rheo.auth import ISSUER
from saluhall.dialects.rheo.bodies import read
from saluhall.dialects.rheo.errors import BadRefresh
from saluhall.dialects.rheo.wire import Error
from saluhall.dialects.rheo.wire_people import Credentials, Refresh, Token, Tokens
from saluhall.domain.sessions import operations as sessions
from saluhall.domain.sessions import tokens
from saluhall.domain.sessions.model import Session, SessionEnded
from saluhall.kit.clock import iso_from_instant
from saluhall.kit.jwt import BadToken

_MAX_BODY_BYTES = 64 * 1024  # its sender is not known yet


async def sign_in(request: PublicRequest) -> Reply:
    """Open a session for a user and a password."""
    given = read(request.body, Credentials)
    session = await sessions.sign_in(
        request.db,
        username=given.username,
        password=given.password,
        address=request.address,
        now=request.now,
    )
    return _both(request, session)


async def refresh(request: PublicRequest) -> Reply:
    """Give two new tokens; the earlier ones are no longer valid. Raises BadRefresh."""
    given = read(request.body, Refresh)
    try:
        claims = tokens.opened(
            request.signer, given.refresh_token, issuer=ISSUER, kind=tokens.REFRESH, now=request.now
        )
        session = await sessions.rotate(
            request.db,
            account_id=claims.account_id,
            session_id=claims.session_id,
            refresh_jti=claims.jti,
            now=request.now,
        )
    except (BadToken, SessionEnded) as error:
        raise BadRefresh from error
    return _both(request, session)


def _both(request: PublicRequest, session: Session) -> Reply:
    access = tokens.access_token(request.signer, session, issuer=ISSUER)
    again = tokens.refresh_token(request.signer, session, issuer=ISSUER)
    body = Tokens(
        access_token=Token(token=access, expires_at=iso_from_instant(session.access_expires_at)),
        refresh_token=Token(token=again, expires_at=iso_from_instant(session.refresh_expires_at)),
    )
    return Reply(status=200, body=body)


_route = partial(
    Route,
    method="POST",
    tier=None,
    headers={"Cache-Control": "no-store"},
    max_body_bytes=_MAX_BODY_BYTES,
)
_REFUSED: Mapping[int, type[Struct] | None] = {
    400: Error,
    401: Error,
    403: Error,
    413: Error,
    422: Error,
}

ROUTES: Sequence[Route] = (
    _route(
        path="/auth/token",
        public_handler=sign_in,
        summary="Sign in with a user name and a password",
        body=Credentials,
        example={"username": "anna", "password": "a good password"},
        responses={**_REFUSED, 200: Tokens, 429: Error},
    ),
    _route(
        path="/auth/refresh",
        public_handler=refresh,
        summary="Get two new tokens; the earlier ones are no longer valid",
        body=Refresh,
        example={"refresh_token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3In0.c2lnbmF0dXJl"},
        responses={**_REFUSED, 200: Tokens},
    ),
)
