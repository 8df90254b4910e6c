"""Questions about endpoints and the log of attempts."""

from datetime import datetime
from uuid import UUID

from saluhall.domain.accounts.model import Principal
from saluhall.domain.webhooks import deliveries_store, store
from saluhall.domain.webhooks.model import (
    AttemptFilter,
    Endpoint,
    EndpointNotFound,
    EndpointOff,
    LoggedAttempt,
)
from saluhall.storage import Transaction


async def find_endpoint(tx: Transaction, endpoint_id: UUID) -> Endpoint | None:
    """Find an endpoint for the job that delivers to it."""
    return await store.find(tx, endpoint_id)


async def endpoint_of_account(
    tx: Transaction, *, principal: Principal, endpoint_id: UUID
) -> Endpoint:
    """Read an endpoint of the account. Raises EndpointNotFound."""
    endpoint = await store.find_owned(tx, principal.account_id, endpoint_id)
    if endpoint is None:
        raise EndpointNotFound(f"the account has no webhook endpoint with the id {endpoint_id}")
    return endpoint


async def list_endpoints(
    tx: Transaction, *, principal: Principal, dialect: str | None = None
) -> list[Endpoint]:
    """List the account's endpoints of a dialect, or all, that have an address, oldest first."""
    return await store.list_owned(tx, principal.account_id, dialect=dialect)


async def list_off(tx: Transaction) -> list[EndpointOff]:
    """List the endpoints of all accounts that are switched off."""
    return await store.list_off(tx)


async def count_pending(tx: Transaction, *, principal: Principal) -> dict[UUID, int]:
    """Count for each endpoint of the account the deliveries that are due or held back."""
    return await deliveries_store.count_pending(tx, principal.account_id)


async def count_endpoints(tx: Transaction) -> dict[str, int]:
    """Count all endpoints with an address by state: on, failing (on, and the last delivery failed), off."""
    return await store.count_by_state(tx)


async def count_endpoints_of_account(tx: Transaction, *, principal: Principal) -> int:
    """Count the account's endpoints, as the limit does: that of which only the secret is known too."""
    return await store.count_owned(tx, principal.account_id)


async def list_attempts(
    tx: Transaction, *, principal: Principal, wanted: AttemptFilter, limit: int
) -> list[LoggedAttempt]:
    """List what was attempted, newest first."""
    return await deliveries_store.read_log(tx, principal.account_id, wanted, limit=limit)


async def next_due_at(tx: Transaction, endpoint: Endpoint, *, since: datetime) -> datetime | None:
    """Return when the endpoint's next delivery after `since` is due, None when nothing is."""
    return await deliveries_store.next_due(tx, endpoint, since=since)
