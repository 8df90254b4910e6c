"""Write and read the tokens of a session. Each API issues its own and accepts no others."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from saluhall.domain.sessions.model import ACCESS_LIFE, REFRESH_LIFE, Session
from saluhall.kit.jwt import BadToken, Signer

ACCESS: Final = "access_token"
REFRESH: Final = "refresh_token"


class Claims(Struct, frozen=True, kw_only=True):
    """What we need of a token of ours: its id, that of its refresh token, and the session it belongs to."""

    jti: UUID
    refresh_jti: UUID
    account_id: UUID
    session_id: UUID


def access_token(signer: Signer, session: Session, *, issuer: str) -> str:
    """Return the current access token of a session; it contains the id of its refresh token."""
    issued = session.access_expires_at - ACCESS_LIFE
    named = {"token_name": ACCESS, "jti": str(session.access_jti)}
    return signer.sign(_claims(session, issuer, named, issued, session.access_expires_at))


def refresh_token(signer: Signer, session: Session, *, issuer: str) -> str:
    """Return the current refresh token of a session."""
    issued = session.refresh_expires_at - REFRESH_LIFE
    named = {"token_name": REFRESH, "jti": str(session.refresh_jti)}
    return signer.sign(_claims(session, issuer, named, issued, session.refresh_expires_at))


def opened(signer: Signer, token: str, *, issuer: str, kind: str, now: datetime) -> Claims:
    """Read a token of ours of this issuer and kind. Raises BadToken, TokenExpired."""
    claims = signer.read(token, audience=issuer, now_s=now.timestamp())
    if claims.get("token_name") != kind:
        raise BadToken(f"not an {kind}")
    try:
        return Claims(
            jti=UUID(claims["jti"]),
            refresh_jti=UUID(claims["refresh_jti"]),
            account_id=UUID(claims["owner"]),
            session_id=UUID(claims["sid"]),
        )
    except (KeyError, ValueError, AttributeError, TypeError) as error:
        raise BadToken("the ids are missing") from error


def _claims(
    session: Session, issuer: str, named: Mapping[str, str], issued: datetime, expires: datetime
) -> dict[str, object]:
    return {
        **named,
        "iss": issuer,
        "sub": str(session.account_number),
        "aud": [issuer],
        "iat": int(issued.timestamp()),
        "exp": int(expires.timestamp()),
        "account_id": session.account_number,
        "username": session.username,
        "company_id": session.account_number,
        "expire_at": _with_nanoseconds(expires),
        "creation_at": _with_nanoseconds(issued),
        "refresh_jti": str(session.refresh_jti),
        "sid": str(session.id),
        "owner": str(session.account_id),
    }


def _with_nanoseconds(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")
