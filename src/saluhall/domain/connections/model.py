"""An account's access to a channel, and the calls that an application may make there."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct

from saluhall.kit.claim import Claim


class ConnectionNotFound(Exception):
    """The account has no connection with this id; the message says so."""


class ListingsAreLive(Exception):
    """Listings of the connection are, or may be, on the marketplace: it is not removed unless that is confirmed."""


class ConnectionState(StrEnum):
    """Whether a connection's access is known to work."""

    CONNECTED = "connected"
    DISCONNECTED = "disconnected"


class WaitsFor(StrEnum):
    """What work of a connection may wait for though its access works."""

    CALLS = "calls"  # the budget of calls is used up, or the channel refuses calls
    MARKETPLACE = "marketplace"  # it cannot be reached, or fails


class Wait(Struct, frozen=True, kw_only=True):
    """Why the work of a connection waits, and when it is tried next."""

    waits_for: WaitsFor
    reason: str
    next_try_at: datetime


class Health(Struct, frozen=True, kw_only=True):
    """How many connections of a channel are in a state and wait for the same; `next_try_s` is of the one that waits longest."""

    channel: str
    state: str
    reason: str
    connections: int
    next_try_s: float | None


class Connection(Struct, frozen=True, kw_only=True):
    """An account's login at a channel. The token stays sealed until a channel is opened.

    `number` names it where whole numbers do; up to `orders_since`, in the marketplace's time, its orders were read. `wait` is None
    while nothing keeps its work waiting.
    """

    id: UUID
    number: int
    account_id: UUID
    channel: str
    user_id: str
    token: bytes
    expires_at: datetime | None
    options: Mapping[str, Any]
    state: ConnectionState
    reason: str | None
    cursor: str | None
    orders_since: datetime | None
    polled_at: datetime | None
    poll_claim: Claim | None = None
    wait: Wait | None = None


class LoginOutcome(StrEnum):
    """What became of a login at a channel's own page."""

    CONNECTED = "connected"
    REJECTED = "rejected"


class LoginAttempt(Struct, frozen=True, kw_only=True):
    """A login that a seller was sent to make; `options` are those of the connection. `outcome` is None while nobody has come back."""

    account_id: UUID
    id: UUID
    channel: str
    options: Mapping[str, Any]
    outcome: LoginOutcome | None
    connection_id: UUID | None
    reason: str | None
    expires_at: datetime


class ConnectionHealth(Struct, frozen=True, kw_only=True):
    """Whether a connection works, for the operator; `account` is the account's name."""

    account: str
    connection_id: UUID
    channel: str
    user_id: str
    state: ConnectionState
    reason: str | None
    expires_at: datetime | None
    polled_at: datetime | None


class BudgetState(Struct, frozen=True, kw_only=True):
    """A channel's calls: what was made in the last 24 hours, and until when the marketplace refuses more."""

    used: int
    blocked_until: datetime | None
    blocks: int
    frees_at: datetime | None
