"""Store the responses of requests with an idempotency key, and find them again."""

import hashlib
from datetime import datetime

import msgspec

from saluhall.domain.accounts.model import Principal
from saluhall.domain.idempotency import store
from saluhall.domain.idempotency.model import (
    IN_FLIGHT_TIMEOUT,
    RequestDiffers,
    RequestInFlight,
    ResponseUnreadable,
    StoredRequest,
    StoredResponse,
)
from saluhall.kit.secrets import Undecryptable, Vault
from saluhall.storage import Transaction


async def find_response(
    tx: Transaction,
    *,
    principal: Principal,
    key: str,
    fingerprint: bytes,
    vault: Vault,
    now: datetime,
) -> StoredResponse | None:
    """Return the response of the earlier request with this key, else lock the key until the transaction ends.

    Raises RequestInFlight, RequestDiffers, ResponseUnreadable.
    """
    if not await store.lock(tx, principal.account_id, key):
        raise RequestInFlight
    found = await store.find(tx, principal.account_id, key, now=now)
    if found is None:
        return None
    if found.fingerprint != _digest(fingerprint):
        raise RequestDiffers
    if found.response is None:
        if found.handled_at > now - IN_FLIGHT_TIMEOUT:
            raise RequestInFlight
        return None
    try:
        text = vault.open(found.response, purpose=_purpose(principal, key))
    except Undecryptable as error:  # handling the request twice would be worse than no response
        raise ResponseUnreadable from error
    return msgspec.json.decode(text, type=StoredResponse)


async def store_response(
    tx: Transaction,
    *,
    principal: Principal,
    key: str,
    fingerprint: bytes,
    response: StoredResponse | None,
    vault: Vault,
    now: datetime,
) -> None:
    """Store a response for a day, encrypted: it may contain a secret that is shown once. Raises RequestInFlight.

    None means that the request is still in flight.
    """
    sealed = None
    if response is not None:
        text = msgspec.json.encode(response).decode()
        sealed = vault.seal(text, purpose=_purpose(principal, key))
    request = StoredRequest(fingerprint=_digest(fingerprint), response=sealed, handled_at=now)
    if not await store.save(tx, principal.account_id, key, request):
        raise RequestInFlight


async def release(tx: Transaction, *, principal: Principal, key: str, now: datetime) -> None:  # noqa: ARG001 - every operation has `now`
    """Release the key of a request that did not complete."""
    await store.release(tx, principal.account_id, key)


def _digest(fingerprint: bytes) -> bytes:
    return hashlib.sha256(fingerprint).digest()


def _purpose(principal: Principal, key: str) -> str:
    return f"answer {principal.account_id} {key}"
