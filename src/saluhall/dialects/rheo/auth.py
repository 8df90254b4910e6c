"""Authenticate requests: an API key in `x-api-key`, or the access token of a user."""

from typing import Final

import structlog
from msgspec.structs import replace

from saluhall.dialect import AuthRequest, Overloaded
from saluhall.dialects.rheo.errors import BadAccess
from saluhall.domain.accounts import operations as accounts
from saluhall.domain.accounts.model import Authenticated, Principal, Tier, UnknownKey
from saluhall.domain.members import queries as members
from saluhall.domain.sessions import operations as sessions
from saluhall.domain.sessions import tokens
from saluhall.kit.jwt import BadToken, TokenExpired, bearer_of
from saluhall.kit.oidc import Issuer, IssuerUnavailable

ISSUER: Final = "saluhall"
MANAGEMENT = Tier("management", 10)
READ = Tier("read", 30)


async def api_key(request: AuthRequest) -> Authenticated:
    """Authenticate a live key and count one request of its tier. Raises UnknownKey, RateLimited, MemberNotFound.

    Only `x-api-key` counts: a key sent as `Authorization: Bearer` is the documented mistake.
    """
    key = request.headers.get("x-api-key", "").strip()
    if not key:
        raise UnknownKey
    authenticated = await accounts.authenticate_key(
        request.tx, key=key, tier=request.tier, now=request.now
    )
    return await _as_member(request, authenticated)


async def _as_member(request: AuthRequest, authenticated: Authenticated) -> Authenticated:
    """Let a reseller act for the member that it names; the call counts as the reseller's. Raises MemberNotFound."""
    external_id = request.headers.get("x-partner-account")
    if external_id is None:
        return authenticated
    principal = await members.member_principal(
        request.tx, principal=authenticated.principal, external_id=external_id.strip()
    )
    structlog.contextvars.bind_contextvars(reseller_id=str(authenticated.principal.account_id))
    return replace(authenticated, principal=principal)


async def person(request: AuthRequest) -> Authenticated:
    """Authenticate a person by an access token, ours or the external issuer's, and count one request of the tier.

    Raises BadAccess, TokenExpired, SessionEnded, TokenReplaced, UnknownSubject, AccountSuspended, RateLimited, Overloaded.
    """
    token = bearer_of(request.headers)
    try:
        if request.issuer is not None and request.issuer.has_issued(token):
            principal = await _person_of_issuer(request, request.issuer, token)
        else:
            principal = await _person_of_session(request, token)
    except TokenExpired:
        raise
    except BadToken as error:
        raise BadAccess from error
    return await accounts.count_call(
        request.tx, principal=principal, tier=request.tier, now=request.now
    )


async def key_or_person(request: AuthRequest) -> Authenticated:
    """Authenticate a key as `api_key` does, or a person as `person` does; a key counts when one is sent. Raises what they raise."""
    return await (api_key if "x-api-key" in request.headers else person)(request)


async def _person_of_session(request: AuthRequest, token: str) -> Principal:
    claims = tokens.opened(
        request.signer, token, issuer=ISSUER, kind=tokens.ACCESS, now=request.now
    )
    return await sessions.authenticate(
        request.tx,
        account_id=claims.account_id,
        session_id=claims.session_id,
        access_jti=claims.jti,
        refresh_jti=claims.refresh_jti,
        now=request.now,
    )


async def _person_of_issuer(request: AuthRequest, issuer: Issuer, token: str) -> Principal:
    try:
        subject = issuer.subject_of(token, now_s=request.now.timestamp())
    except IssuerUnavailable as error:
        raise Overloaded from error
    return await accounts.authenticate_subject(request.tx, subject=subject, now=request.now)
