"""Deliver due events to an endpoint: signed, each attempt logged, retried on a schedule."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from saluhall.domain.webhooks import deliveries, listening, operations, queries
from saluhall.domain.webhooks.model import Attempt, DueDelivery, Endpoint, retry_at
from saluhall.domain.webhooks.posting import post
from saluhall.jobs.run import Job, Run, WebhookFormat
from saluhall.jobs.slots import Pace, Share, Size
from saluhall.kit.ids import new_id
from saluhall.kit.metrics import WEBHOOK_ATTEMPTS
from saluhall.kit.outages import ENDPOINTS
from saluhall.storage.claims import params_of

_PACE = Pace(start=4, max_calls=96, min_calls=1, slow_s=1.0)
_LEASE = timedelta(minutes=2)


class Delivering(Struct):
    """The run of one endpoint, as it was when deliveries were last claimed; `is_over` when it takes nothing now."""

    run: Run
    endpoint: Endpoint
    share: Share
    claimed_at: datetime
    is_over: bool = False


async def _open(run: Run, key: str) -> Delivering | None:
    """Find the endpoint; end or hold what is due to one that takes nothing."""
    async with run.db.statement() as tx:
        endpoint = await queries.find_endpoint(tx, UUID(key))
        if endpoint is None or not endpoint.is_on:
            ENDPOINTS.dismiss(name=str(UUID(key)))
        if endpoint is None:
            await deliveries.forget(tx, UUID(key))
            return None
        if endpoint.is_expired(run.clock()):
            await listening.remove_expired(tx, now=run.clock())
            return None
        if not endpoint.is_on:
            await deliveries.hold_back(tx, endpoint)
            return None
    share = run.slots.share(endpoint.account_id, max_calls=_PACE.max_calls, place=endpoint.id)
    return Delivering(run, endpoint, share, run.clock())


async def _claim(to: Delivering, limit: int) -> Sequence[tuple[Endpoint, DueDelivery]]:
    run = to.run
    to.claimed_at = run.clock()
    async with run.db.statement() as tx:
        endpoint = await queries.find_endpoint(tx, to.endpoint.id)
        to.is_over = endpoint is None or not endpoint.is_on
        if endpoint is None or to.is_over:
            return ()
        to.endpoint = endpoint
        due = await deliveries.claim_due(
            tx, endpoint, worker=run.worker, limit=limit, lease=_LEASE, now=to.claimed_at
        )
    return [(endpoint, delivery) for delivery in due]


async def _work(to: Delivering, due: tuple[Endpoint, DueDelivery]) -> Attempt:
    call, has_failed = to.share.begin(to.endpoint.id), True
    try:
        attempt = await _attempt(to.run, *due)
        has_failed = not attempt.success
    finally:
        call.end(has_failed=has_failed)
    return attempt


async def _record(to: Delivering, attempts: Sequence[Attempt]) -> None:
    async with to.run.db.statement() as tx:
        await deliveries.record_attempts(tx, to.endpoint, attempts, now=to.run.clock())
    to.run.woken.set()  # later events of the same items may follow now


async def _next_at(to: Delivering) -> datetime | None:
    if to.is_over:
        return None
    async with to.run.db.statement() as tx:
        return await queries.next_due_at(tx, to.endpoint, since=to.claimed_at)


async def _attempt(run: Run, endpoint: Endpoint, delivery: DueDelivery) -> Attempt:
    how = run.webhook_formats.get(endpoint.dialect)
    status, error = await _post(run, how, endpoint, delivery)
    now = run.clock()
    _note(endpoint, error)
    again_at = retry_at(
        delivery.attempts + 1,
        now,
        days=run.webhooks.retry_days,
        chance=random.random(),  # noqa: S311 - it only spreads retries
    )
    return Attempt(
        id=new_id(),
        delivery_id=delivery.id,
        event_id=delivery.event.id,
        event_type=how.word(delivery.event.type) if how else delivery.event.type,
        sku=delivery.event.sku,
        success=error is None,
        counts=not delivery.repeated,
        http_status=status,
        error=error,
        at=now,
        retry_at=None if error is None else again_at,
        **params_of(delivery.claim),
    )


def _note(endpoint: Endpoint, error: str | None) -> None:
    """Count an attempt; a receiver that fails is logged once, and once when it works again."""
    name = str(endpoint.id)
    if error is None:
        WEBHOOK_ATTEMPTS.labels("success").inc()
        ENDPOINTS.succeeded(name=name)
    else:
        WEBHOOK_ATTEMPTS.labels("failed").inc()
        ENDPOINTS.failed(error, name=name, account_id=str(endpoint.account_id))


async def _post(
    run: Run, how: WebhookFormat | None, endpoint: Endpoint, delivery: DueDelivery
) -> tuple[int | None, str | None]:
    """Send it; return the status of the response, and what was wrong."""
    if how is None:
        return None, f"the dialect {endpoint.dialect} of this endpoint is not installed"
    now = run.clock()
    secrets = operations.secrets_of(endpoint, run.vault, now=now)
    if not secrets:
        return None, "the signing secret cannot be decrypted: SALUHALL_SECRET_KEY has changed"
    body = how.body(delivery.event)
    headers = how.headers(secrets, delivery.event, now, body)
    return await post(run.http, endpoint, body=body, headers=headers)


DELIVER_WEBHOOKS = Job(
    name="deliver_webhooks",
    size=Size(slots=256, pace=_PACE),
    open=_open,
    claim=_claim,
    work=_work,
    record=_record,
    next_at=_next_at,
)
