"""Record in the event log what changed of products; a job does it, for it would make bulk requests slower (decision 0035)."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Raw

from saluhall.domain.events.model import Event, type_of_changes
from saluhall.domain.products import changes_store
from saluhall.domain.products.model import ChangedProduct
from saluhall.domain.recording import operations as recording
from saluhall.storage import Transaction

_fields: Final = msgspec.json.Decoder(dict[str, Raw])


async def record_due(tx: Transaction, account_id: UUID, *, limit: int, now: datetime) -> int:
    """Record changes of an account, of at most so many statements; return of how many."""
    found = await changes_store.take(tx, account_id, limit=limit)
    for batch in found:
        events = [_event(account_id, each, batch.at) for each in batch.products]
        await recording.record_quietly(tx, events, origin=batch.origin, now=now)
    return len(found)


def _event(account_id: UUID, product: ChangedProduct, at: datetime) -> Event:
    return Event(
        id=product.event_id,
        account_id=account_id,
        type=type_of_changes(_fields.decode(product.changes)),
        at=at,
        product_id=product.product_id,
        sku=product.sku,
        changes=product.changes,
    )
