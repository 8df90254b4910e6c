"""Fan events out: a delivery for each endpoint that asks for an event, in the transaction that writes the event."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from saluhall.domain.events.model import Event, EventType
from saluhall.domain.webhooks import fan_out_store as store
from saluhall.storage import Transaction


async def make_due(tx: Transaction, events: Sequence[Event], *, now: datetime) -> None:
    """Make the deliveries of events due."""
    tx.wake("deliver_webhooks", await store.make_due(tx, events, now=now))


async def make_alike_due(
    tx: Transaction,
    account_id: UUID,
    event_type: EventType,
    *,
    ids: Sequence[str],
    skus: Sequence[str],
    now: datetime,
) -> None:
    """Make the deliveries of many events of one type due, each of its SKU."""
    endpoints = await store.make_alike_due(tx, account_id, event_type, ids=ids, skus=skus, now=now)
    tx.wake("deliver_webhooks", endpoints)
