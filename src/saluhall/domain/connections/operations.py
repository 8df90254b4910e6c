"""What is done with connections and with the budget of calls."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from saluhall.channel import OutOfBudget, Purpose
from saluhall.domain.accounts.model import Principal
from saluhall.domain.connections import budget_store, store
from saluhall.domain.connections.expiry import first_notice_at
from saluhall.domain.connections.model import BudgetState, Connection, ConnectionNotFound, Wait
from saluhall.kit.ids import new_id
from saluhall.kit.retry import RetryPolicy
from saluhall.kit.secrets import Vault
from saluhall.storage import Transaction

# The part of the budget that a purpose must leave for those before it. A submission must be checked, maybe often.
RESERVED: dict[Purpose, float] = {
    Purpose.END: 0.0,
    Purpose.PRICE: 0.05,
    Purpose.SHIP: 0.05,
    Purpose.LOGIN: 0.05,
    Purpose.CHECK: 0.10,
    Purpose.PUBLISH: 0.25,
    Purpose.POLL: 0.30,
}
_CALLS_PER_POLL = 3  # what changed, one listing of it, the orders
# How long the channel is not called after a 429 that does not say how long.
BLOCKS = RetryPolicy(base=timedelta(minutes=1), max=timedelta(hours=6))
_DAY = timedelta(hours=24)


async def connect(
    tx: Transaction,
    *,
    principal: Principal,
    channel: str,
    user_id: str,
    token: str,
    expires_at: datetime | None,
    options: Mapping[str, Any],
    vault: Vault,
    now: datetime,
) -> UUID:
    """Store a login at a channel, its token encrypted; a known login gets the new token and is connected again."""
    connection_id = await store.put(
        tx,
        principal.account_id,
        connection_id=new_id(),
        channel=channel,
        user_id=user_id,
        token=vault.seal(token, purpose=token_purpose(principal.account_id, channel, user_id)),
        expires_at=expires_at,
        expiry_notice_at=first_notice_at(expires_at, now=now),
        options=options,
        now=now,
    )
    assert connection_id is not None  # noqa: S101 - an upsert returns its row
    tx.wake("sync_connection", [connection_id])
    tx.wake("poll_connection", [connection_id])
    return connection_id


async def reconnect(
    tx: Transaction,
    *,
    principal: Principal,
    connection_id: UUID,
    token: str,
    expires_at: datetime | None,
    vault: Vault,
    now: datetime,
) -> Connection:
    """Give a connection a new token; it is connected again. Raises ConnectionNotFound."""
    found = await lock(tx, principal=principal, connection_id=connection_id, now=now)
    await connect(
        tx,
        principal=principal,
        channel=found.channel,
        user_id=found.user_id,
        token=token,
        expires_at=expires_at,
        options={},
        vault=vault,
        now=now,
    )
    return found


async def lock(
    tx: Transaction,
    *,
    principal: Principal,
    connection_id: UUID,
    now: datetime,  # noqa: ARG001 - every operation has `now`
) -> Connection:
    """Read a connection and keep it from changing until the transaction ends. Raises ConnectionNotFound."""
    found = await store.lock(tx, principal.account_id, connection_id)
    if found is None:
        raise ConnectionNotFound(f"the account has no connection with the id {connection_id}")
    return found


async def remove(tx: Transaction, connection: Connection, *, reason: str, now: datetime) -> None:
    """Mark a connection as removed and erase its token."""
    await store.remove(tx, connection.account_id, connection.id, reason=reason, now=now)


def token_purpose(account_id: UUID, channel: str, user_id: str) -> str:
    """Name what a sealed token is for."""
    return f"token:{account_id}:{channel}:{user_id}"


async def disconnect(
    tx: Transaction,
    connection: Connection,
    *,
    reason: str,
    now: datetime,  # noqa: ARG001 - every operation has `now`
) -> bool:
    """Mark a connection as disconnected; False when it has been connected again meanwhile."""
    return bool(await store.disconnect(tx, connection, reason=reason))


async def spend(
    tx: Transaction,
    channel: str,
    *,
    limit: int,
    asked: Sequence[tuple[Purpose, int]],
    now: datetime,
) -> list[OutOfBudget | None]:
    """Count calls about to be made, exactly over all workers; for each in the order given None, or why it must not be made.

    Each is asked for with its purpose, and with how many calls must be there so that the first makes sense.
    """
    leaves = [_left_to_others(purpose, limit) for purpose, _ in asked]
    allowed, state = await budget_store.spend(
        tx, channel, limit=limit, leaves=leaves, needs=[calls for _, calls in asked], now=now
    )
    return [None if is_allowed else refusal(state, limit=limit, now=now) for is_allowed in allowed]


async def set_limits(
    tx: Transaction,
    *,
    limits: Mapping[str, int],
    now: datetime,  # noqa: ARG001 - every operation has `now`
) -> None:
    """Keep how many calls in 24 hours a worker may make at each channel: the worker that started last is right."""
    await budget_store.set_limits(tx, limits)


def check(state: BudgetState, *, limit: int, purpose: Purpose, calls: int, now: datetime) -> None:
    """See that a budget has room for these calls. Raises OutOfBudget."""
    is_blocked = state.blocked_until is not None and state.blocked_until > now
    if is_blocked or left_for(purpose, state, limit=limit) < calls:
        raise refusal(state, limit=limit, now=now)


def refusal(state: BudgetState, *, limit: int, now: datetime) -> OutOfBudget:
    """Say why a call must not be made, and when it may."""
    if state.blocked_until is not None and state.blocked_until > now:
        return OutOfBudget("the marketplace takes no calls now", retry_in=state.blocked_until - now)
    wait = (state.frees_at or now + _DAY) - now
    return OutOfBudget(
        f"{state.used} of {limit} calls in 24 hours are used", retry_in=max(wait, BLOCKS.base)
    )


def next_call_at(state: BudgetState, *, limit: int, now: datetime) -> datetime | None:
    """Return when the next call is allowed, None when one is allowed now."""
    if state.blocked_until is not None and state.blocked_until > now:
        return state.blocked_until
    return (state.frees_at or now + _DAY) if state.used >= limit else None


def left_for(purpose: Purpose, state: BudgetState, *, limit: int) -> int:
    """Return how many calls may still be made for a purpose; less than 0 when others have used what it must leave."""
    return limit - state.used - _left_to_others(purpose, limit)


def _left_to_others(purpose: Purpose, limit: int) -> int:
    return math.ceil(limit * RESERVED[purpose])


async def block(
    tx: Transaction, channel: str, *, retry_in: timedelta | None, now: datetime
) -> None:
    """Stop calling after a 429: for as long as the marketplace said, else for longer each time."""
    await budget_store.lock_budget(tx, channel)
    state = await budget_store.budget(tx, channel, now=now)
    blocks = _blocks_in_a_row(state, now)
    if retry_in is None:
        retry_in = BLOCKS.delay(blocks)
    await budget_store.block(tx, channel, until=now + retry_in, blocks=blocks)


def _blocks_in_a_row(state: BudgetState, now: datetime) -> int:
    """Count this block with those before it; calls made side by side hear of one and the same."""
    if state.blocked_until is None or state.blocked_until < now - BLOCKS.max:
        return 1
    return state.blocks + (state.blocked_until <= now)


async def claim_poll(
    tx: Transaction,
    account_id: UUID,
    connection_id: UUID,
    *,
    worker: UUID,
    lease: timedelta,
    now: datetime,
) -> Connection | None:
    """Take a connection's poll if it is due."""
    return await store.claim_poll(
        tx, account_id, connection_id, worker=worker, lease=lease, now=now
    )


