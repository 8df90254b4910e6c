"""Whom the operator trusts to sign people in: settings, and what a subject may be."""

from collections.abc import Mapping

from msgspec import Struct

from saluhall.kit.environment import BadSetting, read_text

_SECRET_BYTES = 32  # RFC 7518: as long as what HS256 puts out
_LONGEST_SUBJECT = 255


class Trust(Struct, frozen=True, kw_only=True):
    """Whose tokens are taken: exactly one of `secret` and `jwks_url` is there. Without an audience, `aud` is not looked at."""

    issuer: str
    audience: str | None
    secret: str | None
    jwks_url: str | None

    @classmethod
    def read(cls, env: Mapping[str, str]) -> "Trust | None":
        """Read the settings; None when none is set. Raises BadSetting."""
        issuer = read_text(env, "SALUHALL_JWT_ISSUER")
        audience = read_text(env, "SALUHALL_JWT_AUDIENCE")
        secret = read_text(env, "SALUHALL_JWT_SECRET")
        jwks_url = read_text(env, "SALUHALL_JWT_JWKS_URL")
        if issuer is None:
            if audience or secret or jwks_url:
                raise BadSetting("SALUHALL_JWT_ISSUER: must be set too")
            return None
        if (secret is None) == (jwks_url is None):
            raise BadSetting("SALUHALL_JWT_SECRET or SALUHALL_JWT_JWKS_URL: set one of the two")
        if secret is not None and len(secret.encode()) < _SECRET_BYTES:
            raise BadSetting(f"SALUHALL_JWT_SECRET: must have at least {_SECRET_BYTES} bytes")
        if jwks_url is not None and not jwks_url.startswith(("https://", "http://")):
            raise BadSetting("SALUHALL_JWT_JWKS_URL: must start with https:// or http://")
        return cls(issuer=issuer, audience=audience, secret=secret, jwks_url=jwks_url)


def is_subject(text: str) -> bool:
    """Tell whether a text can be a subject: 1 to 255 printable characters."""
    return 0 < len(text) <= _LONGEST_SUBJECT and text.isprintable()
