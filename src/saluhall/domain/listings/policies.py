"""Let the offers of a connection follow its policy."""

from datetime import datetime
from typing import Final
from uuid import UUID

from saluhall.domain.listings.follow import follow
from saluhall.domain.offers import queries as offers
from saluhall.storage import Transaction

BATCH: Final = 500


async def follow_policy(
    tx: Transaction,
    *,
    account_id: UUID,
    connection_id: UUID,
    after: UUID | None = None,
    now: datetime,
) -> UUID | None:
    """Let a batch of the offers at a connection follow its policy; return the last product, None when there are no more.

    Each batch is a transaction of its own; repeating one changes nothing.
    """
    found = await offers.products_at(tx, account_id, connection_id, after=after, limit=BATCH)
    await follow(tx, account_id=account_id, product_ids=found, changed=set(found), now=now)
    return found[-1] if len(found) == BATCH else None
