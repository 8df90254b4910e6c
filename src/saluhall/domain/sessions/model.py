"""The facts of a session, and what can be wrong with signing in."""

from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from saluhall.domain.accounts.roles import Role
from saluhall.kit.retry import RetryPolicy

ACCESS_LIFE = timedelta(minutes=15)
REFRESH_LIFE = timedelta(days=30)
SIGN_IN_WAITS = RetryPolicy(base=timedelta(seconds=1), max=timedelta(minutes=1))
MEMORY = timedelta(hours=1)  # a failure older than this is forgotten


# A client that lost its response, or that sent two requests at once, uses a spent refresh token soon; a thief uses it later.
REUSE_GRACE = timedelta(seconds=10)
MIN_PASSWORD_LENGTH = 8


class InvalidCredentials(Exception):
    """No user has this name with this password; the message is the name that was tried."""


class SignInThrottled(Exception):
    """Too many failures from this address or for this name: try again after `retry_after_s` whole seconds."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"retry after {retry_after_s} s")
        self.retry_after_s = retry_after_s


class SessionEnded(Exception):
    """The session is over, or the refresh token that the token comes from was replaced."""


class TokenReplaced(Exception):
    """A newer access token of the same session took this one's place."""


class SessionNotFound(Exception):
    """The user has no open session with this id."""


class WrongPassword(Exception):
    """The current password that was given is not the user's."""


class WeakPassword(Exception):
    """The new password is shorter than MIN_PASSWORD_LENGTH characters."""


class User(Struct, frozen=True, kw_only=True):
    """A person of an account; the numbers are how partners' clients know both.

    `at_home` says that the person has an open session from the address the request came from.
    """

    id: UUID
    number: int
    username: str
    password_hash: str
    role: Role
    account_id: UUID
    account_number: int
    account_name: str
    is_suspended: bool
    at_home: bool


class Session(Struct, frozen=True, kw_only=True):
    """A person signed in: the one access and the one refresh token that count, by their ids."""

    id: UUID
    account_id: UUID
    account_number: int
    account_name: str
    is_suspended: bool
    user_id: UUID
    user_number: int
    username: str
    role: Role
    access_jti: UUID
    access_expires_at: datetime
    refresh_jti: UUID
    refresh_expires_at: datetime


class OpenSession(Struct, frozen=True, kw_only=True):
    """A session as its user sees it: from which address it was opened, and until when it can be renewed."""

    id: UUID
    address: str
    created_at: datetime
    expires_at: datetime


class Subject(Struct, frozen=True):
    """What failures are counted for, and how many of them cost nothing; each further one doubles the wait."""

    key: str
    free: int


class Failures(Struct, frozen=True):
    """Failures in a row, and the last of them."""

    count: int
    at: datetime


def wait_after(failures: Failures, *, free: int) -> datetime:
    """Return when the next attempt is allowed."""
    if failures.count < free:
        return failures.at
    return failures.at + SIGN_IN_WAITS.delay(failures.count - free + 1)
