"""The SQL of statuses on their way to a marketplace."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from saluhall.domain.orders.model import DuePush, OrderStatus
from saluhall.storage import Transaction
from saluhall.storage.claims import claim_from_row, params_of
from saluhall.storage.database import Row

# What waits for a marketplace that is not connected stays due and is not taken: connecting again is all it needs.
CLAIM = """
  with due as (
    select h.account_id, h.id from order_heads h
     where h.account_id = %(owner)s and h.connection_id = %(connection)s
       and h.push_due_at <= %(now)s and h.wanted_status is not null
       and exists (select from connections c
                    where c.account_id = h.account_id and c.id = h.connection_id and c.state = 'connected')
     order by h.push_due_at, h.id limit %(limit)s for update of h skip locked
  )
  update order_heads h
     set push_due_at = %(now)s + %(lease)s, push_claimed_by = %(worker)s,
         push_claim_number = h.push_claim_number + 1
    from due
   where h.account_id = due.account_id and h.id = due.id
  returning h.account_id, h.id, h.connection_id, h.remote_id, h.code, h.status, h.wanted_status,
            h.tracking, h.courier_code, h.date_payment, h.push_attempts as attempts,
            h.push_claimed_by as claimed_by, h.push_claim_number as claim_number
"""
# The seller may have asked for something else while the marketplace was thinking: then this answer is of no interest.
_STILL_WANTED = """
   where account_id = %(owner)s and id = %(id)s and push_claimed_by = %(worker)s
     and push_claim_number = %(claim)s and wanted_status = %(wanted)s
"""
SETTLE = f"""
  update order_heads
     set wanted_status = null, push_due_at = null, push_claimed_by = null, push_attempts = 0,
         status_message = %(message)s, modified = %(now)s,
         upload_status = json_build_object(
           'request_payload', %(upload)s::text,
           'request_date', to_char(%(now)s at time zone 'UTC', 'Dy Mon DD HH24:MI:SS "UTC" YYYY'))
  {_STILL_WANTED}
"""
SETTLE_LOCALLY = f"""
  update order_heads
     set wanted_status = null, push_due_at = null, push_claimed_by = null, push_attempts = 0,
         status_message = %(message)s, modified = %(now)s
  {_STILL_WANTED}
"""
# An order is changed in the eyes of a partner when it says something new, not each time that it is tried again.
PUT_OFF = f"""
  update order_heads
     set push_due_at = %(due_at)s, push_claimed_by = null, push_attempts = %(attempts)s,
         modified = case when status_message = %(message)s then modified else %(now)s end,
         status_message = %(message)s
  {_STILL_WANTED}
"""
PARK = """
  update order_heads
     set push_due_at = %(now)s, push_claimed_by = null,
         modified = case when status_message = %(reason)s then modified else %(now)s end,
         status_message = %(reason)s
   where account_id = %(owner)s and connection_id = %(connection)s and push_due_at is not null
"""

CANCEL = """
  update order_heads
     set wanted_status = null, push_due_at = null, push_claimed_by = null, push_attempts = 0,
         status_message = %(reason)s, modified = %(now)s
   where account_id = %(owner)s and connection_id = %(connection)s and wanted_status is not null
"""


async def cancel(
    tx: Transaction, owner: UUID, connection_id: UUID, *, reason: str, now: datetime
) -> int:
    """End all updates that wait for a marketplace; return how many there were."""
    params = {"owner": owner, "connection": connection_id, "reason": reason, "now": now}
    return await tx.run(CANCEL, params)


async def claim(
    tx: Transaction,
    owner: UUID,
    connection_id: UUID,
    *,
    worker: UUID,
    limit: int,
    lease: timedelta,
    now: datetime,
) -> list[DuePush]:
    """Take due orders, the longest due first, for the length of a lease."""
    params = {
        "owner": owner,
        "connection": connection_id,
        "worker": worker,
        "limit": limit,
        "lease": lease,
        "now": now,
    }
    return await tx.all(push_from_row, CLAIM, params)


async def settle(
    tx: Transaction,
    push: DuePush,
    *,
    message: str,
    upload: Mapping[str, str] | None,
    now: datetime,
) -> None:
    """Note that nothing is to be told any more, and what was told."""
    params = {
        **_whose(push),
        "message": message,
        "upload": None if upload is None else msgspec.json.encode(upload).decode(),
        "now": now,
    }
    await tx.run(SETTLE_LOCALLY if upload is None else SETTLE, params)


async def put_off(
    tx: Transaction,
    push: DuePush,
    *,
    message: str,
    attempts: int,
    due_at: datetime,
    now: datetime,
) -> None:
    """Give a claimed order back, due later."""
    params = {
        **_whose(push),
        "message": message,
        "attempts": attempts,
        "due_at": due_at,
        "now": now,
    }
    await tx.run(PUT_OFF, params)


async def park(
    tx: Transaction, owner: UUID, connection_id: UUID, *, reason: str, now: datetime
) -> None:
    """Give all orders of a connection back and say why they wait."""
    params = {"owner": owner, "connection": connection_id, "reason": reason, "now": now}
    await tx.run(PARK, params)


def push_from_row(row: Row) -> DuePush:
    """Read what is due."""
    facts = {name: row[name] for name in DuePush.__struct_fields__ if name != "claim"}
    return DuePush(
        claim=claim_from_row(row),
        **{
            **facts,
            "status": OrderStatus(row["status"]),
            "wanted_status": OrderStatus(row["wanted_status"]),
        },
    )


def _whose(push: DuePush) -> dict[str, object]:
    return {
        "owner": push.account_id,
        "id": push.id,
        "wanted": push.wanted_status.value,
        **params_of(push.claim),
    }
