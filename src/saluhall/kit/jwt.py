"""Sign and read JSON web tokens (HS256)."""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

import jwt

_ALGORITHM = "HS256"
_HEADERS = {"typ": None}  # the header names the algorithm and nothing else


# What the library raises for claims of odd types, too: it checks `nbf` and `aud` as they come.
UNREADABLE = (
    jwt.PyJWTError,
    ValueError,
    TypeError,
    AttributeError,
    OverflowError,
    RecursionError,
)


class BadToken(Exception):
    """The token was not signed by us, or cannot be read."""


class TokenExpired(BadToken):
    """The token was good once."""


def bearer_of(headers: Mapping[str, str]) -> str:
    """Take the bearer token out of a request's headers, with names in lower case; empty when there is none."""
    scheme, _, token = headers.get("authorization", "").strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


class Signer:
    """Signs with a key made from the hub's secret key."""

    def __init__(self, secret_key: str) -> None:
        self._key = hashlib.sha256(b"saluhall jwt\0" + secret_key.encode()).digest()

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Make a token of claims; `exp` and `iat` are in epoch seconds."""
        return jwt.encode(dict(claims), self._key, algorithm=_ALGORITHM, headers=_HEADERS)

    def read(self, token: str, *, audience: str, now_s: float) -> dict[str, Any]:
        """Read the claims of a token of ours. Raises BadToken, TokenExpired."""
        check_spelling(token)
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._key,
                algorithms=[_ALGORITHM],
                audience=audience,
                options={"verify_exp": False, "verify_iat": False, "require": ["exp", "jti"]},
            )
        except UNREADABLE as error:
            raise BadToken(str(error)) from error
        if type(claims["exp"]) is not int:
            raise BadToken("its time cannot be understood")
        if claims["exp"] <= now_s:
            raise TokenExpired
        return claims


def check_spelling(token: str) -> None:
    """See that a token is spelled in the one way that its bytes have in base64. Raises BadToken.

    Decoders ignore the bits that are left over in the last letter, so that other spellings would pass as well.
    """
    for part in token.split("."):
        try:
            spelled = urlsafe_b64encode(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        except ValueError as error:
            raise BadToken("not base64") from error
        if spelled.rstrip(b"=") != part.encode():
            raise BadToken("not spelled as base64 is")
