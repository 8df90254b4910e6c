"""What is done with products; their listings follow in the listings module."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from saluhall.domain.accounts.model import Principal
from saluhall.domain.analytics import operations as analytics
from saluhall.domain.analytics.model import DirectSale
from saluhall.domain.events.model import Change, EventType, new_event
from saluhall.domain.images import operations as images
from saluhall.domain.images.model import Fetched
from saluhall.domain.products import store
from saluhall.domain.products.model import DueText, Product, ProductNotFound, Status, Text
from saluhall.domain.recording import operations as recording
from saluhall.storage import Transaction

_OF_STATUS = {Status.SOLD: EventType.PRODUCT_SOLD, Status.NOT_LISTED: EventType.PRODUCT_UNLISTED}


async def lock(
    tx: Transaction,
    *,
    principal: Principal,
    catalog: str,
    sku: str,
    now: datetime,  # noqa: ARG001 - every operation has `now`
) -> Product:
    """Read a product and keep it from changing until the transaction ends. Raises ProductNotFound."""
    product = await store.lock(tx, principal.account_id, catalog=catalog, sku=sku)
    if product is None:
        raise ProductNotFound(sku)
    return product


async def lock_numbered(
    tx: Transaction,
    *,
    principal: Principal,
    catalog: int,
    sku: str,
    now: datetime,  # noqa: ARG001 - every operation has `now`
) -> Product:
    """Read a product by the number of its catalog and lock it. Raises ProductNotFound."""
    product = await store.lock_numbered(tx, principal.account_id, catalog=catalog, sku=sku)
    if product is None:
        raise ProductNotFound(f"the account has no product {sku!r} in the catalog {catalog}")
    return product


async def change_price(
    tx: Transaction, *, principal: Principal, product: Product, price: Decimal, now: datetime
) -> None:
    """Store a new price and note it; the same price again changes nothing."""
    if price != product.price:
        await store.set_price(tx, principal.account_id, product.id, price=price, now=now)
        changes = {"price": Change(_text(product.price), _text(price))}
        await _note(tx, principal, product, EventType.PRICE_CHANGED, changes=changes, now=now)


async def set_status(
    tx: Transaction, *, principal: Principal, product: Product, status: Status, now: datetime
) -> None:
    """Store a status that the seller set, and note it when it is news; a deleted product with a sale in progress stays archived."""
    if product.status in {status, Status.ARCHIVED}:
        return
    await store.set_status(tx, principal.account_id, product.id, status=status, now=now)
    await _record_sale(tx, principal, product, status, now=now)
    sale = {"sale_price": str(product.price), "currency": product.currency}
    event_type = _OF_STATUS.get(status, EventType.PRODUCT_UPDATED)
    data = sale if status is Status.SOLD else None
    changes = {"status": Change(product.status.value, status.value)}
    await _note(tx, principal, product, event_type, data=data, changes=changes, now=now)


async def _record_sale(
    tx: Transaction, principal: Principal, product: Product, status: Status, *, now: datetime
) -> None:
    """Record that the seller has sold a product elsewhere, or that it was not sold after all."""
    if status is Status.SOLD:
        sale = DirectSale(
            product_id=product.id,
            category=product.category,
            price=product.price,
            currency=product.currency,
        )
        await analytics.record_direct_sale(tx, principal.account_id, sale, now=now)
    elif product.status is Status.SOLD and status is Status.NOT_LISTED:
        await analytics.void_direct_sale(tx, principal.account_id, product.id, now=now)


async def mark_sold(tx: Transaction, account_id: UUID, product_id: UUID, *, now: datetime) -> None:
    """Note that a marketplace sold a product; one that was to be deleted is archived instead."""
    if not await store.keep_after_all(tx, account_id, product_id, now=now):
        await store.mark_sold(tx, account_id, product_id, now=now)


async def keep_after_all(
    tx: Transaction, account_id: UUID, product_id: UUID, *, now: datetime
) -> None:
    """Archive a product that was to be deleted but cannot be: its listing has bids."""
    await store.keep_after_all(tx, account_id, product_id, now=now)


async def archive(
    tx: Transaction, *, principal: Principal, product: Product, now: datetime
) -> None:
    """Keep a sold product out of sight of the shop: its order is under way."""
    await store.set_status(tx, principal.account_id, product.id, status=Status.ARCHIVED, now=now)


async def hide(tx: Transaction, *, principal: Principal, product: Product, now: datetime) -> None:
    """Hide a product that goes as soon as its listing is down."""
    await store.want_deleted(
        tx, principal.account_id, product.id, status=Status.NOT_LISTED, now=now
    )


async def remove(
    tx: Transaction, account_id: UUID, *, product_id: UUID, sku: str, now: datetime
) -> None:
    """Delete a product with its images; its events stay."""
    await images.forget(tx, account_id, product_id, now=now)
    await store.delete(tx, account_id, product_id)
    deleted = new_event(
        account_id, EventType.PRODUCT_DELETED, product_id=product_id, sku=sku, now=now
    )
    await recording.record(tx, [deleted], now=now)


async def images_fetched(
    tx: Transaction, account_id: UUID, fetched: Sequence[Fetched], *, now: datetime
) -> list[UUID]:
    """Record what became of images; return the products they belong to."""
    await images.record(tx, account_id, fetched, now=now)
    return sorted({f.image.product_id for f in fetched})


async def settle(
    tx: Transaction, account_id: UUID, product_ids: Sequence[UUID], *, now: datetime
) -> None:
    """Activate the drafts among these with all images and texts ready."""
    settled = await store.settle(tx, account_id, product_ids, now=now)
    events = [
        new_event(
            account_id,
            EventType.IMAGES_READY,
            product_id=each.id,
            sku=each.sku,
            data={"images": each.ready},
            now=now,
        )
        for each in settled
        if each.wanted
    ]
    await recording.record(tx, events, now=now)


async def claim_texts(
    tx: Transaction, account_id: UUID, *, worker: UUID, limit: int, lease: timedelta, now: datetime
) -> list[DueText]:
    """Claim an account's products with a text that is due to be enhanced."""
    return await store.claim_texts(tx, account_id, worker=worker, limit=limit, lease=lease, now=now)


