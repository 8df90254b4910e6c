"""The facts of a session, and what can be wrong with signing in."""

from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

ACCESS_LIFE = timedelta(minutes=15)
REFRESH_LIFE = timedelta(days=30)
FREE_FAILURES = 5  # so many wrong passwords cost nothing; each further one doubles the wait
LONGEST_WAIT = timedelta(minutes=15)


class InvalidCredentials(Exception):
    """No user has this name with this password; the message is the name that was tried."""


class SignInThrottled(Exception):
    """Too many failures from this address or for this name: try again after `retry_after_s` whole seconds."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"retry after {retry_after_s} s")
        self.retry_after_s = retry_after_s


class SessionEnded(Exception):
    """The token was replaced by a newer one, or its session is over."""


class User(Struct, frozen=True, kw_only=True):
    """A person of an account; the numbers are how partners' clients know both."""

    id: UUID
    number: int
    username: str
    password_hash: str
    account_id: UUID
    account_number: int
    account_name: str


class Session(Struct, frozen=True, kw_only=True):
    """A person signed in: the one access and the one refresh token that count, by their ids."""

    id: UUID
    account_id: UUID
    account_number: int
    account_name: str
    user_number: int
    username: str
    access_jti: UUID
    access_expires_at: datetime
    refresh_jti: UUID
    refresh_expires_at: datetime


def wait_after(failures: int, failed_at: datetime) -> datetime:
    """Tell when the next try is admitted after so many failures in a row."""
    if failures < FREE_FAILURES:
        return failed_at
    doubled = timedelta(seconds=2 ** min(failures - FREE_FAILURES, 20))
    return failed_at + min(doubled, LONGEST_WAIT)
