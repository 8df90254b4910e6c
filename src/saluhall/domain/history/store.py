"""The SQL of the event log, with the fan-out: an event and its deliveries are one statement."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from saluhall.domain.history.model import DELIVERED, Event, EventType, Position
from saluhall.kit.ids import new_ids
from saluhall.storage import Transaction
from saluhall.storage.copy_rows import Column
from saluhall.storage.database import Row

# Who hears the events of an account: its own endpoints, and those of resellers that hear their members. They are looked up by index
# for each account that has events: joined, the endpoints of all accounts would be read.
_LISTENERS = """
    select p.account_id, p.id, p.event_types, p.active, null::uuid as event_account_id,
           null::text as member_external_id
      from endpoints p
     where p.account_id = {heard} and p.scope = 'self' and p.url is not null
    union all
    select p.account_id, p.id, p.event_types, p.active, m.member_account_id, m.external_id
      from members m, lateral (
        select * from endpoints p
         where p.account_id = m.account_id and p.scope = 'members' and p.url is not null offset 0) p
     where m.member_account_id = {heard}
"""
RECORD = f"""
  with e as (
    insert into events (account_id, id, type, at, product_id, sku, data)
    select account_id, id, type, at, product_id, sku, data
      from jsonb_to_recordset(%(events)s::text::jsonb)
        as t(account_id uuid, id uuid, type text, at timestamptz, product_id uuid, sku text, data jsonb)
    returning account_id, id, type, at, sku
  ), listeners as (
    select heard.account_id as heard_account_id, p.*
      from (select distinct account_id from e) heard, lateral ({_LISTENERS.format(heard="heard.account_id")}) p
  ), d as (
    insert into deliveries (account_id, id, endpoint_id, event_id, event_account_id, member_external_id, sku, state, due_at)
    select p.account_id, new_ulid(), p.id, e.id, p.event_account_id, p.member_external_id, nullif(e.sku, ''),
           case when p.active then 'due' else 'held' end, case when p.active then e.at end
      from e join listeners p on p.heard_account_id = e.account_id
     where e.type = any(p.event_types) or p.event_types = '{{}}' and e.type = any(%(delivered)s)
    returning endpoint_id, due_at
  )
  select distinct endpoint_id from d where due_at is not null
"""
# The same fan-out for many events of one type, inserted by COPY.
FAN_OUT = f"""
  with d as (
    insert into deliveries (account_id, id, endpoint_id, event_id, event_account_id, member_external_id, sku, state, due_at)
    select p.account_id, new_ulid(), p.id, e.id::uuid, p.event_account_id, p.member_external_id, nullif(e.sku, ''),
           case when p.active then 'due' else 'held' end, case when p.active then %(now)s end
      from ({_LISTENERS.format(heard="%(account_id)s")}) p, unnest(string_to_array(%(ids)s, ','), %(skus)s::text[]) as e (id, sku)
     where (p.event_types = '{{}}' or %(type)s = any(p.event_types))
    returning endpoint_id, due_at
  )
  select distinct endpoint_id from d where due_at is not null
"""
# Ordered by transaction, and only those before which none can still commit: ids are minted before the commit, so an order by id would
# let a reader pass an event that comes late. The types are spelled out so that the partial index is used.
FEED = f"""
  select account_id, id, type, at, product_id, sku, data, era, xid::text as xid_text
    from events
   where account_id = %(account_id)s and type in ({", ".join(f"'{name}'" for name in sorted(DELIVERED))})
     and (era, xid, id) > (%(era)s, %(xid)s::xid8, %(id)s)
     and (era, xid) < ((select max(era) from eras), pg_snapshot_xmin(pg_current_snapshot()))
   order by era, xid, id limit %(limit)s
"""
# A test event is not what happened to the product.
OF_PRODUCT = """
  select account_id, id, type, at, product_id, sku, data from events
   where account_id = %(account_id)s and product_id = %(product_id)s and not data ? 'test'
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
    account_id: UUID,
    event_type: EventType,
    *,
    of: Mapping[str, str],
    data: Mapping[str, Any],
    now: datetime,
) -> list[UUID]:
    """Append an event for each product (its sku by its id); return the endpoints that have something to deliver now."""
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
    if event_type not in DELIVERED:
        return []
    params = {
        "account_id": account_id,
        "ids": ",".join(ids),
        "skus": list(of.values()),
        "type": event_type.value,
        "now": now,
    }
    return await tx.all(lambda row: row["endpoint_id"], FAN_OUT, params)


async def of_product(
    tx: Transaction, account_id: UUID, product_id: UUID, *, limit: int
) -> list[Event]:
    """Read a product's events, newest first."""
    params = {"account_id": account_id, "product_id": product_id, "limit": limit}
    return await tx.all(event_from_row, OF_PRODUCT, params)


async def feed(
    tx: Transaction, account_id: UUID, *, after: Position, limit: int
) -> list[tuple[Event, Position]]:
    """Read the account's delivered events that follow a position, in the order of the feed, each with its own."""
    params = {
        "account_id": account_id,
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
