"""Let the offers of a connection follow its policy: batch by batch, each in a transaction of its own; repeating one changes nothing."""

from datetime import datetime
from typing import Final
from uuid import UUID

from saluhall.domain.listings.follow import follow
from saluhall.domain.offers import operations as offers
from saluhall.domain.offers import queries as offer_queries
from saluhall.domain.offers.selection import select_at
from saluhall.domain.products import queries as products
from saluhall.domain.products.model import ProductKey
from saluhall.storage import Transaction

BATCH: Final = 500


async def select_products(
    tx: Transaction,
    *,
    account_id: UUID,
    connection_id: UUID,
    after: ProductKey | None = None,
    now: datetime,
) -> ProductKey | None:
    """Offer a batch of the account's products by a connection's policy; return where the next one begins, None at the end."""
    place = await offers.get_place(tx, account_id=account_id, connection_id=connection_id, now=now)
    found = await products.list_keys(tx, account_id, after=after, limit=BATCH)
    ids = [key.product_id for key in found]
    changed = await select_at(tx, account_id=account_id, place=place, product_ids=ids, now=now)
    await follow(tx, account_id=account_id, product_ids=sorted(changed), now=now)
    return found[-1] if len(found) == BATCH else None


async def follow_policy(
    tx: Transaction,
    *,
    account_id: UUID,
    connection_id: UUID,
    after: UUID | None = None,
    now: datetime,
) -> UUID | None:
    """Let a batch of the offers at a connection follow its policy; return the last product, None after the last."""
    place = await offers.get_place(tx, account_id=account_id, connection_id=connection_id, now=now)
    found = await offer_queries.products_at(tx, account_id, connection_id, after=after, limit=BATCH)
    await select_at(tx, account_id=account_id, place=place, product_ids=found, now=now)
    await follow(tx, account_id=account_id, product_ids=found, changed=set(found), now=now)
    return found[-1] if len(found) == BATCH else None
