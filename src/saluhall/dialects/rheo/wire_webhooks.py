"""Rheo's shapes for webhooks: settings, endpoints, the log of deliveries, and the feed of events."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

Url = Annotated[
    str,
    Meta(
        pattern="^[Hh][Tt][Tt][Pp][Ss]://",
        max_length=2048,
        extra={
            "message": "Must be an HTTPS URL; to receive events on your own machine run `saluhall listen`"
        },
        extra_json_schema={"format": "uri"},
    ),
]
EventName = Literal[
    "item.created",
    "item.images_ready",
    "item.sold",
    "listing.created",
    "listing.ended",
    "listing.failed",
]
EventNames = Annotated[list[EventName], Meta(max_length=32)]
ScopeName = Literal["self", "members"]
Description = Annotated[str, Meta(max_length=255)]
Instant = Annotated[str, Meta(max_length=64, extra_json_schema={"format": "date-time"})]


class SettingsChange(Struct, frozen=True, kw_only=True):
    """The body of a change of the settings; null removes the address."""

    webhookUrl: Url | None


class Settings(Struct, frozen=True, kw_only=True):
    """The one address of an account, and its secret."""

    webhookUrl: str | None
    webhookSecret: str


class Done(Struct, frozen=True, kw_only=True):
    """It is done."""

    success: bool = True


class NewEndpoint(Struct, frozen=True, kw_only=True):
    """The body of an endpoint's making. No event types means all."""

    url: Url
    eventTypes: EventNames | UnsetType | None = UNSET
    scope: ScopeName | UnsetType | None = UNSET
    description: Description | UnsetType | None = UNSET


class EndpointPatch(Struct, frozen=True, kw_only=True):
    """The body of an endpoint's change; what is left out or null stays."""

    url: Url | UnsetType | None = UNSET
    eventTypes: EventNames | UnsetType | None = UNSET
    scope: ScopeName | UnsetType | None = UNSET
    active: bool | UnsetType | None = UNSET
    description: Description | UnsetType | None = UNSET


class Endpoint(Struct, frozen=True, kw_only=True):
    """An endpoint; `secret` only where it was just made."""

    id: str
    url: str | None
    eventTypes: list[str]
    scope: ScopeName
    active: bool
    failCount: int
    secret: str | UnsetType = UNSET
    secretHint: str
    createdAt: str
    updatedAt: str
    description: str


class Endpoints(Struct, frozen=True, kw_only=True):
    """The endpoints of an account, oldest first."""

    webhooks: list[Endpoint]


class TestResult(Struct, frozen=True, kw_only=True):
    """What the receiver said to a test event; `httpStatus` is null when it did not answer."""

    success: bool
    eventId: str
    eventType: str
    httpStatus: int | None
    latencyMs: int
    errorMessage: str | None


class ReplayRequest(Struct, frozen=True, kw_only=True):
    """Which events to send once more: from `since` on, before `until` (now); no types means those of the endpoint."""

    since: Instant
    until: Instant | UnsetType | None = UNSET
    eventTypes: EventNames | UnsetType | None = UNSET


class ReplayAccepted(Struct, frozen=True, kw_only=True):
    """A replay is on its way; `events` is how many, or at least how many when they are too many to count."""

    replayId: str
    events: int
    eventsExact: bool


class Delivery(Struct, frozen=True, kw_only=True):
    """One attempt to deliver an event."""

    id: str
    externalId: str
    eventType: str
    status: Literal["success", "failed"]
    errorMessage: str | None
    createdAt: str
    endpointId: str
    eventId: str
    httpStatus: int | None


class Deliveries(Struct, frozen=True, kw_only=True):
    """Attempts, newest first."""

    deliveries: list[Delivery]
    nextCursor: str | None


class Redelivery(Struct, frozen=True, kw_only=True):
    """An event is on its way once more."""

    success: bool = True
    eventId: str
    endpointId: str


class Events(Struct, frozen=True, kw_only=True):
    """Events as webhooks send them, in the order in which they can be read without a gap."""

    events: list[Raw]
    nextCursor: str | None
