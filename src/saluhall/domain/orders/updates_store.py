"""The SQL of what channels must be notified of about orders. An order is locked before its notifications are."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from saluhall.domain.orders.model import DueUpdate, OrderState, UpdateKind, UpdateState
from saluhall.storage import Transaction
from saluhall.storage.claims import claim_from_row, params_of
from saluhall.storage.database import Row

# What is due of an order is replaced by what must be said now; the parcel of a shipped order is its newest one. What the channel has
# no word for is kept beside it.
REPLACE = """
  with t as (
    select *, coalesce(due, unsupported) as kind
      from jsonb_to_recordset(%(orders)s::text::jsonb)
        as t (id integer, connection_id uuid, due text, unsupported text, answer text)
  ), withdrawn as (
    update order_updates u
       set state = 'withdrawn', due_at = null, claimed_by = null, settled_at = %(now)s
      from t
     where u.account_id = %(account_id)s and u.order_id = t.id and u.due_at is not null
       and u.kind not in ('shipped', 'refunded')
  )
  insert into order_updates (account_id, id, order_id, connection_id, kind, fulfilment_id, reason, state, answer, due_at,
                             created_at, settled_at)
  select %(account_id)s, new_ulid(), t.id, t.connection_id, t.kind,
         (select f.id from fulfilments f
           where f.account_id = %(account_id)s and f.order_id = t.id and t.kind = 'shipped'
           order by f.id desc limit 1),
         case when t.kind = 'cancelled' then o.cancel_reason else '' end,
         case when t.due is null then 'not_supported' else 'due' end, t.answer,
         case when t.due is not null then %(now)s::timestamptz end, %(now)s,
         case when t.due is null then %(now)s::timestamptz end
    from t join orders o on o.account_id = %(account_id)s and o.id = t.id
   where t.kind is not null
"""
# What waits for a channel that is not connected stays due and is not claimed: connecting again is all it needs.
CLAIM = """
  with due as (
    select u.account_id, u.id from order_updates u
     where u.account_id = %(account_id)s and u.connection_id = %(connection)s and u.due_at <= %(now)s
       and exists (select from connections c
                    where c.account_id = u.account_id and c.id = u.connection_id and c.state = 'connected')
     order by u.due_at, u.id limit %(limit)s for update of u skip locked
  )
  update order_updates u
     set due_at = %(now)s + %(lease)s, claimed_by = %(worker)s, claim_number = u.claim_number + 1
    from due, orders o
   where u.account_id = %(account_id)s and u.id = due.id and o.account_id = %(account_id)s and o.id = u.order_id
  returning u.account_id, u.id, u.order_id, u.connection_id, o.external_id, u.kind, u.reason, o.currency,
            coalesce((select f.carrier from fulfilments f where f.account_id = u.account_id and f.id = u.fulfilment_id),
                     o.carrier) as carrier,
            coalesce((select f.tracking from fulfilments f where f.account_id = u.account_id and f.id = u.fulfilment_id),
                     o.tracking) as tracking,
            u.attempts, u.claimed_by, u.claim_number,
            (select r.amount from refunds r where r.account_id = u.account_id and r.id = u.refund_id) as amount,
            (select json_object_agg(packed.external_id, packed.units)
               from (select l.external_id, sum(p.quantity) as units
                       from fulfilment_lines p join order_lines l on l.account_id = p.account_id and l.id = p.line_id
                      where p.account_id = u.account_id and p.fulfilment_id = u.fulfilment_id
                      group by l.external_id) packed) as lines
"""
# The seller may have asked for something else while the channel was busy: then this answer is of no interest. The message of an order
# is about its status; what became of a refund is in its update alone.
_LOCKED = """
  with o as (
    select id from orders where account_id = %(account_id)s and id = %(order_id)s for update
  )
"""
_STILL_CLAIMED = """
     where u.account_id = %(account_id)s and u.id = %(id)s and u.order_id = (select id from o) and u.claimed_by = %(worker)s
       and u.claim_number = %(claim)s
"""
SETTLE = f"""
  {_LOCKED}, u as (
    update order_updates u
       set state = %(state)s, answer = %(message)s, due_at = null, claimed_by = null, settled_at = %(now)s
    {_STILL_CLAIMED}
    returning u.order_id, u.kind
  )
  update orders
     set status_message = %(message)s, changed_at = %(now)s,
         acknowledged = case when %(state)s = 'acknowledged' then u.kind else acknowledged end,
         acknowledged_at = case when %(state)s = 'acknowledged' then %(now)s else acknowledged_at end
    from u
   where orders.account_id = %(account_id)s and orders.id = u.order_id and u.kind <> 'refunded'
