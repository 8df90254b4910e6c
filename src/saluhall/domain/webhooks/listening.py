"""Temporary endpoints: a receiver on the machine of a developer gets an account's events while `saluhall listen` runs.

Such an endpoint is a webhook endpoint like any other, with three differences: the hub trusts the receiver's own certificate, dials
nothing but this machine for it, and deletes it with its deliveries once it was not renewed for LIFETIME.
"""

from datetime import datetime, timedelta
from uuid import UUID

from saluhall.domain.accounts.model import Principal
from saluhall.domain.webhooks import listening_store, store
from saluhall.domain.webhooks.model import Endpoint, Subscription
from saluhall.domain.webhooks.operations import open_main_endpoint
from saluhall.kit.ids import new_id
from saluhall.kit.secrets import Vault
from saluhall.storage import Transaction

LIFETIME = timedelta(minutes=2)  # after a kill -9, no delivery waits for longer
RENEW_EVERY_S = 20.0
_MAX_REMOVED = 1000


async def start_listening(
    tx: Transaction,
    *,
    principal: Principal,
    url: str,
    certificate: str,
    subscription: Subscription,
    usual: Subscription,
    vault: Vault,
    now: datetime,
) -> tuple[Endpoint, str]:
    """Add a temporary endpoint and return it with the secret that signs: that of the account's main endpoint of the dialect."""
    await remove_expired(tx, now=now)
    main, secret = await open_main_endpoint(
        tx, principal=principal, usual=usual, vault=vault, now=now
    )
    endpoint = await listening_store.add(
        tx,
        principal.account_id,
        endpoint_id=new_id(),
        url=url,
        secret=main.secret,
        subscription=subscription,
        description="saluhall listen",
        certificate=certificate,
        expires_at=now + LIFETIME,
        now=now,
    )
    return endpoint, secret


async def keep_listening(
    tx: Transaction, *, principal: Principal, endpoint_id: UUID, now: datetime
) -> bool:
    """Renew a temporary endpoint and forget its failures; return False when it was deleted meanwhile."""
    return await listening_store.renew(
        tx, principal.account_id, endpoint_id, expires_at=now + LIFETIME
    )


async def stop_listening(
    tx: Transaction,
    *,
    principal: Principal,
    endpoint_id: UUID,
    now: datetime,  # noqa: ARG001 - every operation has `now`
) -> None:
    """Delete a temporary endpoint and its pending deliveries."""
    await store.delete(tx, principal.account_id, endpoint_id)


async def remove_expired(tx: Transaction, *, now: datetime) -> int:
    """Delete the expired temporary endpoints with their pending deliveries; return how many there were."""
    expired = await listening_store.expired(tx, limit=_MAX_REMOVED, now=now)
    for account_id, endpoint_id in expired:
        await store.delete(tx, account_id, endpoint_id)
    return len(expired)
