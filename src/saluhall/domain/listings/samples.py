"""Test events: real, signed deliveries to all endpoints that ask for the type, about something that did not happen."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from saluhall.domain.accounts.model import Principal
from saluhall.domain.events.model import Event, EventType, new_event
from saluhall.domain.listings import pages, queries
from saluhall.domain.listings.model import ListedProduct
from saluhall.domain.listings.page_model import Filter
from saluhall.domain.recording import operations as recording
from saluhall.storage import Transaction

NO_PRODUCT: Final = "TEST_EVENT"  # the SKU when the account has no product
_LOOKED_THROUGH: Final = 100


async def record_test_event(
    tx: Transaction,
    *,
    principal: Principal,
    catalog: str,
    event_type: EventType,
    sku: str | None,
    now: datetime,
) -> Event:
    """Record an event of the account's own data that says `test: true`, with its deliveries. Raises ProductNotFound.

    Without a SKU it is about the account's newest product among the first hundred; without products about NO_PRODUCT.
    """
    found = await _listed_product(tx, principal, catalog, sku)
    event = new_event(
        principal.account_id,
        event_type,
        product_id=found.product.id if found else UUID(int=0),
        sku=found.product.sku if found else NO_PRODUCT,
        data={"test": True, **_data(event_type, found)},
        now=now,
    )
    await recording.record(tx, [event], now=now)
    return event


async def find_live(
    tx: Transaction, *, principal: Principal, catalog: str, sku: str | None
) -> ListedProduct | None:
    """Find the product of this SKU, or one of the account's, that is live at a marketplace now. Raises ProductNotFound."""
    if sku is not None:
        found = await queries.get_listed_product(tx, principal=principal, catalog=catalog, sku=sku)
        return found if found.is_live else None
    page = await pages.list_products(
        tx, principal=principal, catalog=catalog, wanted=Filter(), limit=_LOOKED_THROUGH
    )
    for listed in reversed(page.products):
        if listed.external_url is not None:
            found = await queries.get_listed_product(
                tx, principal=principal, catalog=catalog, sku=listed.sku
            )
            if found.is_live:
                return found
    return None


async def _listed_product(
    tx: Transaction, principal: Principal, catalog: str, sku: str | None
) -> ListedProduct | None:
    if sku is None:
        page = await pages.list_products(
            tx, principal=principal, catalog=catalog, wanted=Filter(), limit=_LOOKED_THROUGH
        )
        if not page.products:
            return None
        sku = page.products[-1].sku
    return await queries.get_listed_product(tx, principal=principal, catalog=catalog, sku=sku)


def _data(event_type: EventType, found: ListedProduct | None) -> Mapping[str, Any]:
    """Return what the type adds, from the product's own values."""
    if found is None:
        return {}
    product, known = found.product, {"currency": found.product.currency}
    listing = {"external_id": found.external_id, "url": found.external_url}
    added: Mapping[EventType, Mapping[str, Any]] = {
        EventType.LISTING_SOLD: {"sale_price": str(product.price), **listing},
        EventType.PRODUCT_SOLD: {"sale_price": str(product.price)},
        EventType.LISTING_PUBLISHED: listing,
        EventType.LISTING_ENDED: listing,
        EventType.LISTING_REJECTED: {"error": "A test: nothing has failed"},
        EventType.PRODUCT_CREATED: {"kind": product.kind.value},
        EventType.IMAGES_READY: {"images": len(product.image_urls)},
    }
    return {
        **known,
        **{name: text for name, text in added.get(event_type, {}).items() if text is not None},
    }
