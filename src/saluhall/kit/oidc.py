"""Read the tokens of an external issuer: signed with a shared secret, or with keys that it publishes."""

import asyncio
import math
from collections.abc import Mapping
from typing import Any

import jwt
import structlog

from saluhall.kit.http import NoResponse, NotAllowed, Outbound, Response, TooLarge
from saluhall.kit.jwks import BadKeys, Key, keys_from_json
from saluhall.kit.jwt import UNREADABLE, BadToken, TokenExpired, check_spelling
from saluhall.kit.oidc_settings import OidcSettings, is_subject

_LEEWAY_S = 30.0
_ASK_EVERY_S = 60.0  # at most, whatever unknown keys are named
_STALE_AFTER_S = 600.0  # then a key that the issuer has withdrawn is noticed
_TIMEOUT_S = 5.0
_MAX_BYTES = 256 * 1024
_LATEST_S = 2.0**40  # neither NaN nor infinite
_OK = 200
_log = structlog.get_logger(__name__)


class IssuerUnavailable(Exception):
    """The issuer's keys could not be had so far: tokens cannot be checked."""


class Issuer:
    """Reads one issuer's tokens. `prepare` may go out for its keys, `subject_of` never does."""

    def __init__(self, trust: OidcSettings, http: Outbound) -> None:
        self._trust = trust
        self._http = http
        self._keys: dict[str | None, Key] = {}
        self._asked_at_s = self._heard_at_s = -math.inf
        self._asking = asyncio.Lock()
        if trust.secret is not None:
            self._keys[None] = Key("HS256", trust.secret.encode())

    def has_issued(self, token: str) -> bool:
        """Return whether a token says that it is this issuer's; nothing of it has been checked."""
        try:
            claims = jwt.decode(token, options={"verify_signature": False})
        except UNREADABLE:
            return False
        return claims.get("iss") == self._trust.issuer

    async def prepare(self, token: str, *, now_s: float) -> None:
        """Have the key that a token names, as far as the issuer publishes it; ask it at most once a minute."""
        url = self._trust.jwks_url
        if url is None or self._is_ready(token, now_s=now_s) or not self.has_issued(token):
            return
        async with self._asking:
            if now_s - self._asked_at_s >= _ASK_EVERY_S:
                self._asked_at_s = now_s
                await self._ask(url, now_s=now_s)

    def subject_of(self, token: str, *, now_s: float) -> str:
        """Check a token and return its subject. Raises BadToken, TokenExpired, IssuerUnavailable."""
        if not self._keys:
            raise IssuerUnavailable
        key = self._key_of(token)
        if key is None:
            raise BadToken("signed with an unknown key")
        claims = self._verified(token, key)
        _check_times(claims, now_s=now_s)
        return _subject_of(claims)

    def _is_ready(self, token: str, *, now_s: float) -> bool:
        """Return whether the token's key is known, and is fresh or being asked for."""
        is_fresh = now_s - self._heard_at_s < _STALE_AFTER_S or self._asking.locked()
        return is_fresh and self._key_of(token) is not None

    def _verified(self, token: str, key: Key) -> Mapping[str, Any]:
        check_spelling(token)
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key.material,
                algorithms=[key.algorithm],
                issuer=self._trust.issuer,
                audience=self._trust.audience,
                options={
                    "require": ["exp", "iss", "sub"],
                    "verify_aud": self._trust.audience is not None,
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                },
            )
        except UNREADABLE as error:
            raise BadToken(str(error)) from error
        return claims

    def _key_of(self, token: str) -> Key | None:
        """Find the key that a token names; one that names none was signed with the only one there is."""
        try:
            key_id = jwt.get_unverified_header(token).get("kid")
        except UNREADABLE:
            return None
        if self._trust.secret is not None or (key_id is None and len(self._keys) == 1):
            return next(iter(self._keys.values()))
        return self._keys.get(key_id)

    async def _ask(self, url: str, *, now_s: float) -> None:
        """Get the issuer's keys; when it does not return them, the earlier ones stay."""
        try:
            answer = await self._http.call("GET", url, timeout_s=_TIMEOUT_S, max_bytes=_MAX_BYTES)
            self._keys = _keys_of(answer)
        except (NotAllowed, NoResponse, TooLarge, BadKeys) as error:
            _log.warning("the token issuer's keys could not be read", url=url, error=str(error))
        else:
            self._heard_at_s = now_s


def _keys_of(answer: Response) -> dict[str | None, Key]:
    """Read the keys. Raises BadKeys."""
    if answer.status != _OK:
        raise BadKeys(f"status {answer.status}")
    return keys_from_json(answer.body)


def _check_times(claims: Mapping[str, Any], *, now_s: float) -> None:
    """See that a token is good now. Raises BadToken, TokenExpired."""
    expires, begins = claims["exp"], claims.get("nbf", 0)
    if not (_is_instant(expires) and _is_instant(begins)):
        raise BadToken("its times cannot be understood")
    if expires + _LEEWAY_S <= now_s:
        raise TokenExpired
    if begins - _LEEWAY_S > now_s:
        raise BadToken("not good yet")


def _is_instant(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LATEST_S


def _subject_of(claims: Mapping[str, Any]) -> str:
    subject = claims["sub"]
    if isinstance(subject, str) and is_subject(subject):
        return subject
    raise BadToken("its subject cannot be understood")
