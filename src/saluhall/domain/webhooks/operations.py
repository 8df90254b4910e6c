"""What is done with endpoints and deliveries."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from saluhall.domain.accounts.model import Principal
from saluhall.domain.history.model import DELIVERED
from saluhall.domain.webhooks import store
from saluhall.domain.webhooks.model import Attempt, BadEndpoint, DueDelivery, Endpoint
from saluhall.kit.http import NotAllowed, Outbound
from saluhall.kit.ids import new_id
from saluhall.kit.secrets import Vault, new_webhook_secret
from saluhall.storage import Transaction


async def set_main_endpoint(
    tx: Transaction,
    *,
    by: Principal,
    url: str,
    event_types: Sequence[str],
    http: Outbound,
    vault: Vault,
    now: datetime,
) -> tuple[str, str]:
    """Set where the account hears of its events; return (url, secret). Raises BadEndpoint.

    The secret is minted once; setting another address keeps it. An empty list of event types means all.
    """
    _check(http, url, event_types)
    secret = vault.seal(new_webhook_secret(), purpose=secret_purpose(by.account_id))
    endpoint = await store.put_main(
        tx,
        by.account_id,
        endpoint_id=new_id(),
        url=url,
        secret=secret,
        event_types=event_types,
        now=now,
    )
    assert endpoint is not None  # noqa: S101 - an upsert returns its row
    if await store.free_held(tx, by.account_id, endpoint.id, now=now):
        tx.ring("deliver_webhooks", [endpoint.id])
    return endpoint.url, vault.open(endpoint.secret, purpose=secret_purpose(by.account_id))


def _check(http: Outbound, url: str, event_types: Sequence[str]) -> None:
    try:
        http.check(url)
    except NotAllowed as error:
        raise BadEndpoint(str(error)) from error
    unknown = sorted(set(event_types) - DELIVERED)
    if unknown:
        raise BadEndpoint(f"unknown event types: {', '.join(unknown)}")


def secret_purpose(account_id: UUID) -> str:
    """Name what a sealed webhook secret is for."""
    return f"webhook:{account_id}"


async def claim_due(
    tx: Transaction,
    endpoint: Endpoint,
    *,
    worker: UUID,
    limit: int,
    lease: timedelta,
    now: datetime,
) -> list[DueDelivery]:
    """Take due deliveries of an endpoint; they are ours until the lease runs out."""
    return await store.claim(tx, endpoint, worker=worker, limit=limit, lease=lease, now=now)


async def record_attempts(
    tx: Transaction, endpoint: Endpoint, attempts: Sequence[Attempt], *, now: datetime
) -> None:
    """Log attempts and set what follows; the endpoint is switched off after too many failures in a row."""
    await store.record(tx, endpoint, attempts, now=now)


async def hold_back(tx: Transaction, endpoint: Endpoint, *, now: datetime) -> None:  # noqa: ARG001 - every operation has `now`
    """Hold what is due at an endpoint that is switched off; it is recoverable."""
    await store.hold(tx, endpoint)


async def release(
    tx: Transaction, owner: UUID, delivery_ids: Sequence[UUID], *, worker: UUID, now: datetime
) -> None:
    """Give back what was claimed and not sent."""
    await store.release(tx, owner, delivery_ids, worker=worker, now=now)
