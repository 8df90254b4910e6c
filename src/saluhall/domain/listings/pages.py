"""Lists of products: page by page in the order of their changes, also while others write, and what is in a container."""

from datetime import datetime

from saluhall.domain.accounts.model import Principal
from saluhall.domain.listings import pages_store
from saluhall.domain.listings.page_model import (
    START,
    Family,
    Filter,
    Listed,
    Page,
    Position,
    Sums,
)
from saluhall.storage import Transaction

_LOOKS = 100  # a hundredth of a second apart


async def list_products(
    tx: Transaction,
    *,
    principal: Principal,
    catalog: str,
    wanted: Filter,
    after: Position = START,
    limit: int,
) -> Page:
    """List products in the order of their changes, so many after a place.

    A product that is not touched meanwhile comes once; one that changes comes again, or for the first time, at its new place. What
    another transaction is just writing may get a place before what is committed already. A page never passes that place, so it
    waits for the transaction, a second at most. If that takes longer, the page ends there and the reader continues later.
    """
    began: datetime | None = None
    rows: list[Listed] = []
    sure: list[Listed] = []
    for _ in range(_LOOKS):
        horizon = await pages_store.horizon(tx)
        rows = await pages_store.page(
            tx, principal.account_id, catalog=catalog, wanted=wanted, after=after, limit=limit + 1
        )
        sure = [row for row in rows if row.changed_at < horizon.settled][:limit]
        began = began or horizon.at
        if len(sure) == limit or horizon.settled >= began:
            break
        await pages_store.pause(tx)
    if len(rows) == len(sure):
        return Page(products=sure, after=None)
    return Page(products=sure, after=sure[-1].position if sure else after)


async def count_products(
    tx: Transaction, *, principal: Principal, catalog: str, wanted: Filter
) -> int:
    """Count all products that match, whatever page is asked for."""
    return await pages_store.count(tx, principal.account_id, catalog=catalog, wanted=wanted)


async def list_children(
    tx: Transaction, *, principal: Principal, catalog: str, parent_sku: str, limit: int
) -> Family:
    """List what is directly in a container, oldest first."""
    return await pages_store.children(
        tx, principal.account_id, catalog=catalog, parent_sku=parent_sku, limit=limit
    )


async def sum_up_children(
    tx: Transaction, *, principal: Principal, catalog: str, parent_sku: str, currency: str
) -> Sums:
    """Count what is directly in a container, and add up what is priced in its currency."""
    return await pages_store.sums(
        tx, principal.account_id, catalog=catalog, parent_sku=parent_sku, currency=currency
    )
