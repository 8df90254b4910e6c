"""The SQL of replays."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from saluhall.domain.webhooks.model import Endpoint, Replay, first_id
from saluhall.storage import Transaction
from saluhall.storage.database import Row

# Ids begin with the time at which they were made, which is after the event's own, if not by much: a transaction may take a while.
SLACK = timedelta(hours=1)

ADD = """
  insert into replays (account_id, id, endpoint_id, since, until, event_types, due_at, created_at)
  values (%(account_id)s, %(id)s, %(endpoint)s, %(since)s, %(until)s, %(event_types)s, %(now)s, %(now)s)
"""
# Who is heard: the account itself, or its members in the order of their ids.
_HEARD = """
    select p.account_id as heard, null::text as member_external_id from endpoints p
     where p.account_id = %(account_id)s and p.id = %(endpoint)s and p.scope = 'self'
    union all
    select m.member_account_id, m.external_id from endpoints p join members m on m.account_id = p.account_id
     where p.account_id = %(account_id)s and p.id = %(endpoint)s and p.scope = 'members'
"""
_WANTED = """
    e.id >= %(low)s and e.id < %(high)s and e.at >= %(since)s and e.at < %(until)s and e.type = any(%(event_types)s)
"""
COUNT = f"""
  select count(*) as events from (
    select from ({_HEARD}) h join events e on e.account_id = h.heard
     where {_WANTED} limit %(max_count)s) found
"""
CLAIM = """
  update replays r
     set due_at = %(now)s + %(lease)s, claimed_by = %(worker)s, claim_number = r.claim_number + 1
    from endpoints p cross join lateral (
      select count(*) as pending, coalesce(bool_or(d.attempts > 0), false) as failing from deliveries d
       where d.account_id = p.account_id and d.endpoint_id = p.id and d.repeated and d.due_at is not null) waiting
   where r.id = %(id)s and r.due_at <= %(now)s and p.account_id = r.account_id and p.id = r.endpoint_id
  returning r.id, r.account_id, r.endpoint_id, r.since, r.until, r.event_types, r.heard_account_id, r.after_id,
            p.active and p.url is not null as is_on, waiting.pending, waiting.failing,
            pg_snapshot_xmin(pg_current_snapshot()) >= r.horizon
              or r.horizon > pg_snapshot_xmax(pg_current_snapshot()) as ready
"""
NEXT_HEARD = f"""
  select min(heard::text)::uuid as heard from ({_HEARD}) h where %(after)s::uuid is null or heard > %(after)s
"""
# The events and the position are written in one statement: a killed worker has done both or neither.
QUEUE = f"""
  with batch as (
    select e.id, e.sku from events e
     where e.account_id = %(heard)s and e.id > %(after)s and {_WANTED}
     order by e.id limit %(limit)s
  ), d as (
    insert into deliveries (account_id, id, endpoint_id, event_id, event_account_id, member_external_id, sku, state, due_at,
                            repeated)
    select %(account_id)s, new_ulid(), p.id, batch.id, nullif(h.heard, %(account_id)s), h.member_external_id, nullif(batch.sku, ''),
           case when p.active and p.url is not null then 'due' else 'held' end,
           case when p.active and p.url is not null then %(now)s end, true
      from batch, endpoints p, ({_HEARD}) h
     where p.account_id = %(account_id)s and p.id = %(endpoint)s and h.heard = %(heard)s
    returning 1
  )
  update replays
     set heard_account_id = %(heard)s, queued = queued + (select count(*) from d),
         after_id = (select id from batch order by id desc limit 1)
   where account_id = %(account_id)s and id = %(id)s and exists (select from batch)
  returning (select count(*) from batch) as queued
"""
GO_OVER = """
  update replays set heard_account_id = %(heard)s, after_id = null where account_id = %(account_id)s and id = %(id)s
"""
RESCHEDULE = """
  update replays set due_at = %(due_at)s, claimed_by = null
   where account_id = %(account_id)s and id = %(id)s and due_at is not null
