"""The facts of endpoints and deliveries, and the schedule of retries."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from saluhall.domain.events.model import Event, EventType
from saluhall.kit.claim import Claim
from saluhall.kit.retry import RetryPolicy

# One first attempt and five quick retries.
QUICK_RETRIES = RetryPolicy(attempts=6, base=timedelta(seconds=1), max=timedelta(seconds=16))
# Then for days: 71.6 hours in eight waits, so that one event alone is given up before its 15th failure in a row would switch its
# endpoint off. The last wait is repeated when the operator wants more days. Jitter spreads the retries of what failed together.
LATER_RETRIES = RetryPolicy(
    steps=tuple(timedelta(minutes=m) for m in (5, 30, 120, 300, 600, 840, 960)),
    base=timedelta(days=1),
    max=timedelta(days=1),
    jitter=0.1,
)
FAILURES_BEFORE_OFF = 15  # in a row, and for so long: many calls at once can fail within a second
FAILING_BEFORE_OFF = timedelta(minutes=5)
TIMEOUT_S = 10.0
OVERLAP = timedelta(hours=24)  # a secret that was replaced signs on beside the new one
MAX_SECRETS = 10  # sign at the same time: frequent rotation makes no endless header
MAX_ENDPOINTS = 50


class DeliveryState(StrEnum):
    """Where a delivery is."""

    DUE = "due"
    DELIVERED = "delivered"
    EXHAUSTED = "exhausted"  # the schedule is used up; the event stays recoverable
    HELD = "held"  # its endpoint is switched off


class Scope(StrEnum):
    """The events that an endpoint gets: the account's own, or those of the accounts it acts for."""

    SELF = "self"
    MEMBERS = "members"


class BadEndpoint(Exception):
    """The address cannot be an endpoint; the message says why."""


class UnknownEventType(Exception):
    """The dialect has no such word for events; the message lists those that there are."""


class EndpointNotFound(Exception):
    """The account has no endpoint with this id."""


class AttemptNotFound(Exception):
    """The account's log has no such attempt, or what was attempted is gone."""


class TooManyEndpoints(Exception):
    """The account has as many endpoints as it may have."""


class NoMembers(Exception):
    """Only an account that may act for others receives the events of members."""


class ReplayRunning(Exception):
    """An endpoint takes one replay at a time."""


class Subscription(Struct, frozen=True, kw_only=True):
    """The types of events that an endpoint of a dialect gets; `is_all` when it asked for all of the dialect's."""

    dialect: str
    types: tuple[EventType, ...]
    is_all: bool = False


class Vocabulary(Struct, frozen=True, kw_only=True):
    """The words of a dialect for types of events; several types may have the same word.

    `words` are sent to endpoints that ask for all, `on_request` only to those that name them; `usual` are the words of an account's
    main endpoint that named none.
    """

    dialect: str
    words: Mapping[EventType, str]
    on_request: Mapping[EventType, str] = {}
    usual: tuple[str, ...] = ()

    def word_of(self, event_type: EventType) -> str:
        """Return the dialect's word for a type; our own where it has none."""
        return self.words.get(event_type) or self.on_request.get(event_type, event_type.value)

    def words_of(self, types: Iterable[EventType]) -> list[str]:
        """Return the dialect's words for types, each once, in this order."""
        return list(dict.fromkeys(self.word_of(each) for each in types))

    def types_of(self, words: Iterable[str]) -> tuple[EventType, ...]:
        """Return the types that these words are for, in this order. Raises UnknownEventType."""
        types: dict[EventType, None] = {}
        unknown: list[str] = []
        for word in words:
            named = [t for t, known in {**self.words, **self.on_request}.items() if known == word]
            types.update(dict.fromkeys(named))
            unknown += [] if named else [word]
        if unknown:
            known = ", ".join(sorted(set(self.words.values())))
            raise UnknownEventType(f"unknown event types: {', '.join(unknown)}; there are {known}")
        return tuple(types)

    def subscription(self, words: Sequence[str]) -> Subscription:
        """Return what an endpoint gets that names these words, or none for all. Raises UnknownEventType."""
        types = self.types_of(words) if words else tuple(self.words)
        return Subscription(dialect=self.dialect, types=types, is_all=not words)


