"""Sellrapido's tokens: the session's, issued under Sellrapido's name and shown in its shape."""

from datetime import datetime
from typing import Final

from saluhall.dialects.sellrapido.wire import Token, instant_to_the_second
from saluhall.domain.sessions import tokens
from saluhall.domain.sessions.model import Session
from saluhall.domain.sessions.tokens import ACCESS, REFRESH, Claims
from saluhall.kit.jwt import Signer

__all__ = ["ACCESS", "REFRESH", "access_token", "opened", "refresh_token"]

ISSUER: Final = "sro_api"

EXPIRED: Final = "Token expired"
INVALID: Final = "Invalid token"
INVALIDATED: Final = "Token generated from an invalidated refresh token"
NOT_AUTHORIZED: Final = "Account not authorized"


def access_token(signer: Signer, session: Session) -> Token:
    """Show the access token that counts in a session."""
    token = tokens.access_token(signer, session, issuer=ISSUER)
    return Token(token=token, expires_at=instant_to_the_second(session.access_expires_at))


def refresh_token(signer: Signer, session: Session) -> Token:
    """Show the refresh token that counts in a session."""
    token = tokens.refresh_token(signer, session, issuer=ISSUER)
    return Token(token=token, expires_at=instant_to_the_second(session.refresh_expires_at))


def opened(signer: Signer, token: str, *, kind: str, now: datetime) -> Claims:
    """Read a token of ours of this kind. Raises BadToken, TokenExpired."""
    return tokens.opened(signer, token, issuer=ISSUER, kind=kind, now=now)
