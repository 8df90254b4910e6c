"""Whom routes admit: the holder of an API key in `x-api-key`, or a person with an access token."""

from typing import Final

import structlog
from msgspec.structs import replace

from saluhall.dialect import Knock, Overloaded
from saluhall.dialects.rheo.errors import BadAccess
from saluhall.domain.accounts import operations as accounts
from saluhall.domain.accounts.model import Admitted, Principal, Tier, UnknownKey
from saluhall.domain.resellers import queries as resellers
from saluhall.domain.sessions import operations as sessions
from saluhall.domain.sessions import tokens
from saluhall.kit.jwt import BadToken, TokenExpired, bearer_of
from saluhall.kit.oidc import Issuer, IssuerUnavailable

ISSUER: Final = "saluhall"
MANAGEMENT = Tier("management", 10)
READ = Tier("read", 30)


async def api_key(knock: Knock) -> Admitted:
    """Admit a live key and take one call of its tier. Raises UnknownKey, RateLimited, MemberNotFound.

    Only `x-api-key` counts: a key sent as `Authorization: Bearer` is the documented mistake.
    """
    key = knock.headers.get("x-api-key", "").strip()
    if not key:
        raise UnknownKey
    admitted = await accounts.admit_key(knock.tx, key=key, tier=knock.tier, now=knock.now)
    return await _as_member(knock, admitted)


async def _as_member(knock: Knock, admitted: Admitted) -> Admitted:
    """Let a reseller act for the member that it names; the call counts as the reseller's. Raises MemberNotFound."""
    external_id = knock.headers.get("x-partner-account")
    if external_id is None:
        return admitted
    by = await resellers.member_principal(knock.tx, by=admitted.by, external_id=external_id.strip())
    structlog.contextvars.bind_contextvars(reseller_id=str(admitted.by.account_id))
    return replace(admitted, by=by)


async def person(knock: Knock) -> Admitted:
    """Admit a person by an access token, ours or the external issuer's, and take one call of the tier.

    Raises BadAccess, TokenExpired, SessionEnded, TokenReplaced, UnknownSubject, AccountSuspended, RateLimited, Overloaded.
    """
    token = bearer_of(knock.headers)
    try:
        if knock.issuer is not None and knock.issuer.has_issued(token):
            by = await _person_of_issuer(knock, knock.issuer, token)
        else:
            by = await _person_of_session(knock, token)
    except TokenExpired:
        raise
    except BadToken as error:
        raise BadAccess from error
    return await accounts.count_call(knock.tx, by=by, tier=knock.tier, now=knock.now)


async def key_or_person(knock: Knock) -> Admitted:
    """Admit a key as `api_key` does, or a person as `person` does; a key counts when one is sent. Raises what they raise."""
    return await (api_key if "x-api-key" in knock.headers else person)(knock)


async def _person_of_session(knock: Knock, token: str) -> Principal:
    claims = tokens.opened(knock.signer, token, issuer=ISSUER, kind=tokens.ACCESS, now=knock.now)
    return await sessions.admit(
        knock.tx,
        owner=claims.owner,
        session_id=claims.session_id,
        access_jti=claims.jti,
        refresh_jti=claims.refresh_jti,
        now=knock.now,
    )


async def _person_of_issuer(knock: Knock, issuer: Issuer, token: str) -> Principal:
    try:
        subject = issuer.subject_of(token, now_s=knock.now.timestamp())
    except IssuerUnavailable as error:
        raise Overloaded from error
    return await accounts.admit_subject(knock.tx, subject=subject, now=knock.now)