class Endpoint(Struct, frozen=True, kw_only=True):
    """An endpoint of a dialect; the secrets are sealed. `url` is None as long as only the secret was asked for.

    `previous_secret` was replaced at `rotated_at`; `older_secrets` before that, the last one first. A temporary endpoint has a
    `certificate` (PEM), by which alone its receiver on this machine is known, and `expires_at`.
    """

    id: UUID
    account_id: UUID
    dialect: str
    url: str | None
    secret: bytes
    previous_secret: bytes | None = None
    rotated_at: datetime | None = None
    older_secrets: tuple[bytes, ...] = ()
    older_replaced_at: tuple[datetime, ...] = ()
    event_types: tuple[EventType, ...]
    takes_all: bool
    scope: Scope
    description: str
    active: bool
    fail_count: int
    certificate: str | None = None
    expires_at: datetime | None = None
    created_at: datetime
    updated_at: datetime

    @property
    def is_on(self) -> bool:
        """Return whether anything can be sent to it."""
        return self.active and self.url is not None

    def is_expired(self, now: datetime) -> bool:
        """Return whether a temporary endpoint was not renewed in time."""
        return self.expires_at is not None and self.expires_at < now

    def sealed_secrets(self, now: datetime) -> list[bytes]:
        """List the secrets that sign: the newest, then each that was replaced less than a day ago."""
        former = [
            (self.previous_secret, self.rotated_at),
            *zip(self.older_secrets, self.older_replaced_at, strict=True),
        ]
        return [self.secret, *(s for s, at in former if s and at and now < at + OVERLAP)]


class EndpointOff(Struct, frozen=True, kw_only=True):
    """An endpoint that is switched off, for the operator; `failed` says that its failures did it, and not somebody."""

    account: str
    endpoint_id: UUID
    url: str
    failed: bool
    failures: int
    off_since: datetime
    held: int


class EndpointChange(Struct, frozen=True, kw_only=True):
    """What to change about an endpoint; UNSET stays as it is."""

    url: str | UnsetType = UNSET
    subscription: Subscription | UnsetType = UNSET
    scope: Scope | UnsetType = UNSET
    active: bool | UnsetType = UNSET
    description: str | UnsetType = UNSET


class DueDelivery(Struct, frozen=True, kw_only=True):
    """An event to deliver to an endpoint; `attempts` were made before. `repeated`: a redelivery was requested."""

    id: UUID
    attempts: int
    repeated: bool
    event: Event
    claim: Claim | None = None


class Attempt(Struct, frozen=True, kw_only=True):
    """What became of one attempt. `event_type` is the dialect's word.

    `retry_at` is None after the last one; `counts` as a failure in a row, or does not.
    """

    id: UUID
    delivery_id: UUID
    event_id: UUID
    event_type: str
    sku: str
    success: bool
    counts: bool
    http_status: int | None
    error: str | None
    at: datetime
    retry_at: datetime | None
    worker: UUID | None = None
    claim: int | None = None


class LoggedAttempt(Struct, frozen=True, kw_only=True):
    """A line of the log."""

    id: UUID
    endpoint_id: UUID
    event_id: UUID
    event_type: str
    sku: str
    success: bool
    http_status: int | None
    error: str | None
    at: datetime


class AttemptFilter(Struct, frozen=True, kw_only=True):
    """Which lines of the log to read, newest first: those older than `before`; `since` counts, `until` does not."""

    success: bool | None = None
    event_type: str | None = None
    sku: str | None = None
    endpoint_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: UUID | None = None


class Replay(Struct, frozen=True, kw_only=True):
    """A replay on its way: everything up to `after_id` of `heard_account_id` has been queued.

    `pending` of what it queued has not arrived yet, `failing` when some of that was tried. It is `ready` once everybody who was
    writing when it was asked for has finished.
    """

    id: UUID
    account_id: UUID
    endpoint_id: UUID
    since: datetime
    until: datetime
    event_types: tuple[str, ...]
    heard_account_id: UUID | None
    after_id: UUID | None
    is_on: bool
    pending: int
    failing: bool
    ready: bool


def retry_at(attempts: int, now: datetime, *, days: int, chance: float) -> datetime | None:
    """Return when to try again after this many failed attempts; None when no attempt is left.

    `days` of later retries follow the quick ones; `chance` (0 to 1) places a later retry within its jitter.
    """
    if not QUICK_RETRIES.is_last(attempts):
        return now + QUICK_RETRIES.delay(attempts)
    later = attempts - (QUICK_RETRIES.attempts or 0) + 1
    waits = [LATER_RETRIES.delay(n) for n in range(1, later + 1)]
    if sum(waits, timedelta()) > timedelta(days=days):
        return None
    return now + LATER_RETRIES.delay(later, chance=chance)


def first_id(at: datetime) -> UUID:
    """Make the lowest identifier that can have been made at this instant."""
    ms = max(0, int(at.timestamp() * 1000))
    return UUID(bytes=min(ms, 2**48 - 1).to_bytes(6, "big") + bytes(10))
