"""What is done with endpoints."""

from datetime import datetime
from uuid import UUID

from msgspec import UNSET

from saluhall.domain.accounts.model import Principal
from saluhall.domain.members import queries as members
from saluhall.domain.webhooks import deliveries_store, store
from saluhall.domain.webhooks.model import (
    MAX_ENDPOINTS,
    BadEndpoint,
    Endpoint,
    EndpointChange,
    EndpointNotFound,
    NoMembers,
    Scope,
    Subscription,
    TooManyEndpoints,
)
from saluhall.kit.http import NotAllowed, NotPublic, Outbound
from saluhall.kit.ids import new_id
from saluhall.kit.secrets import Undecryptable, Vault, new_webhook_secret
from saluhall.storage import Transaction

_TEMPORARY = "the address of `saluhall listen` cannot be changed: add an endpoint for another one"
_HOW_NEARBY = "; to receive events on your own machine run `saluhall listen`, and for receivers in your network see SALUHALL_OUTBOUND_ALLOW"


async def set_main_endpoint(
    tx: Transaction,
    *,
    principal: Principal,
    url: str,
    subscription: Subscription,
    http: Outbound,
    vault: Vault,
    now: datetime,
) -> tuple[str, str]:
    """Set the address of the account's main endpoint of a dialect; return (url, secret). Raises BadEndpoint.

    The secret is made once; setting another address keeps it.
    """
    _check_url(http, url)
    endpoint = await store.put_main(
        tx,
        principal.account_id,
        endpoint_id=new_id(),
        url=url,
        secret=_sealed_secret(principal.account_id, vault)[1],
        subscription=subscription,
        keeps_types=False,
        now=now,
    )
    await _resume(tx, endpoint, now=now)
    return url, vault.open(endpoint.secret, purpose=secret_purpose(principal.account_id))


async def set_main_url(
    tx: Transaction,
    *,
    principal: Principal,
    url: str | None,
    usual: Subscription,
    http: Outbound,
    vault: Vault,
    now: datetime,
) -> None:
    """Set or remove the address of the main endpoint of a dialect; its secret and its event types stay. Raises BadEndpoint.

    A new one gets the `usual` events.
    """
    if url is not None:
        _check_url(http, url)
    endpoint = await store.put_main(
        tx,
        principal.account_id,
        endpoint_id=new_id(),
        url=url,
        secret=_sealed_secret(principal.account_id, vault)[1],
        subscription=usual,
        keeps_types=True,
        now=now,
    )
    if url is None:
        await deliveries_store.hold(tx, endpoint)
    else:
        await _resume(tx, endpoint, now=now)


async def open_main_endpoint(
    tx: Transaction, *, principal: Principal, usual: Subscription, vault: Vault, now: datetime
) -> tuple[Endpoint, str]:
    """Return the main endpoint of a dialect and its secret; there is one from now on, if without an address."""
    endpoint = await store.mint_main(
        tx,
        principal.account_id,
        endpoint_id=new_id(),
        secret=_sealed_secret(principal.account_id, vault)[1],
        usual=usual,
        now=now,
    )
    try:
        return endpoint, vault.open(endpoint.secret, purpose=secret_purpose(principal.account_id))
    except (
        Undecryptable
    ):  # the operator's key has changed: what it sealed can sign nothing any more
        return await rotate_secret(
            tx, principal=principal, endpoint_id=endpoint.id, vault=vault, now=now
        )


async def create_endpoint(
    tx: Transaction,
    *,
    principal: Principal,
    url: str,
    subscription: Subscription,
    scope: Scope,
    description: str,
    http: Outbound,
    vault: Vault,
    now: datetime,
) -> tuple[Endpoint, str]:
    """Add an endpoint; return it with its secret. Raises BadEndpoint, NoMembers, TooManyEndpoints."""
    _check_url(http, url)
    await _check_scope(tx, principal, scope)
    secret, sealed = _sealed_secret(principal.account_id, vault)
    endpoint = await store.add(
        tx,
        principal.account_id,
        endpoint_id=new_id(),
        url=url,
        secret=sealed,
        subscription=subscription,
        scope=scope,
        description=description,
        max_count=MAX_ENDPOINTS,
        now=now,
    )
    if endpoint is None:
        raise TooManyEndpoints
    return endpoint, secret


