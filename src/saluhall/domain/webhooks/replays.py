"""What is done with replays: asked for, and queued a little at a time."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from saluhall.domain.accounts.model import Principal
from saluhall.domain.events.model import EventType
from saluhall.domain.webhooks import replays_store as store
from saluhall.domain.webhooks.model import Endpoint, Replay, ReplayRunning
from saluhall.domain.webhooks.queries import endpoint_of_account
from saluhall.kit.ids import new_id
from saluhall.storage import Transaction
from saluhall.storage.database import Conflict

COUNTED = 100_000  # so far a replay is counted before it is promised
BACKLOG = 2000  # so much may be on its way at once
_BATCH = 1000
_SHORTLY = timedelta(seconds=0.2)
_LATER = timedelta(seconds=30)


async def start(
    tx: Transaction,
    *,
    principal: Principal,
    endpoint_id: UUID,
    since: datetime,
    until: datetime,
    event_types: Sequence[EventType],
    now: datetime,
) -> tuple[UUID, int]:
    """Send events once more to an endpoint; return the replay's id and how many they are, up to COUNTED.

    No event types means those that the endpoint asks for. Raises EndpointNotFound, ReplayRunning.
    """
    endpoint = await endpoint_of_account(tx, principal=principal, endpoint_id=endpoint_id)
    asked = event_types or endpoint.event_types
    replay_id = new_id()
    try:
        await store.add(
            tx, endpoint, replay_id, since=since, until=until, event_types=asked, now=now
        )
    except Conflict as error:
        raise ReplayRunning from error
    tx.wake("replay_webhooks", [replay_id])
    return replay_id, await _count(tx, endpoint, since=since, until=until, event_types=asked)


async def _count(
    tx: Transaction,
    endpoint: Endpoint,
    *,
    since: datetime,
    until: datetime,
    event_types: Sequence[str],
) -> int:
    return await store.count(
        tx, endpoint, since=since, until=until, event_types=event_types, max_count=COUNTED
    )


async def advance(
    tx: Transaction,
    replay_id: UUID,
    *,
    worker: UUID,
    per_s: int,
    lease: timedelta,
    now: datetime,
) -> datetime | None:
    """Queue the next events, up to the limit; return when to continue, or None when the replay is done or claimed by another worker."""
    replay = await store.claim(tx, replay_id, worker=worker, lease=lease, now=now)
    if replay is None:
        await store.end_orphan(tx, replay_id)
        return None
    due_at = await _step(tx, replay, per_s=per_s, now=now)
    await store.reschedule(tx, replay, due_at)
    return due_at


async def forget_done(tx: Transaction, *, keep: timedelta, limit: int, now: datetime) -> int:
    """Delete a batch of expired replays that are done; return how many."""
    return await store.forget_done(tx, before=now - keep, limit=limit)


async def _step(tx: Transaction, replay: Replay, *, per_s: int, now: datetime) -> datetime | None:
    limit = min(BACKLOG - replay.pending, _BATCH, per_s)
    if not replay.is_on or (limit <= 0 and replay.failing):
        return now + _LATER
    if limit <= 0 or not replay.ready:
        return now + _SHORTLY
    heard = replay.heard_account_id
    if heard is not None and (queued := await store.queue(tx, replay, heard, limit=limit, now=now)):
        tx.wake("deliver_webhooks", [replay.endpoint_id])
        return now + timedelta(seconds=queued / per_s)
    following = await store.next_heard(tx, replay)
    if following is None:
        return None
    await store.go_over(tx, replay, following)
    return now
