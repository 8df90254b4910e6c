"""The SQL of endpoints and deliveries."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from saluhall.domain.history.model import Event, EventType
from saluhall.domain.webhooks.model import FAILURES_BEFORE_OFF, Attempt, DueDelivery, Endpoint
from saluhall.storage import Transaction
from saluhall.storage.database import Row

PUT_MAIN = """
  insert into endpoints as e (account_id, id, url, secret, event_types, main, created_at, updated_at)
  values (%(owner)s, %(id)s, %(url)s, %(secret)s, %(event_types)s, true, %(now)s, %(now)s)
  on conflict (account_id) where main do update
     set url = excluded.url, event_types = excluded.event_types, active = true, fail_count = 0,
         updated_at = excluded.updated_at
  returning e.id, e.account_id, e.url, e.secret, e.event_types, e.active, e.fail_count
"""
FREE_HELD = """
  update deliveries set state = 'due', due_at = %(now)s
   where account_id = %(owner)s and endpoint_id = %(id)s and state = 'held'
"""
FIND = """
  select id, account_id, url, secret, event_types, active, fail_count from endpoints where id = %(id)s
"""
CLAIM = """
  with due as (
    select account_id, id from deliveries
     where account_id = %(owner)s and endpoint_id = %(endpoint)s and due_at <= %(now)s
     order by due_at limit %(limit)s for update skip locked
  )
  update deliveries d set due_at = %(now)s + %(lease)s, claimed_by = %(worker)s
    from due, events e
   where d.account_id = due.account_id and d.id = due.id
     and e.account_id = d.account_id and e.id = d.event_id
  returning d.id, d.attempts, e.id as event_id, e.account_id, e.type, e.at, e.product_id, e.sku, e.data
"""
# Attempts are logged one row each; the endpoint counts failures in a row in the order of the attempts.
RECORD = """
  with a as (
    select * from jsonb_to_recordset(%(attempts)s::text::jsonb)
      as t(id uuid, delivery_id uuid, event_id uuid, success boolean, http_status integer, error text,
           at timestamptz, retry_at timestamptz)
  ), logged as (
    insert into delivery_attempts (account_id, id, delivery_id, endpoint_id, event_id, success,
                                   http_status, error, at)
    select %(owner)s, id, delivery_id, %(endpoint)s, event_id, success, http_status, error, at from a
  ), counted as (
    update endpoints e
       set fail_count = tail.failures + case when tail.any_success then 0 else e.fail_count end,
           active = e.active and tail.failures
                    + case when tail.any_success then 0 else e.fail_count end < %(limit)s,
           updated_at = %(now)s
      from (select count(*) filter (where not success and at > coalesce(
                     (select max(at) from a where success), '-infinity')) as failures,
                   bool_or(success) as any_success from a) tail
     where e.account_id = %(owner)s and e.id = %(endpoint)s
       and (e.fail_count > 0 or tail.failures > 0)
    returning e.active
  )
  update deliveries d
     set attempts = d.attempts + 1, claimed_by = null,
         state = case when a.success then 'delivered' when a.retry_at is null then 'exhausted' else 'due' end,
         due_at = case when not a.success then a.retry_at end
    from a
   where d.account_id = %(owner)s and d.id = a.delivery_id
"""
HOLD = """
  update deliveries d set state = 'held', due_at = null, claimed_by = null
    from endpoints e
   where d.account_id = %(owner)s and d.endpoint_id = %(endpoint)s and d.due_at is not null
     and e.account_id = d.account_id and e.id = d.endpoint_id and not e.active
"""
RELEASE = """
  update deliveries set due_at = %(now)s, claimed_by = null
   where account_id = %(owner)s and id = any(%(ids)s) and claimed_by = %(worker)s
"""
NEXT_DUE = """
  select min(due_at) as next_at from deliveries
   where account_id = %(owner)s and endpoint_id = %(endpoint)s and due_at is not null
"""


async def put_main(
    tx: Transaction,
    owner: UUID,
    *,
    endpoint_id: UUID,
    url: str,
    secret: bytes,
    event_types: Sequence[str],
    now: datetime,
) -> Endpoint | None:
    """Set the account's main endpoint; a known one keeps its secret and is switched on again."""
    params = {
        "owner": owner,
        "id": endpoint_id,
        "url": url,
        "secret": secret,
        "event_types": list(event_types),
        "now": now,
    }
    return await tx.one(endpoint_from_row, PUT_MAIN, params)


async def free_held(tx: Transaction, owner: UUID, endpoint_id: UUID, *, now: datetime) -> int:
    """Make due what was held while an endpoint was off."""
    return await tx.run(FREE_HELD, {"owner": owner, "id": endpoint_id, "now": now})


async def find(tx: Transaction, endpoint_id: UUID) -> Endpoint | None:
    """Find an endpoint by its id alone (for jobs, whose bell carries only the id)."""
    return await tx.one(endpoint_from_row, FIND, {"id": endpoint_id})


async def claim(
    tx: Transaction,
    endpoint: Endpoint,
    *,
    worker: UUID,
    limit: int,
    lease: timedelta,
    now: datetime,
) -> list[DueDelivery]:
    """Take due deliveries of an endpoint for the length of a lease."""
    params = {
        "owner": endpoint.account_id,
        "endpoint": endpoint.id,
        "worker": worker,
        "limit": limit,
        "lease": lease,
        "now": now,
    }
    return await tx.all(_delivery_from_row, CLAIM, params)


async def record(
    tx: Transaction, endpoint: Endpoint, attempts: Sequence[Attempt], *, now: datetime
) -> None:
    """Log attempts, move their deliveries on, and count the endpoint's failures in a row."""
    params = {
        "owner": endpoint.account_id,
        "endpoint": endpoint.id,
        "attempts": msgspec.json.encode(attempts).decode(),
        "limit": FAILURES_BEFORE_OFF,
        "now": now,
    }
    await tx.run(RECORD, params)


async def hold(tx: Transaction, endpoint: Endpoint) -> int:
    """Hold back what is due at an endpoint that is off."""
    return await tx.run(HOLD, {"owner": endpoint.account_id, "endpoint": endpoint.id})


async def release(
    tx: Transaction, owner: UUID, delivery_ids: Sequence[UUID], *, worker: UUID, now: datetime
) -> None:
    """Give claimed deliveries back."""
    params = {"owner": owner, "ids": list(delivery_ids), "worker": worker, "now": now}
    await tx.run(RELEASE, params)


async def next_due(tx: Transaction, endpoint: Endpoint) -> datetime | None:
    """Tell when the endpoint's next delivery is due."""
    params = {"owner": endpoint.account_id, "endpoint": endpoint.id}
    return await tx.one(lambda row: row["next_at"], NEXT_DUE, params)


def endpoint_from_row(row: Row) -> Endpoint:
    """Read an endpoint."""
    return Endpoint(**{**row, "event_types": tuple(row["event_types"])})


def _delivery_from_row(row: Row) -> DueDelivery:
    event = Event(
        id=row["event_id"],
        account_id=row["account_id"],
        type=EventType(row["type"]),
        at=row["at"],
        product_id=row["product_id"],
        sku=row["sku"],
        data=row["data"],
    )
    return DueDelivery(id=row["id"], attempts=row["attempts"], event=event)
