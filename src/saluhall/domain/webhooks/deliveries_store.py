"""The SQL of deliveries and of the log of attempts."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from msgspec import structs

from saluhall.domain.events.model import Event, EventType
from saluhall.domain.webhooks.model import (
    FAILING_BEFORE_OFF,
    FAILURES_BEFORE_OFF,
    Attempt,
    AttemptFilter,
    DueDelivery,
    Endpoint,
    LoggedAttempt,
)
from saluhall.kit.claim import Claim
from saluhall.storage import Transaction
from saluhall.storage.claims import claim_from_row, params_of
from saluhall.storage.database import Row

# A delivery that was held starts its schedule again.
FREE_HELD = """
  update deliveries set state = 'due', due_at = %(now)s, attempts = 0
   where account_id = %(account_id)s and endpoint_id = %(id)s and state = 'held'
"""
# Of an item only the oldest event goes to an endpoint; the later ones wait until that has arrived or was given up, and are due when it
# is tried again. What is sent once more waits for its like alone. The oldest is looked up by index for each row: `limit 1` keeps
# PostgreSQL from reading all that is due to join it.
_BEFORE = """
      from deliveries b
     where b.account_id = d.account_id and b.endpoint_id = d.endpoint_id and b.sku = d.sku
       and b.event_id < d.event_id and b.due_at is not null and b.repeated = d.repeated
       and b.event_account_id is not distinct from d.event_account_id
     order by b.event_id limit 1"""
CLAIM = f"""
  with due as (
    select d.account_id, d.id from deliveries d
     where d.account_id = %(account_id)s and d.endpoint_id = %(endpoint)s and d.due_at <= %(now)s
       and (select true {_BEFORE}) is null
     order by d.due_at limit %(limit)s for update of d skip locked
  ), later as (
    update deliveries w set due_at = blocked.due_at
      from (select d.account_id, d.id, oldest.due_at
              from deliveries d, lateral (select b.due_at, b.claimed_by {_BEFORE}) oldest
             where d.account_id = %(account_id)s and d.endpoint_id = %(endpoint)s and d.due_at <= %(now)s
               and (select count(*) from due) < %(limit)s
               and oldest.due_at > %(now)s and oldest.claimed_by is null
             order by d.due_at limit 1000 for update of d skip locked) blocked
     where w.account_id = blocked.account_id and w.id = blocked.id
  )
  update deliveries d
     set due_at = %(now)s + %(lease)s, claimed_by = %(worker)s, claim_number = d.claim_number + 1
    from due, events e
   where d.account_id = due.account_id and d.id = due.id
     and e.account_id = coalesce(d.event_account_id, d.account_id) and e.id = d.event_id
  returning d.id, d.attempts, d.repeated, d.member_external_id, d.claimed_by, d.claim_number,
            e.id as event_id, e.account_id, e.type, e.at, e.product_id, e.sku, e.data
"""
# Attempts are logged one row each; the endpoint counts failures in a row in the order of the attempts that count.
RECORD = """
  with a as (
    select * from jsonb_to_recordset(%(attempts)s::text::jsonb)
      as t(id uuid, delivery_id uuid, event_id uuid, event_type text, sku text, success boolean, counts boolean,
           http_status integer, error text, at timestamptz, retry_at timestamptz, worker uuid, claim integer)
  ), logged as (
    insert into delivery_attempts (account_id, id, delivery_id, endpoint_id, event_id, event_type, sku, success,
                                   http_status, error, at)
    select %(account_id)s, id, delivery_id, %(endpoint)s, event_id, event_type, sku, success, http_status, error, at from a
  ), counted as (
    update endpoints e
       set fail_count = tail.failures + case when tail.any_success then 0 else e.fail_count end,
           failing_since = case when tail.any_success then tail.since else coalesce(e.failing_since, tail.since) end,
           active = e.active
                    and (tail.failures + case when tail.any_success then 0 else e.fail_count end < %(limit)s
                         or tail.any_success or coalesce(e.failing_since, tail.since) + %(failing)s > %(now)s),
           updated_at = %(now)s
      from (select count(*) filter (where is_last) as failures, min(at) filter (where is_last) as since,
                   bool_or(success) as any_success
              from (select success, at, not success and at > coalesce(
                             (select max(at) from a where success and counts), '-infinity') as is_last
                      from a where counts) counted) tail
     where e.account_id = %(account_id)s and e.id = %(endpoint)s
       and (tail.failures > 0 or (tail.any_success and e.fail_count > 0))
    returning e.active
  )
  update deliveries d
     set attempts = d.attempts + 1, claimed_by = null, tried_at = a.at,
         state = case when a.success then 'delivered' when a.retry_at is null then 'exhausted' else 'due' end,
         due_at = case when not a.success then a.retry_at end
    from a
   where d.account_id = %(account_id)s and d.id = a.delivery_id
     and d.claimed_by = a.worker and d.claim_number = a.claim
