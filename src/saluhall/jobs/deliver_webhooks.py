"""Tell an endpoint the events that are due: signed, each attempt logged, retried on the schedule."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from saluhall.domain.webhooks import deliveries, listening, operations, queries
from saluhall.domain.webhooks.model import Attempt, DueDelivery, Endpoint, retry_at
from saluhall.domain.webhooks.posting import post
from saluhall.jobs.linger import linger
from saluhall.jobs.pump import pump
from saluhall.jobs.run import Run, job_of
from saluhall.jobs.slots import Pace, Size
from saluhall.kit.ids import new_id
from saluhall.kit.metrics import WEBHOOK_ATTEMPTS
from saluhall.kit.outages import ENDPOINTS
from saluhall.storage.claims import params_of

_PACE = Pace(start=4, max_calls=96, min_calls=1, slow_s=1.0)
_LEASE = timedelta(minutes=2)


async def drain(run: Run, key: str) -> None:
    """Deliver what is due at the endpoint named by `key`, and wait for retries that are due soon."""
    while True:
        async with run.db.statement() as tx:
            endpoint = await queries.find_endpoint(tx, UUID(key))
            if endpoint is None or not endpoint.is_on:
                ENDPOINTS.dismiss(name=str(UUID(key)))
            if endpoint is None:
                await deliveries.forget(tx, UUID(key))
                return
            if endpoint.is_expired(run.clock()):
                await listening.remove_expired(tx, now=run.clock())
                return
            if not endpoint.is_on:
                await deliveries.hold_back(tx, endpoint)
                return
        looked_at = await _drain(run, endpoint)
        async with run.db.statement() as tx:
            next_at = await queries.next_due_at(tx, endpoint, since=looked_at)
        if not await linger(run, next_at):
            return


async def _drain(run: Run, endpoint: Endpoint) -> datetime:
    """Deliver until nothing is due; return when that was seen."""
    looked_at = run.clock()
    share = run.slots.share(endpoint.account_id, max_calls=_PACE.max_calls, place=endpoint.id)

    async def claim(limit: int) -> Sequence[tuple[Endpoint, DueDelivery]]:
        nonlocal looked_at
        looked_at = run.clock()
        async with run.db.statement() as tx:
            now_it_is = await queries.find_endpoint(tx, endpoint.id)
            if now_it_is is None or not now_it_is.is_on:
                return ()
            due = await deliveries.claim_due(
                tx, now_it_is, worker=run.worker, limit=limit, lease=_LEASE, now=looked_at
            )
        return [(now_it_is, delivery) for delivery in due]

    async def work(due: tuple[Endpoint, DueDelivery]) -> Attempt:
        call, has_failed = share.begin(endpoint.id), True
        try:
            attempt = await _attempt(run, *due)
            has_failed = not attempt.success
        finally:
            call.end(has_failed=has_failed)
        return attempt

    async def record(attempts: Sequence[Attempt]) -> None:
        async with run.db.statement() as tx:
            await deliveries.record_attempts(tx, endpoint, attempts, now=run.clock())
        run.again.set()  # later events of the same items may go now

    await pump(run, claim, work, record, share)
    return looked_at


async def _attempt(run: Run, endpoint: Endpoint, delivery: DueDelivery) -> Attempt:
    status, error = await _post(run, endpoint, delivery)
    now = run.clock()
    _note(endpoint, error)
    again_at = retry_at(
        delivery.attempts + 1,
        now,
        days=run.telling.retry_days,
        chance=random.random(),  # noqa: S311 - it only spreads retries
    )
    return Attempt(
        id=new_id(),
        delivery_id=delivery.id,
        event_id=delivery.event.id,
        event_type=delivery.event.type,
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
    run: Run, endpoint: Endpoint, delivery: DueDelivery
) -> tuple[int | None, str | None]:
    """Send it; tell the status of the answer, and what was wrong."""
    now = run.clock()
    secrets = operations.secrets_of(endpoint, run.vault, now=now)
    if not secrets:
        return None, "the signing secret cannot be decrypted: SALUHALL_SECRET_KEY has changed"
    body = run.voice.body(delivery.event)
    headers = run.voice.headers(secrets, delivery.event, now, body)
    return await post(run.http, endpoint, body=body, headers=headers)


DELIVER_WEBHOOKS = job_of(
    "deliver_webhooks",
    drain,
    table="deliveries",
    key="endpoint_id",
    within="endpoint_id",
    size=Size(slots=256, pace=_PACE),
)
