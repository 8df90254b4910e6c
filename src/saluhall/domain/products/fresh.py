"""Many products that are put for the first time: by COPY, which costs less than an upsert does."""

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter

from saluhall.domain.accounts.model import Principal
from saluhall.domain.products import fresh_store
from saluhall.domain.products.model import PutProduct, StoredRow
from saluhall.kit.ids import new_ids
from saluhall.storage import Conflict, Transaction


async def create(
    tx: Transaction, *, by: Principal, catalog: str, products: Sequence[PutProduct], now: datetime
) -> dict[str, StoredRow]:
    """Create those of these products that are not there yet, or refuse them; return what was done, by sku.

    Nothing is done to the others, and to none when somebody else creates one of them at this moment: they are to be put one way or
    the other.
    """
    skus = {p.sku for p in products} | {p.parent_sku for p in products if p.parent_sku}
    shelf = await fresh_store.look(tx, by.account_id, catalog=catalog, skus=sorted(skus))
    if shelf is None:
        return {}
    # In one order everywhere: two that create the same products wait for each other only one way round.
    fresh = sorted((p for p in products if p.sku not in shelf.known), key=attrgetter("sku"))
    good = [p for p in fresh if not p.parent_sku or p.parent_sku in shelf.known]
    rows = {p.sku: _refused(p) for p in fresh}
    ids = new_ids(len(good))
    sheet = fresh_store.sheet_of(good, owner=by.account_id, shelf=shelf, ids=ids, now=now)
    try:
        if good:
            await fresh_store.add(tx, sheet, rows=len(ids))
    except Conflict:
        return {}
    for product, product_id in zip(good, ids, strict=True):
        rows[product.sku] = fresh_store.created(product, product_id)
    return rows


def _refused(product: PutProduct) -> StoredRow:
    return StoredRow(outcome="refused", sku=product.sku)