"""
HOLD = """
  update deliveries d set state = 'held', due_at = null, claimed_by = null
    from endpoints e
   where d.account_id = %(account_id)s and d.endpoint_id = %(endpoint)s and d.due_at is not null
     and e.account_id = d.account_id and e.id = d.endpoint_id and not (e.active and e.url is not null)
"""
# An event that happened while its endpoint was being deleted leaves a delivery behind.
FORGET = """
  delete from deliveries d
   where d.endpoint_id = %(endpoint)s and d.due_at is not null
     and not exists (select from endpoints e where e.id = d.endpoint_id)
"""
# What is due already and was not claimed waits for an older event of its item, which another worker has.
NEXT_DUE = """
  select min(due_at) as next_at from deliveries
   where account_id = %(account_id)s and endpoint_id = %(endpoint)s and due_at > %(since)s
"""
# A delivery that is on its way right now is left alone. One that has not arrived yet stays in its place before the later ones of its item,
# which were due when it was to be tried again.
# What happened to a member is sent again only while it is one.
REPEAT = """
  with asked as (
    select d.account_id, d.id, d.endpoint_id, d.event_id, d.sku, d.event_account_id, d.repeated,
           d.state in ('delivered', 'exhausted') as is_finished, e.active and e.url is not null as on
      from delivery_attempts a
      join deliveries d on d.account_id = a.account_id and d.id = a.delivery_id
      join endpoints e on e.account_id = d.account_id and e.id = d.endpoint_id
     where a.account_id = %(account_id)s and a.id = %(id)s
       and (d.event_account_id is null or exists (
         select from members m where m.account_id = d.account_id and m.member_account_id = d.event_account_id
       ))
       for no key update of d -- it is not forgotten meanwhile
  ), made_due as (
    update deliveries d
       set state = case when asked.on then 'due' else 'held' end,
           due_at = case when asked.on then %(now)s end, attempts = 0, repeated = d.repeated or asked.is_finished
      from asked
     where d.account_id = asked.account_id and d.id = asked.id and d.claimed_by is null
  ), behind as (
    update deliveries d set due_at = %(now)s
      from asked
     where d.account_id = asked.account_id and d.endpoint_id = asked.endpoint_id and d.sku = asked.sku
       and d.event_id > asked.event_id and d.due_at > %(now)s and d.attempts = 0 and d.claimed_by is null
       and d.event_account_id is not distinct from asked.event_account_id
       and d.repeated = asked.repeated and asked.on and not asked.is_finished
  )
  select endpoint_id, event_id from asked
"""
LOG = """
  select id, endpoint_id, event_id, event_type, sku, success, http_status, error, at
    from delivery_attempts
   where account_id = %(account_id)s {and_filters}
   order by id desc limit %(limit)s
"""
_FILTERS = {
    "success": "success = %(success)s",
    "event_type": "event_type = %(event_type)s",
    "sku": "sku = %(sku)s",
    "endpoint_id": "endpoint_id = %(endpoint_id)s",
    "since": "at >= %(since)s",
    "until": "at < %(until)s",
    "before": "id < %(before)s",
}
PRUNE = """
  delete from delivery_attempts
   where ctid = any(array(
     select ctid from delivery_attempts where at < %(before)s limit %(limit)s for update skip locked))
"""
# Delivered or given up, and without any attempt left in the log: it cannot be repeated.
FORGET_FINISHED = """
  delete from deliveries
   where ctid = any(array(
     select ctid from deliveries where due_at is null and state <> 'held' and tried_at < %(before)s
      order by tried_at limit %(limit)s for update skip locked))
"""
CLAIM_PRUNING = """
  update prunings
     set due_at = %(now)s + %(lease)s, claimed_by = %(worker)s, claim_number = claim_number + 1
   where kind = %(kind)s and due_at <= %(now)s
  returning claimed_by, claim_number
"""
END_PRUNING = """
  update prunings set due_at = %(next)s, claimed_by = null
   where kind = %(kind)s and claimed_by = %(worker)s and claim_number = %(claim)s