"""
# Asked for while its endpoint was being deleted.
END_ORPHAN = """
  update replays r set due_at = null, claimed_by = null
   where r.id = %(id)s and r.due_at is not null
     and not exists (select from endpoints p where p.account_id = r.account_id and p.id = r.endpoint_id)
"""
FORGET_DONE = """
  delete from replays
   where ctid = any(array(
     select ctid from replays where due_at is null and created_at < %(before)s
      order by created_at limit %(limit)s for update skip locked))
"""


async def add(
    tx: Transaction,
    endpoint: Endpoint,
    replay_id: UUID,
    *,
    since: datetime,
    until: datetime,
    event_types: Sequence[str],
    now: datetime,
) -> None:
    """Write a replay down. Raises Conflict when the endpoint has one already."""
    params = {
        "account_id": endpoint.account_id,
        "id": replay_id,
        "endpoint": endpoint.id,
        "since": since,
        "until": until,
        "event_types": list(event_types),
        "now": now,
    }
    await tx.run(ADD, params)


async def count(
    tx: Transaction,
    endpoint: Endpoint,
    *,
    since: datetime,
    until: datetime,
    event_types: Sequence[str],
    max_count: int,
) -> int:
    """Count the events that a replay would send, up to `max_count`."""
    params = {
        "account_id": endpoint.account_id,
        "endpoint": endpoint.id,
        "event_types": list(event_types),
        "max_count": max_count,
        **_window(since, until),
    }
    return await tx.one(lambda row: row["events"], COUNT, params) or 0


async def claim(
    tx: Transaction, replay_id: UUID, *, worker: UUID, lease: timedelta, now: datetime
) -> Replay | None:
    """Take a replay for a moment, and see how much of it is still on its way; None when another has it."""
    params = {"id": replay_id, "worker": worker, "lease": lease, "now": now}
    return await tx.one(_replay_from_row, CLAIM, params)


async def next_heard(tx: Transaction, replay: Replay) -> UUID | None:
    """Find the next account with events to replay, or None after the last."""
    params = {
        "account_id": replay.account_id,
        "endpoint": replay.endpoint_id,
        "after": replay.heard_account_id,
    }
    return await tx.one(lambda row: row["heard"], NEXT_HEARD, params)


async def go_over(tx: Transaction, replay: Replay, heard: UUID) -> None:
    """Continue with another account."""
    await tx.run(GO_OVER, {"account_id": replay.account_id, "id": replay.id, "heard": heard})


async def queue(tx: Transaction, replay: Replay, heard: UUID, *, limit: int, now: datetime) -> int:
    """Make the next events of an account due at the endpoint; return how many."""
    params = {
        "account_id": replay.account_id,
        "id": replay.id,
        "endpoint": replay.endpoint_id,
        "heard": heard,
        "after": replay.after_id or UUID(int=0),
        "event_types": list(replay.event_types),
        "limit": limit,
        "now": now,
        **_window(replay.since, replay.until),
    }
    return await tx.one(lambda row: row["queued"], QUEUE, params) or 0


async def reschedule(tx: Transaction, replay: Replay, due_at: datetime | None) -> None:
    """Store when a replay continues, None when it is done."""
    params = {"account_id": replay.account_id, "id": replay.id, "due_at": due_at}
    await tx.run(RESCHEDULE, params)


async def end_orphan(tx: Transaction, replay_id: UUID) -> None:
    """End a replay after its endpoint was deleted."""
    await tx.run(END_ORPHAN, {"id": replay_id})


async def forget_done(tx: Transaction, *, before: datetime, limit: int) -> int:
    """Delete a batch of replays that are done and older than this; return how many."""
    return await tx.run(FORGET_DONE, {"before": before, "limit": limit})


def _window(since: datetime, until: datetime) -> dict[str, object]:
    return {
        "since": since,
        "until": until,
        "low": first_id(since - SLACK),
        "high": first_id(until + SLACK),
    }


def _replay_from_row(row: Row) -> Replay:
    return Replay(**{**row, "event_types": tuple(row["event_types"])})