async def text_enhanced(tx: Transaction, due: DueText, text: Text, *, now: datetime) -> None:
    """Keep the enhanced text beside the seller's own."""
    if await store.record_text(tx, due, title=text.title, description=text.description):
        await _note_of(tx, due, EventType.TEXT_ENHANCED, {"title": text.title}, now=now)


async def text_unchanged(tx: Transaction, due: DueText, *, reason: str, now: datetime) -> None:
    """Keep the seller's own text, and note why."""
    if await store.record_text(tx, due, title=None, description=None):
        await _note_of(tx, due, EventType.TEXT_UNCHANGED, {"reason": reason}, now=now)


async def _note_of(
    tx: Transaction, due: DueText, event_type: EventType, data: dict[str, str], *, now: datetime
) -> None:
    event = new_event(
        due.account_id, event_type, product_id=due.id, sku=due.sku, data=data, now=now
    )
    await recording.record(tx, [event], now=now)


async def _note(
    tx: Transaction,
    principal: Principal,
    product: Product,
    event_type: EventType,
    *,
    data: Mapping[str, str] | None = None,
    changes: Mapping[str, Change],
    now: datetime,
) -> None:
    event = new_event(
        principal.account_id,
        event_type,
        product_id=product.id,
        sku=product.sku,
        data=data,
        changes=changes,
        now=now,
    )
    await recording.record(tx, [event], now=now)


def _text(amount: Decimal) -> str:
    """Write an amount without needless zeros."""
    return f"{amount.normalize():f}"
