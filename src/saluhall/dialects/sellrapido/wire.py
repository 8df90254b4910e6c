"""Sellrapido's shapes, keys in the order they are printed. Products and orders have modules of their own."""

from datetime import UTC, datetime
from typing import Annotated, Any

from msgspec import Meta, Struct

_Name = Annotated[str, Meta(max_length=255)]
_Password = Annotated[str, Meta(max_length=1024)]
_Jwt = Annotated[str, Meta(max_length=8192)]


class Credentials(Struct, frozen=True, kw_only=True):
    """The body of authorize."""

    username: _Name
    password: _Password


class RefreshToken(Struct, frozen=True, kw_only=True):
    """The body of token and of refresh."""

    refresh_token: _Jwt


class Token(Struct, frozen=True, kw_only=True):
    """A token and when it expires (`2025-07-29T11:31:17Z`)."""

    token: str
    expires_at: str
    type: str = "bearer"


class AccessOnly(Struct, frozen=True, kw_only=True):
    """The answer of token."""

    access_token: Token


class Tokens(Struct, frozen=True, kw_only=True):
    """The answer of authorize and of refresh."""

    access_token: Token
    refresh_token: Token


class Error(Struct, frozen=True, kw_only=True):
    """Every error: what clients of both generations look for. `root`, `message` and `error` say the same; `hash` is the request id."""

    success: bool = False
    server: str = "saluhall"
    code: str
    root: str
    pagination: None = None
    hash: str = ""
    exception: dict[str, Any] = {}
    date: str = ""
    trace: list[str] = []
    traceAsString: str = ""
    message: str
    error: str


def instant_to_the_second(instant: datetime) -> str:
    """Spell an instant as `2025-07-29T11:31:17Z`."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
