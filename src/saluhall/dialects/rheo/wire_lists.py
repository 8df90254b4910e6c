"""Rheo's shapes for many items at once: batches, lists, containers, histories."""

from typing import Any

from msgspec import Raw, Struct

from saluhall.dialects.rheo.wire import Id, Item
from saluhall.domain.products.model import Kind, Status


class BatchItem(Item, frozen=True, kw_only=True):
    """An item of a batch: what a PUT takes, and its id."""

    externalId: Id


class Batch(Struct, frozen=True, kw_only=True):
    """The body of a batch: at most 500 items, each accepted or rejected alone."""

    items: list[BatchItem]


class Rejected(Struct, frozen=True, kw_only=True):
    """An item that was not stored, and all that is wrong with it."""

    externalId: str
    reason: str


class BatchAnswer(Struct, frozen=True, kw_only=True):
    """What became of a batch."""

    accepted: int
    rejected: int
    errors: list[Rejected]


class ListItem(Struct, frozen=True, kw_only=True):
    """An item in a list."""

    externalId: str
    rheoItemId: str
    status: Status
    price: int | float
    title: str
    type: Kind
    parentExternalId: str | None
    metadata: Raw
    traderaAdId: str | None
    traderaAdUrl: str | None
    updatedAt: str


class ItemList(Struct, frozen=True, kw_only=True):
    """A page of items; `total` counts all that match, `nextCursor` is null at the end."""

    items: list[ListItem]
    nextCursor: str | None
    total: int


class ChildItem(Struct, frozen=True, kw_only=True):
    """An item in a container."""

    externalId: str
    rheoItemId: str
    title: str
    status: Status
    price: int | float
    type: Kind


class Children(Struct, frozen=True, kw_only=True):
    """The direct children of a container; `count` counts all of it."""

    parentExternalId: str
    count: int
    children: list[ChildItem]


class Summary(Struct, frozen=True, kw_only=True):
    """A container's direct children, counted and added up."""

    externalId: str
    childCount: int
    activeCount: int
    soldCount: int
    draftCount: int
    listedValue: int | float
    soldValue: int | float
    currency: str


class HistoryEvent(Struct, frozen=True, kw_only=True):
    """Something that happened to an item; `data` depends on the type."""

    eventType: str
    data: dict[str, Any]
    createdAt: str


class History(Struct, frozen=True, kw_only=True):
    """What happened to an item, newest first; `count` counts the events shown."""

    externalId: str
    rheoItemId: str
    count: int
    events: list[HistoryEvent]
