"""Append to the event log, in the transaction in which it happens. `domain/recording` calls this, and nobody else."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from saluhall.domain.events import store
from saluhall.domain.events.model import Event, EventType
from saluhall.storage import Transaction


async def append(tx: Transaction, events: Sequence[Event], *, now: datetime) -> None:  # noqa: ARG001 - every operation has `now`; events carry their own
    """Append events."""
    await store.append(tx, events)


async def append_many(tx: Transaction, events: Sequence[Event], *, now: datetime) -> None:  # noqa: ARG001 - as above
    """Append many events, faster; not within a pipeline."""
    await store.append_many(tx, events)


async def append_alike(
    tx: Transaction,
    account_id: UUID,
    event_type: EventType,
    *,
    of: Mapping[str, str],
    data: Mapping[str, Any],
    now: datetime,
) -> Sequence[str]:
    """Append the same event for each of many products (its SKU by its id); return the ids in this order."""
    return await store.append_alike(tx, account_id, event_type, of=of, data=data, now=now)
