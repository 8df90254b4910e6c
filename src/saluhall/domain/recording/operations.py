"""Record events with their deliveries: whatever changes something calls this, and nothing else."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import structlog

from saluhall.domain.events import operations as log
from saluhall.domain.events.model import Event, EventType, text_from_event_id
from saluhall.domain.webhooks import fan_out
from saluhall.kit.origin import Origin
from saluhall.storage import Transaction

_MANY: Final = 50  # from here on events are copied
_LOGGED: Final = ("error", "reason")
_log = structlog.get_logger(__name__)


async def record(tx: Transaction, events: Sequence[Event], *, now: datetime) -> None:
    """Append events and make their deliveries due at the endpoints that ask for them, in one round trip."""
    if not events:
        return
    await _append(tx, events, now=now)
    for event in events:
        _log.info(
            event.type.value,
            account_id=str(event.account_id),
            sku=event.sku,
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
    """Record the same event for each of many products (its SKU by its id); they are logged as one line."""
    if not of:
        return
    ids = await log.append_alike(tx, account_id, event_type, of=of, data=data or {}, now=now)
    skus = list(of.values())
    await fan_out.make_alike_due(tx, account_id, event_type, ids=ids, skus=skus, now=now)
    _log.info(event_type.value, account_id=str(account_id), skus=skus)


async def record_quietly(
    tx: Transaction, events: Sequence[Event], *, origin: Origin, now: datetime
) -> None:
    """Record events with another origin than that of the transaction, and without a line in the operator's log."""
    acting, tx.origin = tx.origin, origin
    try:
        await _append(tx, events, now=now)
    finally:
        tx.origin = acting


async def _append(tx: Transaction, events: Sequence[Event], *, now: datetime) -> None:
    if len(events) >= _MANY:
        await log.append_many(tx, events, now=now)
        await fan_out.make_due(tx, events, now=now)
        return
    async with tx.pipeline():
        await log.append(tx, events, now=now)
        await fan_out.make_due(tx, events, now=now)
