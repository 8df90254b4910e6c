"""The one way in which products are created and changed, one or a thousand: each patch is stored or refused alone."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from saluhall.domain.accounts.model import Principal
from saluhall.domain.catalogs import queries as catalog_queries
from saluhall.domain.events.model import EventType, new_event
from saluhall.domain.images import operations as images
from saluhall.domain.products import copy_store, upsert_store
from saluhall.domain.products.fields import ProductPatch
from saluhall.domain.products.model import (
    Mode,
    Outcome,
    Status,
    Stored,
)
from saluhall.domain.recording import operations as recording
from saluhall.storage import Conflict, Transaction

_FEW = 50
_MANY = 4  # from here on new products are copied
# A concurrent create hides a row from this statement's snapshot, never from the next one.
_RACE_TRIES = 3


async def put(
    tx: Transaction,
    *,
    principal: Principal,
    catalog: str,
    patches: Sequence[ProductPatch],
    now: datetime,
) -> list[Stored]:
    """Create or change products in the catalog of this code; one result for each, in the order given.

    A product that has all these values already stays as it is; only images that were rejected are fetched again. Of those that name the
    same SKU the first counts. A parent may come in the same request, before its children or after them.
    """
    if len(patches) > _FEW:
        # Two requests that put the same products in different orders would wait for each other. Of few, put at the same time by several
        # API processes, PostgreSQL would undo one, which is then tried again.
        await upsert_store.take_turns(tx, principal.account_id, catalog=catalog)
    stored = _repeated([(patch.sku,) for patch in patches])
    for generation in _generations(patches, stored):
        await _upsert(tx, principal, patches, stored, generation, catalog=catalog, mode=Mode.PUT, now=now)  # fmt: skip
    return await _followed(tx, principal, patches, stored, now=now)


async def create(
    tx: Transaction,
    *,
    principal: Principal,
    catalogs: Sequence[int],
    patches: Sequence[ProductPatch],
    now: datetime,
) -> list[Stored]:
    """Add products, each to the catalog of this number; those with images are drafts until these are fetched."""
    return await _write(tx, principal, catalogs, patches, mode=Mode.CREATE, now=now)


async def change(
    tx: Transaction,
    *,
    principal: Principal,
    catalogs: Sequence[int],
    patches: Sequence[ProductPatch],
    now: datetime,
) -> list[Stored]:
    """Change what each patch names of its product; one of which none is left is no longer listed."""
    stored = await _write(tx, principal, catalogs, patches, mode=Mode.CHANGE, now=now)
    unlisted = {
        str(each.product_id): each.sku
        for each in stored
        if each.status is Status.NOT_LISTED and each.status_before is not Status.NOT_LISTED
    }
    await recording.record_alike(
        tx, principal.account_id, EventType.PRODUCT_UNLISTED, of=unlisted, now=now
    )
    return stored


async def _write(
    tx: Transaction,
    principal: Principal,
    catalogs: Sequence[int],
    patches: Sequence[ProductPatch],
    *,
    mode: Mode,
    now: datetime,
) -> list[Stored]:
    ids = await catalog_queries.ids_by_number(tx, principal=principal, numbers=catalogs)
    keys = [(number, patch.sku) for number, patch in zip(catalogs, patches, strict=True)]
    stored = _repeated(keys)
    missing = Outcome.CATALOG_NOT_FOUND if mode is Mode.CREATE else Outcome.PRODUCT_NOT_FOUND
    for place, number in enumerate(catalogs):
        if number not in ids:
            stored[place] = Stored(missing, patches[place].sku)
    places = [place for place in range(len(patches)) if place not in stored]
    catalog_of = {place: ids[catalogs[place]] for place in places}
    await _upsert(tx, principal, patches, stored, places, catalog=catalog_of, mode=mode, now=now)
    return await _followed(tx, principal, patches, stored, now=now)


async def _upsert(
    tx: Transaction,
    principal: Principal,
    patches: Sequence[ProductPatch],
    stored: dict[int, Stored],
    places: Sequence[int],
    *,
    catalog: str | Mapping[int, UUID],
    mode: Mode,
    now: datetime,
) -> None:
    """Write the patches at these places and add what became of each."""
    if mode is not Mode.CHANGE and len(places) >= _MANY:
        new = await copy_store.create(
            tx,
            principal.account_id,
            patches=[patches[place] for place in places],
            catalog=catalog if isinstance(catalog, str) else [catalog[place] for place in places],
            now=now,
        )
        stored.update((places[at], each) for at, each in new.items())
    for _ in range(_RACE_TRIES):
        missing = [place for place in places if place not in stored]
        if not missing:
            return
        found = await upsert_store.upsert(
            tx,
            principal.account_id,
            patches=[patches[place] for place in missing],
            catalog=catalog if isinstance(catalog, str) else [catalog[place] for place in missing],
            mode=mode,
            now=now,
        )
        stored.update((missing[at], each) for at, each in found.items())
        if mode is Mode.CHANGE:
            break
    for place in set(places).difference(stored):
        if mode is not Mode.CHANGE:
            raise Conflict("products_sku_key")
        stored[place] = Stored(Outcome.PRODUCT_NOT_FOUND, patches[place].sku)


def _repeated(keys: Sequence[tuple[Any, ...]]) -> dict[int, Stored]:
    """Refuse each key that came before."""
    if len(set(keys)) == len(keys):
        return {}
    first = {key: place for place, key in reversed(list(enumerate(keys)))}
    return {
        place: Stored(Outcome.SKU_REPEATED, key[-1])
        for place, key in enumerate(keys)
        if first[key] != place
    }


def _generations(
    patches: Sequence[ProductPatch], stored: Mapping[int, Stored]
) -> Iterator[list[int]]:
    """Divide the places so that a parent comes before its children; what forms a circle comes last, together."""
    waiting = {patch.sku: place for place, patch in enumerate(patches) if place not in stored}
    while waiting:
        ready = {
            s: p for s, p in waiting.items() if patches[p].parent_sku not in waiting
        } or waiting
        yield list(ready.values())
        waiting = {sku: place for sku, place in waiting.items() if sku not in ready}


async def _followed(
    tx: Transaction,
    principal: Principal,
    patches: Sequence[ProductPatch],
    stored: Mapping[int, Stored],
    *,
    now: datetime,
) -> list[Stored]:
    """Want the images that were named, wake the enhancer, record what was created; put the results in order."""
    done = [stored[place] for place in range(len(patches))]
    urls = {
        each.product_id: each.image_urls
        for each in done
        if each.image_urls is not None and each.product_id is not None
    }
    await images.want(tx, principal=principal, urls=urls, now=now)
    if any(each.ai_enhancement for each in done):
        tx.wake("enhance_texts", [principal.account_id])
    await _record_created(tx, principal.account_id, [s for s in done if s.created], now=now)
    return done


async def _record_created(
    tx: Transaction, account_id: UUID, created: Sequence[Stored], *, now: datetime
) -> None:
    for kind in {each.kind for each in created}:
        of = {str(each.product_id): each.sku for each in created if each.kind is kind}
        data = {"kind": kind.value}
        if len(of) == 1:
            [(product_id, sku)] = of.items()
            event = new_event(
                account_id, EventType.PRODUCT_CREATED, product_id=UUID(product_id), sku=sku, data=data, now=now
            )  # fmt: skip
            await recording.record(tx, [event], now=now)
        else:
            await recording.record_alike(
                tx, account_id, EventType.PRODUCT_CREATED, of=of, data=data, now=now
            )
