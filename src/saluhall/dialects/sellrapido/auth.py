"""Who is authenticated: the holder of an access token, or, in the older generation, of the API key in the path."""

from functools import partial
from typing import Final
from uuid import UUID

from saluhall.dialect import AuthRequest, Retired, Route
from saluhall.dialects.sellrapido.errors import BadAccess
from saluhall.dialects.sellrapido.tokens import (
    ACCESS,
    EXPIRED,
    INVALID,
    INVALIDATED,
    NOT_AUTHORIZED,
    opened,
)
from saluhall.domain.accounts import operations as accounts
from saluhall.domain.accounts.model import Authenticated, UnknownKey
from saluhall.domain.sessions import operations as sessions
from saluhall.domain.sessions.model import SessionEnded, TokenReplaced
from saluhall.kit.jwt import BadToken, TokenExpired

V1: Final = "/sr_company_ws/api"
V2: Final = "/sr_company_ws/api/v2"

# The second generation's documentation carries this day; the first one's end was announced for the other (RFC 9745, RFC 8594).
DEPRECATED: Final = {
    "Deprecation": "@1753747200",
    "Sunset": "Mon, 12 Jan 2026 00:00:00 GMT",
}


async def bearer(request: AuthRequest) -> Authenticated:
    """Authenticate the holder of the access token that is valid. Raises BadAccess."""
    scheme, _, token = request.headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise BadAccess(NOT_AUTHORIZED)
    try:
        claims = opened(request.signer, token.strip(), kind=ACCESS, now=request.now)
        principal = await sessions.authenticate(
            request.tx,
            account_id=claims.account_id,
            session_id=claims.session_id,
            access_jti=claims.jti,
            refresh_jti=claims.refresh_jti,
            now=request.now,
        )
    except (TokenExpired, TokenReplaced) as error:
        raise BadAccess(EXPIRED) from error
    except BadToken as error:
        raise BadAccess(INVALID) from error
    except SessionEnded as error:
        raise BadAccess(INVALIDATED) from error
    return Authenticated(principal=principal)


async def legacy_key(request: AuthRequest) -> Authenticated:
    """Authenticate the account of the API key in the path. Raises Retired, UnknownKey."""
    if not request.legacy_api:
        raise Retired
    try:
        key = UUID(request.path["key"])
    except ValueError as error:
        raise UnknownKey from error
    return Authenticated(
        principal=await accounts.authenticate_legacy_key(request.tx, key=key, now=request.now)
    )


async def key_or_bearer(request: AuthRequest) -> Authenticated:
    """Authenticate by the key in the path when it is one, else by the access token. Raises Retired, UnknownKey, BadAccess."""
    if "authorization" not in request.headers:
        return await legacy_key(request)
    try:
        return await legacy_key(request)
    except (Retired, UnknownKey):
        return await bearer(request)


v2_route = partial(Route, authenticator=bearer, tier=None)
v1_route = partial(Route, authenticator=legacy_key, tier=None, headers=DEPRECATED)
