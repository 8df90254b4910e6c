"""The SQL that makes deliveries of events due."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from saluhall.domain.events.model import Event, EventType
from saluhall.storage import Transaction

# Who is notified of the events of an account: its own endpoints, and those of resellers that ask for their members. They are looked up
# by index for each account that has events: joined, the endpoints of all accounts would be read.
_ENDPOINTS = """
    select p.account_id, p.id, p.event_types, p.active, null::uuid as event_account_id,
           null::text as member_external_id
      from endpoints p
     where p.account_id = {of} and p.scope = 'self' and p.url is not null
    union all
    select p.account_id, p.id, p.event_types, p.active, m.member_account_id, m.external_id
      from members m, lateral (
        select * from endpoints p
         where p.account_id = m.account_id and p.scope = 'members' and p.url is not null offset 0) p
     where m.member_account_id = {of}
"""
MAKE_DUE = f"""
  with e as (
    select * from jsonb_to_recordset(%(events)s::text::jsonb) as t(account_id uuid, id uuid, type text, sku text)
  ), asking as (
    select of.account_id as of_account_id, p.*
      from (select distinct account_id from e) of, lateral ({_ENDPOINTS.format(of="of.account_id")}) p
  ), d as (
    insert into deliveries (account_id, id, endpoint_id, event_id, event_account_id, member_external_id, sku, state, due_at)
    select p.account_id, new_ulid(), p.id, e.id, p.event_account_id, p.member_external_id, nullif(e.sku, ''),
           case when p.active then 'due' else 'held' end, case when p.active then %(now)s end
      from e join asking p on p.of_account_id = e.account_id
     where e.type = any(p.event_types)
    returning endpoint_id, due_at
  )
  select distinct endpoint_id from d where due_at is not null
"""
MAKE_ALIKE_DUE = f"""
  with d as (
    insert into deliveries (account_id, id, endpoint_id, event_id, event_account_id, member_external_id, sku, state, due_at)
    select p.account_id, new_ulid(), p.id, e.id::uuid, p.event_account_id, p.member_external_id, nullif(e.sku, ''),
           case when p.active then 'due' else 'held' end, case when p.active then %(now)s end
      from ({_ENDPOINTS.format(of="%(account_id)s")}) p, unnest(string_to_array(%(ids)s, ','), %(skus)s::text[]) as e (id, sku)
     where %(type)s = any(p.event_types)
    returning endpoint_id, due_at
  )
  select distinct endpoint_id from d where due_at is not null
"""


async def make_due(tx: Transaction, events: Sequence[Event], *, now: datetime) -> list[UUID]:
    """Make the deliveries of events due; return the endpoints that have something to deliver now."""
    rows = [{"account_id": e.account_id, "id": e.id, "type": e.type, "sku": e.sku} for e in events]
    params = {"events": msgspec.json.encode(rows).decode(), "now": now}
    return await tx.all(lambda row: row["endpoint_id"], MAKE_DUE, params)


async def make_alike_due(
    tx: Transaction,
    account_id: UUID,
    event_type: EventType,
    *,
    ids: Sequence[str],
    skus: Sequence[str],
    now: datetime,
) -> list[UUID]:
    """Make the deliveries of many events of one type due; return the endpoints that have something to deliver now."""
    params = {
        "account_id": account_id,
        "ids": ",".join(ids),
        "skus": list(skus),
        "type": event_type.value,
        "now": now,
    }
    return await tx.all(lambda row: row["endpoint_id"], MAKE_ALIKE_DUE, params)
