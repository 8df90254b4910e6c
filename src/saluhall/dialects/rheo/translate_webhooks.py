"""Translate endpoints, replays, the log and its questions: pure functions."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, TypeVar
from uuid import UUID

from msgspec import UNSET, UnsetType

from saluhall.dialect import Invalid, Problem
from saluhall.dialects.rheo.event_words import VOCABULARY
from saluhall.dialects.rheo.wire_webhooks import Endpoint, EndpointPatch, ReplayRequest
from saluhall.domain.events.model import START, Event, EventType, Position
from saluhall.domain.webhooks.model import AttemptFilter, EndpointChange, Scope, Subscription
from saluhall.domain.webhooks.model import Endpoint as OurEndpoint
from saluhall.kit.clock import iso_from_instant

T = TypeVar("T")

TEST_ID: Final = "TEST_EVENT"
_HINT: Final = 9
_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)  # nothing happened here before
_NO_INSTANT: Final = "Must be an ISO 8601 date and time"
_STATUSES: Final = {"success": True, "failed": False}
_FIRST_CHOICE: Final = EventType.LISTING_PUBLISHED  # every client knows it
# As large as a database can count and no larger.
_POSITION: Final = re.compile(r"([0-9]{1,4})-([0-9]{1,19})-([0-9a-f]{32})")


def endpoint_from_ours(endpoint: OurEndpoint, secret: str, *, shown: bool) -> Endpoint:
    """Show an endpoint; its secret whole, or only how it begins."""
    return Endpoint(
        id=str(endpoint.id),
        url=endpoint.url,
        eventTypes=[] if endpoint.takes_all else VOCABULARY.words_of(endpoint.event_types),
        scope=endpoint.scope.value,
        active=endpoint.active,
        failCount=endpoint.fail_count,
        secret=secret if shown else UNSET,
        secretHint=f"{secret[:_HINT]}…",
        createdAt=iso_from_instant(endpoint.created_at),
        updatedAt=iso_from_instant(endpoint.updated_at),
        description=endpoint.description,
    )


def change_from_patch(patch: EndpointPatch) -> EndpointChange:
    """Read what to change; null names nothing."""
    types = named(patch.eventTypes)
    scope = named(patch.scope)
    return EndpointChange(
        url=named(patch.url),
        subscription=UNSET if types is UNSET else VOCABULARY.subscription(types),
        scope=UNSET if scope is UNSET else Scope(scope),
        active=named(patch.active),
        description=named(patch.description),
    )


def named(value: T | UnsetType | None) -> T | UnsetType:
    """Take null for a field that was left out."""
    return UNSET if value is None else value


def subscription_from_names(names: Sequence[str] | UnsetType | None) -> Subscription:
    """Read which events an endpoint gets; all when it names none."""
    return VOCABULARY.subscription(names or ())


def types_from_names(names: Sequence[str] | UnsetType | None) -> tuple[EventType, ...]:
    """Read types of events; nothing when none are named."""
    return VOCABULARY.types_of(names or ())


def window_from_request(asked: ReplayRequest, *, now: datetime) -> tuple[datetime, datetime]:
    """Read from when until when to replay; nothing later than now. Raises Invalid."""
    since = _instant(asked.since)
    until = _instant(asked.until) if asked.until else now
    wrong = [f for f, at in (("since", since), ("until", until)) if at is None]
    if wrong or since is None or until is None:
        raise Invalid([Problem(field, _NO_INSTANT) for field in wrong])
    if since >= until:
        raise Invalid([Problem("since", "Must be before until")])
    return max(since, _EARLIEST), max(min(until, now), _EARLIEST)


def filter_from_query(query: Mapping[str, str]) -> AttemptFilter:
    """Read which lines of the log are asked for. Raises Invalid, naming all that is wrong at once."""
    problems: list[Problem] = []
    status, event_type = query.get("status"), query.get("eventType")
    if status and status not in _STATUSES:
        problems.append(Problem("status", "Must be 'success' or 'failed'"))
    if event_type and event_type not in VOCABULARY.words.values():
        problems.append(Problem("eventType", "Must be an event type that is delivered"))
    sku = query.get("externalId")
    if sku and "\0" in sku:
        problems.append(Problem("externalId", "Must not contain NUL"))
    ids = {name: _uuid(query.get(name), name, problems) for name in ("endpointId", "cursor")}
    times = {name: _time(query.get(name), name, problems) for name in ("since", "until")}
    if problems:
        raise Invalid(problems)
    return AttemptFilter(
        success=_STATUSES[status] if status else None,
        event_type=event_type or None,
        sku=sku or None,
        endpoint_id=ids["endpointId"],
        since=times["since"],
        until=times["until"],
        before=ids["cursor"],
    )


def _uuid(text: str | None, field: str, problems: list[Problem]) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        wanted = "Must be a nextCursor" if field == "cursor" else "Must be the id of an endpoint"
        problems.append(Problem(field, wanted))
        return None


def _time(text: str | None, field: str, problems: list[Problem]) -> datetime | None:
    found = _instant(text) if text else None
    if text and found is None:
        problems.append(Problem(field, _NO_INSTANT))
    return found


def _instant(text: str) -> datetime | None:
    """Read an instant; one without an offset is in UTC."""
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def text_from_position(position: Position) -> str:
    """Write a place in the feed as a cursor."""
    return f"{position.era}-{position.xid}-{position.id.hex}"


def position_from_query(query: Mapping[str, str]) -> Position:
    """Read where the feed continues, its beginning when nothing is said. Raises Invalid."""
    text = query.get("after")
    if not text:
        return START
    found = _POSITION.fullmatch(text)
    if found is None:
        raise Invalid([Problem("after", "Must be a nextCursor")])
    return Position(int(found[1]), int(found[2]), UUID(hex=found[3]))


def event_of_test(endpoint: OurEndpoint, *, event_id: UUID, now: datetime) -> Event:
    """Make an event in which nothing happened, of a type that the endpoint asks for."""
    types = endpoint.event_types
    return Event(
        id=event_id,
        account_id=endpoint.account_id,
        type=_FIRST_CHOICE if _FIRST_CHOICE in types else types[0],
        at=now,
        product_id=UUID(int=0),
        sku=TEST_ID,
        data={"platform": "rheo", "test": True},
    )
