"""Tell an endpoint the events that are due: signed, each attempt logged, retried on the schedule."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from saluhall.domain.webhooks import operations, queries
from saluhall.domain.webhooks.model import TIMEOUT_S, Attempt, DueDelivery, Endpoint, retry_at
from saluhall.jobs.linger import linger
from saluhall.jobs.pump import pump
from saluhall.jobs.run import Run, job_of
from saluhall.kit.http import NoAnswer, NotAllowed
from saluhall.kit.ids import new_id
from saluhall.kit.metrics import WEBHOOK_ATTEMPTS
from saluhall.kit.secrets import Undecryptable

_WIDTH = 96
_LEASE = timedelta(minutes=2)
_OK = range(200, 300)


async def drain(run: Run, key: str) -> None:
    """Deliver what is due at the endpoint named by `key`, and wait for retries that are due soon."""
    while True:
        async with run.db.statement() as tx:
            endpoint = await queries.find_endpoint(tx, UUID(key))
            if endpoint is None:
                return
            if not endpoint.active:
                await operations.hold_back(tx, endpoint, now=run.clock())
                return
        await _drain(run, endpoint)
        async with run.db.statement() as tx:
            next_at = await queries.next_due_at(tx, endpoint)
        if not await linger(run, next_at):
            return


async def _drain(run: Run, endpoint: Endpoint) -> None:
    try:
        secret = run.vault.open(
            endpoint.secret, purpose=operations.secret_purpose(endpoint.account_id)
        )
    except Undecryptable:
        secret = None
    failing = False

    async def claim(limit: int) -> Sequence[DueDelivery]:
        if failing:
            return ()  # see first whether the endpoint is still on
        async with run.db.transaction() as tx:
            return await operations.claim_due(
                tx, endpoint, worker=run.worker, limit=limit, lease=_LEASE, now=run.clock()
            )

    async def work(delivery: DueDelivery) -> Attempt:
        return await _attempt(run, endpoint, secret, delivery)

    async def record(attempts: Sequence[Attempt]) -> None:
        nonlocal failing
        failing = failing or not all(a.success for a in attempts)
        async with run.db.transaction() as tx:
            await operations.record_attempts(tx, endpoint, attempts, now=run.clock())

    await pump(claim, work, record, width=_WIDTH, stopping=run.stopping)


async def _attempt(
    run: Run, endpoint: Endpoint, secret: str | None, delivery: DueDelivery
) -> Attempt:
    status, error = None, None
    if secret is None:
        error = "the signing secret cannot be decrypted: SALUHALL_SECRET_KEY has changed"
    else:
        body = run.voice.body(delivery.event)
        headers = run.voice.headers(secret, delivery.event, run.clock(), body)
        try:
            answer = await run.http.post(
                endpoint.url, body=body, headers=headers, timeout_s=TIMEOUT_S
            )
            status = answer.status
            error = None if status in _OK else f"HTTP {status}"
        except (NoAnswer, NotAllowed) as failure:
            error = str(failure)
    now = run.clock()
    WEBHOOK_ATTEMPTS.labels("success" if error is None else "failed").inc()
    return Attempt(
        id=new_id(),
        delivery_id=delivery.id,
        event_id=delivery.event.id,
        success=error is None,
        http_status=status,
        error=error,
        at=now,
        retry_at=None if error is None else retry_at(delivery.attempts + 1, now),
    )


DELIVER_WEBHOOKS = job_of("deliver_webhooks", drain, table="deliveries", key="endpoint_id")
