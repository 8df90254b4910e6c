"""The SQL of the event log, with the fan-out: an event and its deliveries are one statement."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from saluhall.domain.history.model import DELIVERED, Event, EventType
from saluhall.kit.ids import new_ids
from saluhall.storage import Transaction
from saluhall.storage.database import Row
from saluhall.storage.lines import Column

RECORD = """
  with e as (
    insert into events (account_id, id, type, at, product_id, sku, data)
    select account_id, id, type, at, product_id, sku, data
      from jsonb_to_recordset(%(events)s::text::jsonb)
        as t(account_id uuid, id uuid, type text, at timestamptz, product_id uuid, sku text, data jsonb)
    returning account_id, id, type, at
  ), d as (
    insert into deliveries (account_id, id, endpoint_id, event_id, state, due_at)
    select e.account_id, new_ulid(), p.id, e.id,
           case when p.active then 'due' else 'held' end, case when p.active then e.at end
      from e join endpoints p on p.account_id = e.account_id
     where e.type = any(%(delivered)s)
       and (p.event_types = '{}' or e.type = any(p.event_types))
    returning endpoint_id, due_at
  )
  select distinct endpoint_id from d where due_at is not null
"""
# The same fan-out for many events of one type, whose rows came by COPY.
FAN_OUT = """
  with d as (
    insert into deliveries (account_id, id, endpoint_id, event_id, state, due_at)
    select p.account_id, new_ulid(), p.id, e.id::uuid,
           case when p.active then 'due' else 'held' end, case when p.active then %(now)s end
      from endpoints p, string_to_table(%(ids)s, ',') as e (id)
     where p.account_id = %(owner)s and (p.event_types = '{}' or %(type)s = any(p.event_types))
    returning endpoint_id, due_at
  )
  select distinct endpoint_id from d where due_at is not null
"""
OF_PRODUCT = """
  select account_id, id, type, at, product_id, sku, data from events
   where account_id = %(owner)s and product_id = %(product_id)s
   order by id desc limit %(limit)s
"""


async def record(tx: Transaction, events: Sequence[Event]) -> list[UUID]:
    """Append events; return the endpoints that have something to deliver now."""
    return await tx.all(
        lambda row: row["endpoint_id"],
        RECORD,
        {"events": msgspec.json.encode(events).decode(), "delivered": sorted(DELIVERED)},
    )


async def record_alike(
    tx: Transaction,
    owner: UUID,
    event_type: EventType,
    *,
    of: Mapping[str, str],
    data: Mapping[str, Any],
    now: datetime,
) -> list[UUID]:
    """Append an event for each product (its sku by its id); return the endpoints that have something to deliver now."""
    ids = new_ids(len(of))
    sheet: dict[str, Column] = {
        "account_id": str(owner),
        "id": ids,
        "type": event_type.value,
        "at": now.isoformat(),
        "product_id": list(of),
        "sku": list(of.values()),
        "data": msgspec.json.encode(data).decode(),
    }
    await tx.copy_in("events", sheet, count=len(ids))
    if event_type not in DELIVERED:
        return []
    params = {"owner": owner, "ids": ",".join(ids), "type": event_type.value, "now": now}
    return await tx.all(lambda row: row["endpoint_id"], FAN_OUT, params)


async def of_product(tx: Transaction, owner: UUID, product_id: UUID, *, limit: int) -> list[Event]:
    """Read a product's events, newest first."""
    params = {"owner": owner, "product_id": product_id, "limit": limit}
    return await tx.all(event_from_row, OF_PRODUCT, params)


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
