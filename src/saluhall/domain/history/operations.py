"""Write down what happened, in the transaction in which it happens."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from saluhall.domain.history import store
from saluhall.domain.history.model import Event, EventType, text_from_event_id
from saluhall.kit.ids import new_id
from saluhall.storage import Transaction

_LOGGED = ("error", "reason")
_log = structlog.get_logger(__name__)


def event_of(
    account_id: UUID,
    event_type: EventType,
    *,
    product_id: UUID | None,
    sku: str,
    data: Mapping[str, Any] | None = None,
    now: datetime,
) -> Event:
    """Make an event with an id of its own."""
    return Event(
        id=new_id(),
        account_id=account_id,
        type=event_type,
        at=now,
        product_id=product_id,
        sku=sku,
        data=data or {},
    )


async def record(tx: Transaction, events: Sequence[Event], *, now: datetime) -> None:  # noqa: ARG001 - every operation has `now`; events carry their own
    """Append events and make their deliveries due at the endpoints that ask for them."""
    if not events:
        return
    tx.wake("deliver_webhooks", await store.record(tx, events))
    for event in events:
        _log.info(
            event.type.value,
            account_id=str(event.account_id),
            external_id=event.sku,
            event_id=text_from_event_id(event.id),
            **{name: event.data[name] for name in _LOGGED if name in event.data},
        )


async def record_alike(
    tx: Transaction,
    account_id: UUID,
    event_type: EventType,
    *,
    of: Mapping[str, str],
    data: Mapping[str, Any] | None = None,
    now: datetime,
) -> None:
    """Append the same event for each of many products (its sku by its id); they are logged as one line."""
    if not of:
        return
    endpoints = await store.record_alike(
        tx, account_id, event_type, of=of, data=data or {}, now=now
    )
    tx.wake("deliver_webhooks", endpoints)
    _log.info(event_type.value, account_id=str(account_id), external_ids=list(of.values()))
