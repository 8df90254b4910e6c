"""The SQL of login attempts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from saluhall.domain.connections.model import LoginAttempt, LoginOutcome
from saluhall.storage import Transaction
from saluhall.storage.database import Row

INSERT = """
  insert into login_attempts (account_id, id, channel, state_hash, secret, options, expires_at, created_at)
  values (%(account_id)s, %(id)s, %(channel)s, %(state_hash)s, %(secret)s, %(options)s::text::jsonb, %(expires_at)s, %(now)s)
"""
DELETE_OLD = (
    "delete from login_attempts where account_id = %(account_id)s and expires_at < %(before)s"
)
# The browser that comes back names no account: the state, which nobody can guess, does.
TAKE = """
  update login_attempts set used_at = %(now)s
   where state_hash = %(state_hash)s and channel = %(channel)s and used_at is null and expires_at > %(now)s
  returning account_id, id, channel, secret, options, outcome, connection_id, reason, expires_at
"""
REOPEN = """
  update login_attempts set used_at = null
   where account_id = %(account_id)s and id = %(id)s and outcome is null and expires_at > %(now)s
"""
FINISH = """
  update login_attempts
     set outcome = %(outcome)s, connection_id = %(connection_id)s, reason = %(reason)s, secret = '', used_at = %(now)s
   where account_id = %(account_id)s and id = %(id)s and outcome is null
"""
FIND = """
  select account_id, id, channel, options, outcome, connection_id, reason, expires_at
    from login_attempts where account_id = %(account_id)s and id = %(id)s
"""


async def insert(
    tx: Transaction,
    account_id: UUID,
    *,
    attempt_id: UUID,
    channel: str,
    state_hash: bytes,
    secret: bytes,
    options: Mapping[str, Any],
    expires_at: datetime,
    now: datetime,
) -> None:
    """Store an attempt."""
    params = {
        "account_id": account_id,
        "id": attempt_id,
        "channel": channel,
        "state_hash": state_hash,
        "secret": secret,
        "options": msgspec.json.encode(options).decode(),
        "expires_at": expires_at,
        "now": now,
    }
    await tx.run(INSERT, params)


async def delete_old(tx: Transaction, account_id: UUID, *, before: datetime) -> None:
    """Delete attempts that expired before an instant."""
    await tx.run(DELETE_OLD, {"account_id": account_id, "before": before})


async def take(
    tx: Transaction, *, channel: str, state_hash: bytes, now: datetime
) -> tuple[LoginAttempt, bytes] | None:
    """Mark an attempt as used, if it may be; return it with its encrypted secret."""
    params = {"channel": channel, "state_hash": state_hash, "now": now}
    return await tx.one(lambda row: (attempt_from_row(row), bytes(row["secret"])), TAKE, params)


async def reopen(tx: Transaction, account_id: UUID, attempt_id: UUID, *, now: datetime) -> None:
    """Let an attempt be used again."""
    await tx.run(REOPEN, {"account_id": account_id, "id": attempt_id, "now": now})


async def finish(
    tx: Transaction,
    account_id: UUID,
    attempt_id: UUID,
    *,
    outcome: LoginOutcome,
    connection_id: UUID | None,
    reason: str | None,
    now: datetime,
) -> None:
    """Write the outcome, and erase the secret."""
    params = {
        "account_id": account_id,
        "id": attempt_id,
        "outcome": outcome.value,
        "connection_id": connection_id,
        "reason": reason,
        "now": now,
    }
    await tx.run(FINISH, params)


async def find(tx: Transaction, account_id: UUID, attempt_id: UUID) -> LoginAttempt | None:
    """Find an attempt."""
    return await tx.one(attempt_from_row, FIND, {"account_id": account_id, "id": attempt_id})


def attempt_from_row(row: Row) -> LoginAttempt:
    """Read an attempt."""
    facts = {name: row[name] for name in LoginAttempt.__struct_fields__ if name in row}
    outcome = None if row["outcome"] is None else LoginOutcome(row["outcome"])
    return LoginAttempt(**{**facts, "outcome": outcome})
