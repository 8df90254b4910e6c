"""Questions about what waits for a person."""

import shlex
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from saluhall.domain.accounts.model import Principal
from saluhall.domain.attention import facts_store, store
from saluhall.domain.attention.kinds import KINDS
from saluhall.domain.attention.model import AttentionEntry, AttentionItem
from saluhall.storage import Transaction

PAYMENT_AFTER: Final = timedelta(days=7)
MAX_OF_KIND: Final = 200


async def list_attention(
    tx: Transaction,
    *,
    principal: Principal,
    payment_after: timedelta = PAYMENT_AFTER,
    limit: int = MAX_OF_KIND,
    now: datetime,
) -> list[AttentionItem]:
    """List what needs a person, the latest first, at most `limit` of each kind. A payment is missing `payment_after` the order."""
    params = {
        "account_id": principal.account_id,
        "payment_after": payment_after,
        "limit": limit,
        "now": now,
    }
    account = shlex.quote(principal.account_name)
    items = [
        kind.item(facts, account)
        for kind in KINDS
        for facts in await facts_store.read(tx, kind.statement, params)
    ]
    return sorted(items, key=lambda item: (item.since, item.id), reverse=True)


async def list_entries(tx: Transaction, *, principal: Principal) -> list[AttentionEntry]:
    """List an account's entries, the latest first."""
    return await store.list_entries(tx, principal.account_id)


async def count_by_connection(tx: Transaction, *, principal: Principal) -> dict[UUID, int]:
    """Count the entries of each connection that has some."""
    return await store.count_by_connection(tx, principal.account_id)


async def count_all(tx: Transaction) -> int:
    """Count the entries of all accounts that wait for a person."""
    return await store.count_all(tx)
