"""The SQL of temporary endpoints."""

from datetime import datetime
from uuid import UUID

from saluhall.domain.webhooks.model import Endpoint, Subscription
from saluhall.domain.webhooks.store import COLUMNS, endpoint_from_row
from saluhall.storage import Transaction

ADD = f"""
  insert into endpoints (account_id, id, dialect, url, secret, event_types, takes_all, description, certificate, expires_at,
                         created_at, updated_at)
  values (%(account_id)s, %(id)s, %(dialect)s, %(url)s, %(secret)s, %(event_types)s, %(takes_all)s, %(description)s,
          %(certificate)s, %(expires_at)s, %(now)s, %(now)s)
  returning {COLUMNS}
"""
RENEW = """
  update endpoints set expires_at = %(expires_at)s, active = true, fail_count = 0, failing_since = null
   where account_id = %(account_id)s and id = %(id)s and expires_at is not null
"""
EXPIRED = """
  select account_id, id from endpoints where expires_at < %(now)s order by expires_at limit %(limit)s
"""


async def add(
    tx: Transaction,
    account_id: UUID,
    *,
    endpoint_id: UUID,
    url: str,
    secret: bytes,
    subscription: Subscription,
    description: str,
    certificate: str,
    expires_at: datetime,
    now: datetime,
) -> Endpoint:
    """Add a temporary endpoint."""
    params = {
        "account_id": account_id,
        "id": endpoint_id,
        "url": url,
        "secret": secret,
        "dialect": subscription.dialect,
        "event_types": list(subscription.types),
        "takes_all": subscription.is_all,
        "description": description,
        "certificate": certificate,
        "expires_at": expires_at,
        "now": now,
    }
    [added] = await tx.all(endpoint_from_row, ADD, params)
    return added


async def renew(
    tx: Transaction, account_id: UUID, endpoint_id: UUID, *, expires_at: datetime
) -> bool:
    """Move the end of a temporary endpoint, and switch it on; return False when there is none."""
    params = {"account_id": account_id, "id": endpoint_id, "expires_at": expires_at}
    return await tx.run(RENEW, params) > 0


async def expired(tx: Transaction, *, limit: int, now: datetime) -> list[tuple[UUID, UUID]]:
    """List expired endpoints, as (account, endpoint)."""
    return await tx.all(
        lambda row: (row["account_id"], row["id"]), EXPIRED, {"now": now, "limit": limit}
    )
