"""Questions about endpoints."""

from datetime import datetime
from uuid import UUID

from saluhall.domain.webhooks import store
from saluhall.domain.webhooks.model import Endpoint
from saluhall.storage import Transaction


async def find_endpoint(tx: Transaction, endpoint_id: UUID) -> Endpoint | None:
    """Find an endpoint for the job that delivers to it."""
    return await store.find(tx, endpoint_id)


async def next_due_at(tx: Transaction, endpoint: Endpoint) -> datetime | None:
    """Tell when the endpoint's next delivery is due, None when nothing is."""
    return await store.next_due(tx, endpoint)