async def change_endpoint(
    tx: Transaction,
    *,
    principal: Principal,
    endpoint_id: UUID,
    change: EndpointChange,
    http: Outbound,
    now: datetime,
) -> Endpoint:
    """Change an endpoint. Raises BadEndpoint, NoMembers, EndpointNotFound.

    Enabling it resets its failures and releases its held deliveries; disabling it holds those that are due.
    """
    if change.url is not UNSET:
        _check_url(http, change.url)
        await _check_permanent(tx, principal, endpoint_id)
    if change.scope is not UNSET:
        await _check_scope(tx, principal, change.scope)
    endpoint = await store.change(tx, principal.account_id, endpoint_id, change, now=now)
    if endpoint is None:
        raise EndpointNotFound(f"the account has no webhook endpoint with the id {endpoint_id}")
    if endpoint.active:
        await _resume(tx, endpoint, now=now)
    else:
        await deliveries_store.hold(tx, endpoint)
    return endpoint


async def delete_endpoint(
    tx: Transaction,
    *,
    principal: Principal,
    endpoint_id: UUID,
    now: datetime,  # noqa: ARG001 - every operation has `now`
) -> None:
    """Delete an endpoint and what waits for it. Raises EndpointNotFound."""
    if not await store.delete(tx, principal.account_id, endpoint_id):
        raise EndpointNotFound(f"the account has no webhook endpoint with the id {endpoint_id}")


async def rotate_secret(
    tx: Transaction, *, principal: Principal, endpoint_id: UUID, vault: Vault, now: datetime
) -> tuple[Endpoint, str]:
    """Give an endpoint a new secret; for a day each one before signs on beside it. Raises EndpointNotFound."""
    secret, sealed = _sealed_secret(principal.account_id, vault)
    endpoint = await store.rotate(tx, principal.account_id, endpoint_id, secret=sealed, now=now)
    if endpoint is None:
        raise EndpointNotFound(f"the account has no webhook endpoint with the id {endpoint_id}")
    return endpoint, secret


def secret_purpose(account_id: UUID) -> str:
    """Name what a sealed webhook secret is for."""
    return f"webhook:{account_id}"


def secrets_of(endpoint: Endpoint, vault: Vault, *, now: datetime) -> list[str]:
    """Open the secrets that sign now, the newest first; none when the operator's key has changed."""
    purpose = secret_purpose(endpoint.account_id)
    opened: list[str] = []
    for sealed in endpoint.sealed_secrets(now):
        try:
            opened.append(vault.open(sealed, purpose=purpose))
        except Undecryptable:
            break
    return opened


async def _resume(tx: Transaction, endpoint: Endpoint, *, now: datetime) -> None:
    """Make due what was held back."""
    if await deliveries_store.free_held(tx, endpoint.account_id, endpoint.id, now=now):
        tx.wake("deliver_webhooks", [endpoint.id])


async def _check_permanent(tx: Transaction, principal: Principal, endpoint_id: UUID) -> None:
    """See that the endpoint may have another address: for a temporary one the hub dials its own machine. Raises BadEndpoint."""
    found = await store.find_owned(tx, principal.account_id, endpoint_id)
    if found is not None and found.certificate is not None:
        raise BadEndpoint(_TEMPORARY)


async def _check_scope(tx: Transaction, principal: Principal, scope: Scope) -> None:
    if scope is Scope.MEMBERS and not await members.may_act(tx, principal=principal):
        raise NoMembers


def _check_url(http: Outbound, url: str) -> None:
    try:
        http.check(url)
    except NotAllowed as error:
        is_near = isinstance(error, NotPublic) or url.lower().startswith("http://")
        raise BadEndpoint(f"{error}{_HOW_NEARBY if is_near else ''}") from error


def _sealed_secret(account_id: UUID, vault: Vault) -> tuple[str, bytes]:
    """Mint a secret; return it open and sealed."""
    secret = new_webhook_secret()
    return secret, vault.seal(secret, purpose=secret_purpose(account_id))