async def record_poll(
    tx: Transaction,
    connection: Connection,
    *,
    cursor: str | None,
    polled_at: datetime | None,
    next_at: datetime,
    now: datetime,  # noqa: ARG001 - every operation has `now`
) -> None:
    """Record how far a poll came (None: it failed) and when the next is due."""
    await store.record_poll(
        tx,
        connection,
        cursor=cursor,
        polled_at=polled_at,
        next_at=next_at,
    )


async def note_wait(
    tx: Transaction,
    connection: Connection,
    wait: Wait | None,
    *,
    now: datetime,  # noqa: ARG001 - every operation has `now`
) -> None:
    """Note why a connection's work waits and when it is tried next; None when nothing keeps it waiting."""
    await store.note_wait(tx, connection, wait)


async def record_orders_read(
    tx: Transaction,
    connection: Connection,
    *,
    until: datetime,
    now: datetime,  # noqa: ARG001 - every operation has `now`
) -> None:
    """Record up to when, in the marketplace's time, all orders are stored."""
    await store.record_orders_read(tx, connection, until=until)


async def poll_by(
    tx: Transaction,
    account_id: UUID,
    connection_id: UUID,
    *,
    at: datetime,
    now: datetime,  # noqa: ARG001 - every operation has `now`
) -> None:
    """Let the next poll be no later than this: something ends then."""
    await store.poll_soon(tx, account_id, connection_id, at=at)


def poll_pause(
    state: BudgetState, *, limit: int, connections: int, interval: timedelta
) -> timedelta:
    """Return how long to wait between polls: the interval, or longer when what is left would not last a day.

    Polls may use half of what the other purposes do not have reserved.
    """
    spare = left_for(Purpose.POLL, state, limit=limit) / 2
    if spare < _CALLS_PER_POLL:
        return max(interval, timedelta(hours=1))
    return max(interval, _DAY * (connections * _CALLS_PER_POLL / spare))
