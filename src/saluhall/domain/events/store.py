"""The SQL of the event log."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from saluhall.domain.events.model import IN_FEED, Change, Event, EventType, Position
from saluhall.kit.ids import new_ids
from saluhall.storage import Transaction
from saluhall.storage.copy_rows import Column
from saluhall.storage.database import Row

APPEND = """
  insert into events (account_id, id, type, at, product_id, sku, data, changes, actor, source, request_id)
  select account_id, id, type, at, product_id, sku, data, nullif(changes, '{}'), %(actor)s, %(source)s,
         coalesce(%(request_ids)s::text::jsonb ->> sku, %(request_id)s)
    from jsonb_to_recordset(%(events)s::text::jsonb)
      as t(account_id uuid, id uuid, type text, at timestamptz, product_id uuid, sku text, data jsonb, changes jsonb)
"""
# COPY stores rows of which a default must be computed one by one: the position, the same for all of a statement, is read before.
POSITION = "select feed_position()::text as position"
# Ordered by transaction, and only those before which none can still commit: ids are minted before the commit, so an order by id would
# let a reader pass an event that comes late. The types of the partial index are spelled out so that it is used.
FEED = f"""
  select account_id, id, type, at, product_id, sku, data, changes, actor, source, request_id, era, xid::text as xid_text
    from events
   where account_id = %(account_id)s and type in ({", ".join(f"'{name}'" for name in sorted(IN_FEED))})
     and type = any(%(types)s)
     and (era, xid, id) > (%(era)s, %(xid)s::xid8, %(id)s)
     and (era, xid) < ((select max(era) from eras), pg_snapshot_xmin(pg_current_snapshot()))
   order by era, xid, id limit %(limit)s
"""
# A test event is not what happened to the product. A SKU may be in several catalogs, and be used again.
OF_SKU = """
  select account_id, id, type, at, product_id, sku, data, changes, actor, source, request_id from events
   where account_id = %(account_id)s and sku = %(sku)s and type = any(%(types)s) and not data ? 'test'
     and (%(product_id)s::uuid is null or product_id = %(product_id)s)
   order by id desc limit %(limit)s
"""
OF_ACCOUNT = """
  select account_id, id, type, at, product_id, sku, data, changes, actor, source, request_id from events
   where account_id = %(account_id)s and not data ? 'test'
   order by id desc limit %(limit)s
"""


async def append(tx: Transaction, events: Sequence[Event]) -> None:
    """Append events."""
    origin = tx.origin
    params = {
        "events": msgspec.json.encode(events).decode(),
        "actor": origin.actor,
        "source": origin.source,
        "request_id": origin.request_id,
        "request_ids": msgspec.json.encode(origin.request_ids).decode(),
    }
    await tx.run(APPEND, params)


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
        **await _same_of_all(tx, list(of.values())),
    }
    await tx.copy_in("events", sheet, count=len(ids))
    return ids


async def append_many(tx: Transaction, events: Sequence[Event]) -> None:
    """Append many events, faster; not within a pipeline."""
    skus = [e.sku for e in events]
    sheet: dict[str, Column] = {
        "account_id": [str(e.account_id) for e in events],
        "id": [str(e.id) for e in events],
        "type": [e.type.value for e in events],
        "at": [e.at.isoformat() for e in events],
        "product_id": [None if e.product_id is None else str(e.product_id) for e in events],
        "sku": skus,
        "data": [msgspec.json.encode(e.data).decode() for e in events],
        "changes": [msgspec.json.encode(e.changes).decode() if e.changes else None for e in events],
        **await _same_of_all(tx, skus),
    }
    await tx.copy_in("events", sheet, count=len(events))


async def _same_of_all(tx: Transaction, skus: Sequence[str]) -> dict[str, Column]:
    """Return the columns that all events of a statement have alike, and the requests that they come from."""
    origin = tx.origin
    position = await tx.one(lambda row: str(row["position"]), POSITION)
    request = origin.request_id if origin.request_id is not None else [None] * len(skus)
    return {
        "xid": position or "",
        "actor": origin.actor,
        "source": origin.source,
        "request_id": [origin.request_of(s) for s in skus] if origin.request_ids else request,
    }


async def of_account(tx: Transaction, account_id: UUID, *, limit: int) -> list[Event]:
    """Read an account's events, newest first."""
    return await tx.all(event_from_row, OF_ACCOUNT, {"account_id": account_id, "limit": limit})


async def of_sku(
    tx: Transaction,
    account_id: UUID,
    sku: str,
    *,
    product_id: UUID | None,
    types: Iterable[EventType],
    limit: int,
) -> list[Event]:
    """Read the events of a SKU, or of one product that has it, newest first."""
    params = {
        "account_id": account_id,
        "sku": sku,
        "product_id": product_id,
        "types": sorted(types),
        "limit": limit,
    }
    return await tx.all(event_from_row, OF_SKU, params)


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
        changes=msgspec.convert(row["changes"] or {}, dict[str, Change]),
        actor=row["actor"],
        source=row["source"],
        request_id=row["request_id"],
    )
