"""Rheo's shapes for people: signing in, and their API keys."""

from typing import Annotated

from msgspec import Meta, Struct

_Name = Annotated[str, Meta(max_length=255)]
_Password = Annotated[str, Meta(max_length=1024)]
_Jwt = Annotated[str, Meta(max_length=8192)]


class Credentials(Struct, frozen=True, kw_only=True):
    """The body of a sign-in."""

    username: _Name
    password: _Password


class Refresh(Struct, frozen=True, kw_only=True):
    """The body of a refresh."""

    refresh_token: _Jwt


class Token(Struct, frozen=True, kw_only=True):
    """A token and when it expires (`2026-05-26T10:15:00Z`)."""

    token: str
    expires_at: str
    type: str = "bearer"


class Tokens(Struct, frozen=True, kw_only=True):
    """The answer of a sign-in and of a refresh."""

    access_token: Token
    refresh_token: Token


class NewPassword(Struct, frozen=True, kw_only=True):
    """The body of a change of password."""

    current_password: _Password
    new_password: _Password


class OpenSession(Struct, frozen=True, kw_only=True):
    """A session that is not over; `current` says that it is the caller's own."""

    id: str
    address: str
    createdAt: str
    expiresAt: str
    current: bool


class OpenSessions(Struct, frozen=True, kw_only=True):
    """The open sessions of a user."""

    sessions: list[OpenSession]


class NewKey(Struct, frozen=True, kw_only=True):
    """The body of a key's making; it may be missing altogether."""

    name: Annotated[str, Meta(min_length=1, max_length=255)] | None = None


class MadeKey(Struct, frozen=True, kw_only=True):
    """The answer of a key's making: the one time that the key is shown."""

    apiKey: str
    name: str


class Key(Struct, frozen=True, kw_only=True):
    """An API key that is not revoked, without the key itself."""

    id: str
    userId: str
    prefix: str
    name: str
    createdAt: str
    lastUsedAt: str | None
    revokedAt: None = None


class Keys(Struct, frozen=True, kw_only=True):
    """The live keys of an account."""

    keys: list[Key]