"""
# An order is changed in the eyes of a partner when it says something new, not each time that it is tried again.
RESCHEDULE = f"""
  {_LOCKED}, u as (
    update order_updates u
       set due_at = %(due_at)s, claimed_by = null, attempts = %(attempts)s, answer = %(message)s
    {_STILL_CLAIMED}
    returning u.order_id, u.kind
  )
  update orders
     set changed_at = case when status_message = %(message)s then changed_at else %(now)s end,
         status_message = %(message)s
    from u
   where orders.account_id = %(account_id)s and orders.id = u.order_id and u.kind <> 'refunded'
"""
SUSPEND = """
  with o as (
    select id from orders
     where account_id = %(account_id)s
       and id in (select order_id from order_updates
                   where account_id = %(account_id)s and connection_id = %(connection)s and due_at is not null)
     order by id for update
  ), u as (
    update order_updates u set due_at = %(now)s, claimed_by = null, answer = %(reason)s
      from o
     where u.account_id = %(account_id)s and u.connection_id = %(connection)s and u.order_id = o.id
       and u.due_at is not null
    returning u.order_id, u.kind
  )
  update orders
     set changed_at = case when status_message = %(reason)s then changed_at else %(now)s end,
         status_message = %(reason)s
   where account_id = %(account_id)s and id in (select order_id from u where kind <> 'refunded')
"""
CANCEL = """
  with o as (
    select id from orders
     where account_id = %(account_id)s
       and id in (select order_id from order_updates
                   where account_id = %(account_id)s and connection_id = %(connection)s and due_at is not null)
     order by id for update
  ), u as (
    update order_updates u
       set state = 'withdrawn', due_at = null, claimed_by = null, answer = %(reason)s, settled_at = %(now)s
      from o
     where u.account_id = %(account_id)s and u.connection_id = %(connection)s and u.order_id = o.id
       and u.due_at is not null
    returning u.order_id, u.kind
  )
  update orders set status_message = %(reason)s, changed_at = %(now)s
   where account_id = %(account_id)s and id in (select order_id from u where kind <> 'refunded')
"""


async def replace(
    tx: Transaction,
    account_id: UUID,
    orders: Sequence[OrderState],
    *,
    unsupported: Mapping[int, UpdateKind],
    now: datetime,
) -> None:
    """Make due what the channels of these orders must be notified of now; what was due before is withdrawn.

    `unsupported` is what a channel has no word for, by the order's id.
    """
    rows = [
        {
            "id": o.id,
            "connection_id": o.connection_id,
            "due": o.due,
            "unsupported": unsupported.get(o.id),
            "answer": o.status_message if o.id in unsupported else "",
        }
        for o in orders
    ]
    params = {
        "account_id": account_id,
        "orders": msgspec.json.encode(rows).decode(),
        "now": now,
    }
    await tx.run(REPLACE, params)


async def cancel(
    tx: Transaction, account_id: UUID, connection_id: UUID, *, reason: str, now: datetime
) -> int:
    """Withdraw all that waits for a channel; return of how many orders."""
    params = {"account_id": account_id, "connection": connection_id, "reason": reason, "now": now}
    return await tx.run(CANCEL, params)


async def claim(
    tx: Transaction,
    account_id: UUID,
    connection_id: UUID,
    *,
    worker: UUID,
    limit: int,
    lease: timedelta,
    now: datetime,
) -> list[DueUpdate]:
    """Claim due notifications, the longest due first, for the length of a lease."""
    params = {
        "account_id": account_id,
        "connection": connection_id,
        "worker": worker,
        "limit": limit,
        "lease": lease,
        "now": now,
    }
    return await tx.all(update_from_row, CLAIM, params)


async def settle(
    tx: Transaction, update: DueUpdate, *, state: UpdateState, message: str, now: datetime
) -> None:
    """Store what became of a notification."""
    params = {**_claimed(update), "state": state, "message": message, "now": now}
    await tx.run(SETTLE, params)


async def reschedule(
    tx: Transaction,
    update: DueUpdate,
    *,
    message: str,
    attempts: int,
    due_at: datetime,
    now: datetime,
) -> None:
    """Release a claimed notification, due later."""
    params = {
        **_claimed(update),
        "message": message,
        "attempts": attempts,
        "due_at": due_at,
        "now": now,
    }
    await tx.run(RESCHEDULE, params)


async def suspend(
    tx: Transaction, account_id: UUID, connection_id: UUID, *, reason: str, now: datetime
) -> None:
    """Release all notifications of a connection and say at their orders why they wait."""
    params = {"account_id": account_id, "connection": connection_id, "reason": reason, "now": now}
    await tx.run(SUSPEND, params)


def update_from_row(row: Row) -> DueUpdate:
    """Read what is due."""
    facts = {name: row[name] for name in DueUpdate.__struct_fields__ if name != "claim"}
    return DueUpdate(
        claim=claim_from_row(row),
        **{**facts, "kind": UpdateKind(row["kind"]), "lines": row["lines"] or {}},
    )


def _claimed(update: DueUpdate) -> dict[str, object]:
    return {
        "account_id": update.account_id,
        "id": update.id,
        "order_id": update.order_id,
        **params_of(update.claim),
    }
