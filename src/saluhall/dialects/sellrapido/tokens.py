"""The tokens: what stands in them, and reading them back."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from saluhall.dialects.sellrapido.wire import Token, instant_to_the_second
from saluhall.domain.sessions.model import ACCESS_LIFE, REFRESH_LIFE, Session
from saluhall.kit.jwt import BadToken, Signer

ISSUER: Final = "sro_api"
ACCESS: Final = "access_token"
REFRESH: Final = "refresh_token"

EXPIRED: Final = "Token expired"
INVALID: Final = "Invalid token"
INVALIDATED: Final = "Token generated from an invalidated refresh token"
NOT_AUTHORIZED: Final = "Account not authorized"


class Claims(Struct, frozen=True, kw_only=True):
    """What we need of a token of ours: its id, that of its refresh token, and the session it belongs to."""

    jti: UUID
    refresh_jti: UUID
    owner: UUID
    session_id: UUID


def access_token(signer: Signer, session: Session) -> Token:
    """Make the access token that counts in a session; the parent refresh token stands in it."""
    issued = session.access_expires_at - ACCESS_LIFE
    claims = _claims(session, ACCESS, session.access_jti, issued, session.access_expires_at)
    return Token(
        token=signer.sign(claims), expires_at=instant_to_the_second(session.access_expires_at)
    )


def refresh_token(signer: Signer, session: Session) -> Token:
    """Make the refresh token that counts in a session."""
    issued = session.refresh_expires_at - REFRESH_LIFE
    claims = _claims(session, REFRESH, session.refresh_jti, issued, session.refresh_expires_at)
    return Token(
        token=signer.sign(claims), expires_at=instant_to_the_second(session.refresh_expires_at)
    )


def opened(signer: Signer, token: str, *, kind: str, now: datetime) -> Claims:
    """Read a token of ours of this kind. Raises BadToken, TokenExpired."""
    claims = signer.read(token, audience=ISSUER, now_s=now.timestamp())
    if claims.get("token_name") != kind:
        raise BadToken(f"not an {kind}")
    try:
        return Claims(
            jti=UUID(claims["jti"]),
            refresh_jti=UUID(claims["refresh_jti"]),
            owner=UUID(claims["owner"]),
            session_id=UUID(claims["sid"]),
        )
    except (KeyError, ValueError, AttributeError) as error:
        raise BadToken("the ids are missing") from error


def _claims(
    session: Session, kind: str, jti: UUID, issued: datetime, expires: datetime
) -> dict[str, object]:
    return {
        "iss": ISSUER,
        "sub": str(session.account_number),
        "aud": [ISSUER],
        "iat": int(issued.timestamp()),
        "exp": int(expires.timestamp()),
        "jti": str(jti),
        "account_id": session.account_number,
        "username": session.username,
        "company_id": session.account_number,
        "token_name": kind,
        "expire_at": _with_nanoseconds(expires),
        "creation_at": _with_nanoseconds(issued),
        "refresh_jti": str(session.refresh_jti),
        "sid": str(session.id),
        "owner": str(session.account_id),
    }


def _with_nanoseconds(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")
