"""Who calls, and what can be wrong about it."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from saluhall.domain.accounts.roles import RIGHTS, Right, Role

MAX_KEYS = 100  # live ones, of one account


class UnknownKey(Exception):
    """No live API key has this hash."""


class UnknownSubject(Exception):
    """No user is linked to this subject of the external issuer."""


class NotPermitted(Exception):
    """The role of the principal lacks a right; the message names both."""


class ExpiresInPast(Exception):
    """The key would have expired before it is made."""


class LastOwner(Exception):
    """The account would be left without an owner."""


class KeyNotFound(Exception):
    """The account has no live API key with this id."""


class TooManyKeys(Exception):
    """The account has as many live API keys as it may have."""


class UserNotFound(Exception):
    """No user has this name."""


class SubjectTaken(Exception):
    """Another user is linked to this subject already."""


class BadSubject(Exception):
    """No token can be about such a subject."""


class AccountNotFound(Exception):
    """No account has this name."""


class AccountSuspended(Exception):
    """The operator has closed the hub to this account for a while."""


class BadTimeZone(Exception):
    """Nobody knows a time zone of this name."""


class BadCurrency(Exception):
    """ISO 4217 has no such code, or the account's figures are in this currency already."""


class BadRate(Exception):
    """A rate is a positive number; the message says so."""


class AccountTaken(Exception):
    """An account with this name, or a user with this username, exists already."""


class RateLimited(Exception):
    """The key has used up its tier for the moment. `retry_after_s` is the wait until this call's turn, in whole seconds, at least 1."""

    def __init__(self, *, tier: "Tier", retry_after_s: int) -> None:
        super().__init__(f"{tier.name}: retry after {retry_after_s} s")
        self.tier = tier
        self.retry_after_s = retry_after_s


class Tier(Struct, frozen=True):
    """A rate limit: so many calls per second for each key, with bursts of one second's worth."""

    name: str
    per_second: int


class Principal(Struct, frozen=True, kw_only=True):
    """The caller: every query and operation is scoped by `account_id`.

    `user_id` is the person's who signed in and `session_id` their session, `key_id` the key's; `role` is the user's, or the
    scope of the key.
    """

    account_id: UUID
    account_name: str
    key_id: UUID | None = None
    user_id: UUID | None = None
    session_id: UUID | None = None
    role: Role = Role.OWNER

    def require(self, right: Right | None) -> None:
        """Check that the role has a right; no role has None. Raises NotPermitted."""
        if right not in RIGHTS[self.role]:
            raise NotPermitted(f"This needs the right {right}, which the role {self.role} lacks")


class ApiKey(Struct, frozen=True, kw_only=True):
    """An API key as its account sees it: the beginning alone is known. `last_used_at` is exact to a minute."""

    id: UUID
    account_id: UUID
    name: str
    prefix: str
    scope: Role
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None

    def is_live(self, *, now: datetime) -> bool:
        """Return whether the key opens something."""
        return self.expires_at is None or now < self.expires_at


class AccountSummary(Struct, frozen=True, kw_only=True):
    """An account as the operator sees it, with how many users it has and API keys that are not revoked."""

    account_id: UUID
    name: str
    created_at: datetime
    suspended_at: datetime | None
    time_zone: str
    currency: str | None
    users: int
    api_keys: int


class UserSummary(Struct, frozen=True, kw_only=True):
    """A user as the operator sees them; `subject` is who they are to the external issuer."""

    id: UUID
    username: str
    role: Role
    subject: str | None
    created_at: datetime


class Authenticated(Struct, frozen=True, kw_only=True):
    """The principal of a request, and how many requests are left in this second (None: not limited)."""

    principal: Principal
    remaining: int | None = None
