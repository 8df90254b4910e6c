"""The SQL of the event log."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from saluhall.domain.events.model import IN_FEED, Event, EventType, Position
from saluhall.kit.ids import new_ids
from saluhall.storage import Transaction
from saluhall.storage.copy_rows import Column
from saluhall.storage.database import Row

APPEND = """
  insert into events (account_id, id, type, at, product_id, sku, data)
  select account_id, id, type, at, product_id, sku, data
    from jsonb_to_recordset(%(events)s::text::jsonb)
      as t(account_id uuid, id uuid, type text, at timestamptz, product_id uuid, sku text, data jsonb)
"""
# Ordered by transaction, and only those before which none can still commit: ids are minted before the commit, so an order by id would
# let a reader pass an event that comes late. The types of the partial index are spelled out so that it is used.
FEED = f"""
  select account_id, id, type, at, product_id, sku, data, era, xid::text as xid_text
    from events
   where account_id = %(account_id)s and type in ({", ".join(f"'{name}'" for name in sorted(IN_FEED))})
     and type = any(%(types)s)
     and (era, xid, id) > (%(era)s, %(xid)s::xid8, %(id)s)
     and (era, xid) < ((select max(era) from eras), pg_snapshot_xmin(pg_current_snapshot()))
   order by era, xid, id limit %(limit)s
"""
# A test event is not what happened to the product.
OF_PRODUCT = """
  select account_id, id, type, at, product_id, sku, data from events
   where account_id = %(account_id)s and product_id = %(product_id)s and type = any(%(types)s) and not data ? 'test'
   order by id desc limit %(limit)s
"""


async def append(tx: Transaction, events: Sequence[Event]) -> None:
    """Append events."""
    await tx.run(APPEND, {"events": msgspec.json.encode(events).decode()})


async def append_alike(
    tx: Transaction,
    account_id: UUID,
    event_type: EventType,
    *,
    of: Mapping[str, str],
    data: Mapping[str, Any],
    now: datetime,
) -> Sequence[str]:
    """Append an event for each product (its SKU by its id); return the ids of the events."""
    ids = new_ids(len(of))
    sheet: dict[str, Column] = {
        "account_id": str(account_id),
        "id": ids,
        "type": event_type.value,
        "at": now.isoformat(),
        "product_id": list(of),
        "sku": list(of.values()),
        "data": msgspec.json.encode(data).decode(),
    }
    await tx.copy_in("events", sheet, count=len(ids))
    return ids


async def of_product(
    tx: Transaction, account_id: UUID, product_id: UUID, *, types: Iterable[EventType], limit: int
) -> list[Event]:
    """Read a product's events, newest first."""
    params = {
        "account_id": account_id,
        "product_id": product_id,
        "types": sorted(types),
        "limit": limit,
    }
    return await tx.all(event_from_row, OF_PRODUCT, params)


async def feed(
    tx: Transaction, account_id: UUID, *, types: Iterable[EventType], after: Position, limit: int
) -> list[tuple[Event, Position]]:
    """Read the account's events that follow a position, in the order of the feed, each with its own."""
    params = {
        "account_id": account_id,
        "types": sorted(types),
        "era": after.era,
        "xid": str(after.xid),
        "id": after.id,
        "limit": limit,
    }
    return await tx.all(_placed_from_row, FEED, params)


def _placed_from_row(row: Row) -> tuple[Event, Position]:
    return event_from_row(row), Position(row["era"], int(row["xid_text"]), row["id"])


def event_from_row(row: Row) -> Event:
    """Read an event."""
    return Event(
        id=row["id"],
        account_id=row["account_id"],
        type=EventType(row["type"]),
        at=row["at"],
        product_id=row["product_id"],
        sku=row["sku"],
        data=row["data"],
    )
