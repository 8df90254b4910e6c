"""Remember requests that their callers named, with what was answered."""

import hashlib
from datetime import datetime

import msgspec

from saluhall.domain.accounts.model import Principal
from saluhall.domain.idempotency import store
from saluhall.domain.idempotency.model import (
    PATIENCE,
    Answer,
    AnswerUnreadable,
    Kept,
    RequestDiffers,
    RequestInFlight,
)
from saluhall.kit.secrets import Undecryptable, Vault
from saluhall.storage import Transaction


async def recall(
    tx: Transaction, *, by: Principal, key: str, asked: bytes, vault: Vault, now: datetime
) -> Answer | None:
    """Find what the request of this key was answered, else take the key until the transaction is over.

    Raises RequestInFlight, RequestDiffers, AnswerUnreadable.
    """
    if not await store.claim(tx, by.account_id, key):
        raise RequestInFlight
    kept = await store.find(tx, by.account_id, key, now=now)
    if kept is None:
        return None
    if kept.asked != _digest(asked):
        raise RequestDiffers
    if kept.answer is None:
        if kept.answered_at > now - PATIENCE:
            raise RequestInFlight
        return None
    try:
        text = vault.open(kept.answer, purpose=_purpose(by, key))
    except Undecryptable as error:  # it was done: doing it again would be worse than not telling
        raise AnswerUnreadable from error
    return msgspec.json.decode(text, type=Answer)


async def remember(
    tx: Transaction,
    *,
    by: Principal,
    key: str,
    asked: bytes,
    answer: Answer | None,
    vault: Vault,
    now: datetime,
) -> None:
    """Keep an answer for a day, sealed: it may show a secret this once. Raises RequestInFlight.

    None says that the answer is still to come.
    """
    sealed = None
    if answer is not None:
        sealed = vault.seal(msgspec.json.encode(answer).decode(), purpose=_purpose(by, key))
    kept = Kept(asked=_digest(asked), answer=sealed, answered_at=now)
    if not await store.keep(tx, by.account_id, key, kept):
        raise RequestInFlight


async def forget(tx: Transaction, *, by: Principal, key: str, now: datetime) -> None:  # noqa: ARG001 - whatever the time
    """Give the key of a request back whose answer did not come."""
    await store.forget(tx, by.account_id, key)


def _digest(asked: bytes) -> bytes:
    return hashlib.sha256(asked).digest()


def _purpose(by: Principal, key: str) -> str:
    return f"answer {by.account_id} {key}"
