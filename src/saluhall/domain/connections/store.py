"""The SQL of connections."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from saluhall.domain.connections.model import (
    Connection,
    ConnectionHealth,
    ConnectionState,
    Health,
    Wait,
    WaitsFor,
)
from saluhall.storage import Transaction
from saluhall.storage.claims import claim_from_row, params_of
from saluhall.storage.database import Row

PUT = """
  insert into connections as c (account_id, id, channel, user_id, token, expires_at, expiry_notice_at, options, state,
                                poll_due_at, created_at)
  values (%(account_id)s, %(id)s, %(channel)s, %(user_id)s, %(token)s, %(expires_at)s, %(expiry_notice_at)s,
          %(options)s::text::jsonb, 'connected', %(now)s, %(now)s)
  on conflict (account_id, channel, user_id) do update
     set token = excluded.token, expires_at = excluded.expires_at, expiry_notice_at = excluded.expiry_notice_at,
         state = 'connected', reason = null, removed_at = null,
         waits_for = null, waits_reason = null, next_try_at = null,
         options = c.options || excluded.options, poll_due_at = excluded.poll_due_at,
         poll_claimed_by = null
  returning id
"""
COLUMNS = """
  id, number, account_id, channel, user_id, token, expires_at, options, state, reason, cursor,
  orders_since, polled_at, poll_claimed_by, poll_claim_number, waits_for, waits_reason, next_try_at
"""
OF_ACCOUNT = f"""
  select {COLUMNS} from connections where account_id = %(account_id)s and removed_at is null order by created_at
"""
HEALTH = """
  select a.name as account, c.id as connection_id, c.channel, c.user_id, c.state, coalesce(c.reason, c.waits_reason) as reason,
         c.expires_at, c.polled_at
    from connections c join accounts a using (account_id)
   where c.removed_at is null order by c.state desc, a.name, c.created_at
"""
LOCK = f"""
  select {COLUMNS} from connections
   where account_id = %(account_id)s and id = %(id)s and removed_at is null for update
"""
# The token is erased; what refers to the connection still finds it.
REMOVE = """
  update connections
     set removed_at = %(now)s, token = '', state = 'disconnected', reason = %(reason)s, poll_due_at = null,
         poll_claimed_by = null, waits_for = null, waits_reason = null, next_try_at = null
   where account_id = %(account_id)s and id = %(id)s
"""
FIND = f"select {COLUMNS} from connections where account_id = %(account_id)s and id = %(id)s"
ACCOUNT_OF = "select account_id from connections where id = %(id)s"
DISCONNECT = """
  update connections
     set state = 'disconnected', reason = %(reason)s, poll_due_at = null, poll_claimed_by = null,
         waits_for = null, waits_reason = null, next_try_at = null
   where account_id = %(account_id)s and id = %(id)s and token = %(token)s
"""
CLAIM_POLL = f"""
  update connections
     set poll_due_at = %(now)s + %(lease)s, poll_claimed_by = %(worker)s,
         poll_claim_number = poll_claim_number + 1
   where account_id = %(account_id)s and id = (
     select id from connections
      where account_id = %(account_id)s and id = %(id)s and poll_due_at <= %(now)s and state = 'connected'
        for update skip locked)
  returning {COLUMNS}
"""
RECORD_POLL = """
  update connections
     set cursor = coalesce(%(cursor)s, cursor), poll_due_at = %(next_at)s, poll_claimed_by = null,
         polled_at = coalesce(%(polled_at)s, polled_at)
   where account_id = %(account_id)s and id = %(id)s and state = 'connected'
     and poll_claimed_by = %(worker)s and poll_claim_number = %(claim)s
"""
RECORD_ORDERS_READ = """
  update connections set orders_since = %(until)s
   where account_id = %(account_id)s and id = %(id)s
     and poll_claimed_by = %(worker)s and poll_claim_number = %(claim)s
"""
POLL_SOON = """
  update connections set poll_due_at = %(at)s
   where account_id = %(account_id)s and id = %(id)s and poll_due_at > %(at)s
"""
NOTE_WAIT = """
  update connections set waits_for = %(waits_for)s, waits_reason = %(reason)s, next_try_at = %(next_try_at)s
   where account_id = %(account_id)s and id = %(id)s and state = 'connected'
"""
COUNT_BY_HEALTH = """
  select channel, state, case when state = 'connected' then coalesce(waits_for, 'nothing') else 'login' end as reason,
         count(*)::integer as connections,
         extract(epoch from max(greatest(next_try_at, %(now)s)) - %(now)s)::float8 as next_try_s
    from connections where removed_at is null group by 1, 2, 3
"""
POLLING = "select count(*) as polling from connections where channel = %(channel)s and poll_due_at is not null"


async def put(
    tx: Transaction,
    account_id: UUID,
    *,
    connection_id: UUID,
    channel: str,
    user_id: str,
    token: bytes,
    expires_at: datetime | None,
    expiry_notice_at: datetime | None,
    options: Mapping[str, Any],
    now: datetime,
) -> UUID | None:
    """Store a login, or the new token of a known one; return the connection's id."""
    params = {
        "account_id": account_id,
        "id": connection_id,
        "channel": channel,
        "user_id": user_id,
        "token": token,
        "expires_at": expires_at,
        "expiry_notice_at": expiry_notice_at,
        "options": msgspec.json.encode(options).decode(),
        "now": now,
    }
    return await tx.one(lambda row: row["id"], PUT, params)


