"""Whom the operator trusts to sign people in: settings, and what a subject may be."""

from collections.abc import Mapping

from msgspec import Struct

from saluhall.kit.environment import BadSetting, BadSettings, Setting, Table, read_table
from saluhall.kit.values import secret, web_address, words

_SECRET_BYTES = 32  # RFC 7518: as long as what HS256 puts out
_MAX_SUBJECT = 255
JWT: Table = {
    "issuer": Setting("SALUHALL_JWT_ISSUER", words, None, "The name of the external issuer."),
    "audience": Setting("SALUHALL_JWT_AUDIENCE", words, None, "What `aud` must hold."),
    "secret": Setting(
        "SALUHALL_JWT_SECRET", secret(_SECRET_BYTES), None, "The issuer's secret for HS256."
    ),
    "jwks_url": Setting(
        "SALUHALL_JWT_JWKS_URL",
        web_address(example="https://issuer.example/.well-known/jwks.json"),
        None,
        "Where the issuer publishes its keys.",
    ),
}


class OidcSettings(Struct, frozen=True, kw_only=True):
    """The issuer of accepted tokens: exactly one of `secret` and `jwks_url` is there. Without an audience, `aud` is not looked at."""

    issuer: str
    audience: str | None
    secret: str | None
    jwks_url: str | None

    @classmethod
    def read(cls, env: Mapping[str, str]) -> "OidcSettings | None":
        """Read the settings; None when none is set. Raises BadSettings."""
        given, errors = read_table(env, JWT)
        errors = errors or _contradictions(given)
        if errors:
            raise BadSettings(errors)
        return None if given["issuer"] is None else cls(**given)


def _contradictions(given: Mapping[str, str | None]) -> list[BadSetting]:
    if given["issuer"] is None:
        if any(given.values()):
            return [
                BadSetting(
                    "SALUHALL_JWT_ISSUER",
                    "it is not set, but other settings of the issuer are",
                    "write the issuer's name as its tokens have it in `iss`",
                )
            ]
        return []
    has_secret, has_url = given["secret"] is not None, given["jwks_url"] is not None
    if has_secret == has_url:
        problem = "both are set" if has_secret else "neither is set"
        names = "SALUHALL_JWT_SECRET or SALUHALL_JWT_JWKS_URL"
        return [BadSetting(names, problem, "give one of the two")]
    return []


def is_subject(text: str) -> bool:
    """Return whether a text can be a subject: 1 to 255 printable characters."""
    return 0 < len(text) <= _MAX_SUBJECT and text.isprintable()
