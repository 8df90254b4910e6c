"""Many products in one call: each row is stored or refused alone, all of them in a few statements."""

from collections.abc import Sequence
from datetime import datetime
from itertools import compress
from typing import TypeVar
from uuid import UUID

from saluhall.domain.accounts.model import Principal
from saluhall.domain.catalogs import queries as catalogs
from saluhall.domain.catalogs.model import CatalogNotFound
from saluhall.domain.history import operations as history
from saluhall.domain.history.model import EventType
from saluhall.domain.images import operations as images
from saluhall.domain.products import bulk_store
from saluhall.domain.products.bulk_store import Changed
from saluhall.domain.products.model import Batch, ProductNotFound, SkuRepeated, SkuTaken
from saluhall.kit.ids import new_ids
from saluhall.storage import Conflict, Transaction

T = TypeVar("T")
Problems = list[Exception | None]
"""Why each row was refused; None for one that is stored."""

_RACE_TRIES = 3  # somebody else may create one of them between our look and our writing


async def create(tx: Transaction, *, by: Principal, batch: Batch, now: datetime) -> Problems:
    """Add products; those with pictures are drafts until these are fetched. Nothing is listed."""
    shelf_of = await catalogs.ids_by_number(tx, by=by, numbers=batch.catalogs)
    problems = _repeated(batch)
    for place, number in enumerate(batch.catalogs):
        if number not in shelf_of:
            problems[place] = CatalogNotFound(number)
    for _ in range(_RACE_TRIES):
        places, good = _good_rows(batch, problems)
        shelves = [shelf_of[number] for number in good.catalogs]
        if not places or await _added(tx, by=by, batch=good, shelves=shelves, now=now):
            return problems
        for place in await bulk_store.find(tx, by.account_id, shelves=shelves, skus=good.skus):
            problems[places[place]] = SkuTaken(good.skus[place])
    raise Conflict("products_pkey")


async def _added(
    tx: Transaction, *, by: Principal, batch: Batch, shelves: Sequence[UUID], now: datetime
) -> bool:
    """Add products with what follows; False, and nothing is stored, when one of them exists."""
    owner, ids = by.account_id, new_ids(len(batch.skus))
    sheet = bulk_store.sheet_of(batch, owner=owner, shelves=shelves, ids=ids, now=now)
    try:
        await bulk_store.add(tx, sheet, rows=len(ids))
    except Conflict:
        return False
    pictures = zip(ids, bulk_store.pictures_of(batch), strict=False)
    wanted = {UUID(product_id): urls for product_id, urls in pictures if urls}
    await images.want(tx, by=by, urls=wanted, now=now)
    created = {"kind": "item", "platform": "rheo"}
    of = dict(zip(ids, batch.skus, strict=True))
    await history.record_alike(tx, owner, EventType.ITEM_CREATED, of=of, data=created, now=now)
    return True


async def change(
    tx: Transaction, *, by: Principal, batch: Batch, now: datetime
) -> tuple[Problems, Changed]:
    """Change what each row names of its product; one of which none is left is no longer listed."""
    shelf_of = await catalogs.ids_by_number(tx, by=by, numbers=batch.catalogs)
    problems = _repeated(batch)
    for place, number in enumerate(batch.catalogs):
        if number not in shelf_of:
            problems[place] = ProductNotFound(batch.skus[place])
    places, good = _good_rows(batch, problems)
    if not places:
        return problems, Changed()
    shelves = [shelf_of[number] for number in good.catalogs]
    owner = by.account_id
    changed = await bulk_store.change(tx, owner, batch=good, shelves=shelves, now=now)
    for place in set(range(len(places))) - changed.places:
        problems[places[place]] = ProductNotFound(good.skus[place])
    await images.want(tx, by=by, urls=changed.pictures, now=now)
    unlisted = EventType.ITEM_UNLISTED
    await history.record_alike(tx, owner, unlisted, of=changed.unlisted, now=now)
    return problems, changed


def _repeated(batch: Batch) -> Problems:
    """Refuse a row that names the product of an earlier one."""
    keys = list(zip(batch.catalogs, batch.skus, strict=True))
    if len(set(keys)) == len(keys):
        return [None] * len(keys)
    first = {key: place for place, key in reversed(list(enumerate(keys)))}
    return [None if first[key] == place else SkuRepeated(key[1]) for place, key in enumerate(keys)]


def _good_rows(batch: Batch, problems: Problems) -> tuple[list[int], Batch]:
    """Keep the rows without a problem; return their places with them."""
    good = [problem is None for problem in problems]

    def kept(column: Sequence[T]) -> Sequence[T]:
        return column if all(good) else list(compress(column, good))

    columns = {name: kept(column) for name, column in batch.columns.items()}
    rows = Batch(catalogs=kept(batch.catalogs), skus=kept(batch.skus), columns=columns)
    return list(compress(range(len(good)), good)), rows