async def of_account(tx: Transaction, account_id: UUID) -> list[Connection]:
    """List an account's connections."""
    return await tx.all(connection_from_row, OF_ACCOUNT, {"account_id": account_id})


async def find(tx: Transaction, account_id: UUID, connection_id: UUID) -> Connection | None:
    """Find a connection."""
    return await tx.one(connection_from_row, FIND, {"account_id": account_id, "id": connection_id})


async def health(tx: Transaction) -> list[ConnectionHealth]:
    """Read whether each connection works, over all accounts; those that do not come first."""
    return await tx.all(_health_from_row, HEALTH)


def _health_from_row(row: Row) -> ConnectionHealth:
    return ConnectionHealth(**{**row, "state": ConnectionState(row["state"])})


async def lock(tx: Transaction, account_id: UUID, connection_id: UUID) -> Connection | None:
    """Find a connection that was not removed, and lock it."""
    return await tx.one(connection_from_row, LOCK, {"account_id": account_id, "id": connection_id})


async def remove(
    tx: Transaction, account_id: UUID, connection_id: UUID, *, reason: str, now: datetime
) -> None:
    """Mark a connection as removed and erase its token."""
    await tx.run(
        REMOVE, {"account_id": account_id, "id": connection_id, "reason": reason, "now": now}
    )


async def account_of(tx: Transaction, connection_id: UUID) -> UUID | None:
    """Return the account of a connection, for jobs: a wake-up has only its id."""
    return await tx.one(lambda row: row["account_id"], ACCOUNT_OF, {"id": connection_id})


async def disconnect(tx: Transaction, connection: Connection, *, reason: str) -> int:
    """Mark a connection as disconnected, unless it got a new token meanwhile."""
    params = {
        "account_id": connection.account_id,
        "id": connection.id,
        "token": connection.token,
        "reason": reason,
    }
    return await tx.run(DISCONNECT, params)


async def claim_poll(
    tx: Transaction,
    account_id: UUID,
    connection_id: UUID,
    *,
    worker: UUID,
    lease: timedelta,
    now: datetime,
) -> Connection | None:
    """Take a connection's due poll for the length of a lease."""
    params = {
        "account_id": account_id,
        "id": connection_id,
        "worker": worker,
        "lease": lease,
        "now": now,
    }
    return await tx.one(connection_from_row, CLAIM_POLL, params)


async def record_poll(
    tx: Transaction,
    connection: Connection,
    *,
    cursor: str | None,
    polled_at: datetime | None,
    next_at: datetime,
) -> None:
    """Record how far a poll came and when the next is due, if its claim still holds."""
    params = {
        **_claimed(connection),
        "cursor": cursor,
        "polled_at": polled_at,
        "next_at": next_at,
    }
    await tx.run(RECORD_POLL, params)


async def record_orders_read(tx: Transaction, connection: Connection, *, until: datetime) -> None:
    """Record up to when orders were read, if the claim of the poll still holds."""
    await tx.run(RECORD_ORDERS_READ, {**_claimed(connection), "until": until})


def _claimed(connection: Connection) -> dict[str, Any]:
    return {
        "account_id": connection.account_id,
        "id": connection.id,
        **params_of(connection.poll_claim),
    }


async def poll_soon(
    tx: Transaction, account_id: UUID, connection_id: UUID, *, at: datetime
) -> None:
    """Let the next poll be no later than this."""
    await tx.run(POLL_SOON, {"account_id": account_id, "id": connection_id, "at": at})


async def note_wait(tx: Transaction, connection: Connection, wait: Wait | None) -> None:
    """Note what a connection's work waits for; None: for nothing."""
    params = {
        "account_id": connection.account_id,
        "id": connection.id,
        "waits_for": wait and wait.waits_for,
        "reason": wait and wait.reason,
        "next_try_at": wait and wait.next_try_at,
    }
    await tx.run(NOTE_WAIT, params)


async def count_by_health(tx: Transaction, *, now: datetime) -> list[Health]:
    """Count all connections by channel, state and what they wait for."""
    return await tx.all(lambda row: Health(**row), COUNT_BY_HEALTH, {"now": now})


async def count_polling(tx: Transaction, channel: str) -> int:
    """Count the connections that are polled at a channel."""
    return await tx.one(lambda row: int(row["polling"]), POLLING, {"channel": channel}) or 0


def connection_from_row(row: Row) -> Connection:
    """Read a connection."""
    facts = {name: row[name] for name in Connection.__struct_fields__ if name in row}
    claim = {"claimed_by": row["poll_claimed_by"], "claim_number": row["poll_claim_number"]}
    state = ConnectionState(row["state"])
    made = {"state": state, "poll_claim": claim_from_row(claim), "wait": _wait_from_row(row)}
    return Connection(**{**facts, **made})


def _wait_from_row(row: Row) -> Wait | None:
    if row["waits_for"] is None:
        return None
    return Wait(
        waits_for=WaitsFor(row["waits_for"]),
        reason=row["waits_reason"],
        next_try_at=row["next_try_at"],
    )