"""

COUNT_PENDING = """
  select endpoint_id, count(*) as pending from deliveries
   where account_id = %(account_id)s and (due_at is not null or state = 'held') group by endpoint_id
"""


async def free_held(tx: Transaction, account_id: UUID, endpoint_id: UUID, *, now: datetime) -> int:
    """Make due what was held while an endpoint was off."""
    return await tx.run(FREE_HELD, {"account_id": account_id, "id": endpoint_id, "now": now})


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
        "account_id": endpoint.account_id,
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
        "account_id": endpoint.account_id,
        "endpoint": endpoint.id,
        "attempts": msgspec.json.encode(attempts).decode(),
        "limit": FAILURES_BEFORE_OFF,
        "failing": FAILING_BEFORE_OFF,
        "now": now,
    }
    await tx.run(RECORD, params)


async def hold(tx: Transaction, endpoint: Endpoint) -> int:
    """Hold back what is due at an endpoint that is off."""
    return await tx.run(HOLD, {"account_id": endpoint.account_id, "endpoint": endpoint.id})


async def forget(tx: Transaction, endpoint_id: UUID) -> int:
    """Delete what is due at an endpoint that is gone."""
    return await tx.run(FORGET, {"endpoint": endpoint_id})


async def next_due(tx: Transaction, endpoint: Endpoint, *, since: datetime) -> datetime | None:
    """Return when the endpoint's next delivery after `since` is due."""
    params = {"account_id": endpoint.account_id, "endpoint": endpoint.id, "since": since}
    return await tx.one(lambda row: row["next_at"], NEXT_DUE, params)


async def repeat(
    tx: Transaction, account_id: UUID, attempt_id: UUID, *, now: datetime
) -> tuple[UUID, UUID] | None:
    """Make the delivery of an attempt due once more; return its endpoint and its event, or None when it was deleted."""
    params = {"account_id": account_id, "id": attempt_id, "now": now}
    return await tx.one(lambda row: (row["endpoint_id"], row["event_id"]), REPEAT, params)


async def read_log(
    tx: Transaction, account_id: UUID, wanted: AttemptFilter, *, limit: int
) -> list[LoggedAttempt]:
    """Read the lines of the log that a filter lets through, newest first."""
    given = {k: v for k, v in structs.asdict(wanted).items() if v is not None}
    sql = LOG.format(and_filters="".join(f"and {_FILTERS[name]} " for name in given))
    params = {**given, "account_id": account_id, "limit": limit}
    return await tx.all(lambda row: LoggedAttempt(**row), sql, params)


async def prune(tx: Transaction, *, before: datetime, limit: int) -> int:
    """Delete a batch of attempts from the log that are older than this; return how many."""
    return await tx.run(PRUNE, {"before": before, "limit": limit})


async def forget_finished(tx: Transaction, *, before: datetime, limit: int) -> int:
    """Delete a batch of deliveries that were finished before this; return how many."""
    return await tx.run(FORGET_FINISHED, {"before": before, "limit": limit})


async def claim_pruning(
    tx: Transaction, kind: str, *, worker: UUID, lease: timedelta, now: datetime
) -> Claim | None:
    """Take a pruning that is due; None when another has it."""
    params = {"kind": kind, "worker": worker, "lease": lease, "now": now}
    return await tx.one(claim_from_row, CLAIM_PRUNING, params)


async def end_pruning(tx: Transaction, kind: str, claim: Claim, *, next_at: datetime) -> None:
    """Say when a pruning is due again."""
    await tx.run(END_PRUNING, {"kind": kind, "next": next_at, **params_of(claim)})


def _delivery_from_row(row: Row) -> DueDelivery:
    member = row["member_external_id"]
    event = Event(
        id=row["event_id"],
        account_id=row["account_id"],
        type=EventType(row["type"]),
        at=row["at"],
        product_id=row["product_id"],
        sku=row["sku"],
        data=row["data"] if member is None else {**row["data"], "member": member},
    )
    return DueDelivery(
        id=row["id"],
        attempts=row["attempts"],
        repeated=row["repeated"],
        event=event,
        claim=claim_from_row(row),
    )


async def count_pending(tx: Transaction, account_id: UUID) -> dict[UUID, int]:
    """Count the deliveries of each endpoint that are due or held back."""
    rows = await tx.all(
        lambda row: (row["endpoint_id"], int(row["pending"])),
        COUNT_PENDING,
        {"account_id": account_id},
    )
    return dict(rows)
