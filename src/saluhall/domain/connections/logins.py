"""Connect by the channel's own login page: an attempt is begun here, and ended by the browser that comes back with its state."""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from saluhall.domain.accounts.model import Principal
from saluhall.domain.connections import logins_store
from saluhall.domain.connections.model import LoginAttempt, LoginOutcome
from saluhall.kit.ids import new_id
from saluhall.kit.secrets import Vault, sha256
from saluhall.storage import Transaction

LIFE = timedelta(minutes=15)
_KEPT = timedelta(days=1)


def new_state() -> str:
    """Make the text by which the browser's return is known again; nobody can guess it."""
    return secrets.token_urlsafe(32)


async def begin(
    tx: Transaction,
    *,
    principal: Principal,
    channel: str,
    state: str,
    secret: str,
    options: Mapping[str, Any],
    vault: Vault,
    now: datetime,
) -> UUID:
    """Keep a login that the seller is about to make, its secret encrypted; return its id. The state is kept as a hash."""
    attempt_id = new_id()
    await logins_store.delete_old(tx, principal.account_id, before=now - _KEPT)
    await logins_store.insert(
        tx,
        principal.account_id,
        attempt_id=attempt_id,
        channel=channel,
        state_hash=sha256(state),
        secret=vault.seal(secret, purpose=_purpose(principal.account_id, attempt_id)),
        options=options,
        expires_at=now + LIFE,
        now=now,
    )
    return attempt_id


async def take(
    tx: Transaction, *, channel: str, state: str, vault: Vault, now: datetime
) -> tuple[LoginAttempt, str] | None:
    """Use the attempt with this state, once; return it and its secret. None when it is unknown, used or expired."""
    found = await logins_store.take(tx, channel=channel, state_hash=sha256(state), now=now)
    if found is None:
        return None
    attempt, secret = found
    return attempt, vault.open(secret, purpose=_purpose(attempt.account_id, attempt.id))


async def reopen(tx: Transaction, attempt: LoginAttempt, *, now: datetime) -> None:
    """Let an attempt be used again: the channel could not be reached."""
    await logins_store.reopen(tx, attempt.account_id, attempt.id, now=now)


async def finish(
    tx: Transaction,
    attempt: LoginAttempt,
    *,
    outcome: LoginOutcome,
    connection_id: UUID | None = None,
    reason: str | None = None,
    now: datetime,
) -> None:
    """Record what became of an attempt."""
    await logins_store.finish(
        tx,
        attempt.account_id,
        attempt.id,
        outcome=outcome,
        connection_id=connection_id,
        reason=reason,
        now=now,
    )


async def find(tx: Transaction, *, principal: Principal, attempt_id: UUID) -> LoginAttempt | None:
    """Find an attempt of an account."""
    return await logins_store.find(tx, principal.account_id, attempt_id)


def _purpose(account_id: UUID, attempt_id: UUID) -> str:
    return f"login:{account_id}:{attempt_id}"
