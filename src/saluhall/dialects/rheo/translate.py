"""Translate between Rheo's shapes and ours: pure functions, both ways side by side."""

from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from msgspec import UNSET, Raw, UnsetType

from saluhall.dialect import Invalid, Problem
from saluhall.dialects.rheo import checks
from saluhall.dialects.rheo.attributes import attributes_from_domain, condition_from_domain
from saluhall.dialects.rheo.bodies import read
from saluhall.dialects.rheo.domains import OTHER
from saluhall.dialects.rheo.wire import (
    Accepted,
    ImageStatus,
    Item,
    ItemStatus,
    PriceChange,
    StatusChange,
    TraderaStatus,
)
from saluhall.domain.images.model import ShownImage
from saluhall.domain.listings.model import EndedReason, ListedProduct, State
from saluhall.domain.products.fields import ProductPatch
from saluhall.domain.products.model import Kind, Status, Stored
from saluhall.kit.clock import iso_from_instant

CURRENCY = "SEK"  # when an item never named one
_DRAFT_ID = "pending"  # a listing's id with this prefix has no page yet
_TRADERA_STATUS: Mapping[State, TraderaStatus] = {
    State.PENDING: "pending_sync",
    State.SUBMITTED: "pending_sync",
    State.LIVE: "active",
    State.ENDED: "ended",
    State.REJECTED: "sync_error",
}


def patch_from_body(body: bytes, *, external_id: str) -> ProductPatch:
    """Read the body of an item PUT. Raises Malformed, Invalid."""
    check = checks.ItemCheck(external_id)
    item = read(body, Item, check=check, ignore=checks.ignored_of_item)
    return patch_from_item(item, check.domain, external_id=external_id)


def patch_from_item(
    item: Item, domain: dict[str, Any] | UnsetType | None, *, external_id: str
) -> ProductPatch:
    """Read a checked item, with its domain in the normal form. What it leaves out stays as stored, what is null is cleared."""
    kind = UNSET if item.type is UNSET else Kind(item.type or Kind.ITEM)
    meaning: dict[str, Any] = dict.fromkeys(("category", "condition", "attributes"), domain)
    if isinstance(domain, dict):
        meaning = {
            "category": domain["domain"],
            "condition": condition_from_domain(domain),
            "attributes": attributes_from_domain(domain),
        }
    return ProductPatch(
        sku=external_id,
        default_currency=CURRENCY,
        kind=kind,
        parent_sku=item.parentExternalId,
        title=item.title.strip(),
        description=item.description,
        price=_price(item, kind),
        currency=item.currency,
        shipping_cost=_decimal(item.shippingCost),
        shipping_strategy=item.shippingStrategy,
        weight=_grams(item.weightKg),
        weight_unit=UNSET if item.weightKg is UNSET else "kg",
        image_urls=_image_urls(item),
        auto_publish=item.autoPublishTradera,
        ai_enhancement=item.useAiEnhancement,
        extras=_extras(item, domain),
        **meaning,
    )


def _extras(item: Item, domain: Mapping[str, Any] | UnsetType | None) -> dict[str, Any] | UnsetType:
    """Keep what Rheo alone knows: its domain in the normal form, and as it was given the rest."""
    given = {
        "domain": domain,
        "schema_version": item.schemaVersion,
        "metadata": _metadata(item.metadata),
    }
    return {name: value for name, value in given.items() if value is not UNSET} or UNSET


def price_from_body(body: bytes, *, external_id: str) -> Decimal:
    """Read the body of a price PATCH. Raises Malformed, Invalid."""
    check = partial(checks.problems_of_price_change, external_id=external_id)
    return _exact(read(body, PriceChange, check=check).price)


def status_from_body(body: bytes) -> Status | None:
    """Read the body of a status PATCH; None when it asks for none we know. Raises Malformed."""
    try:
        return Status(read(body, StatusChange).status)
    except Invalid:
        return None


def sku_from_id(external_id: str) -> str:
    """Take an external id from a path. Raises Invalid."""
    if problems := tuple(checks.problems_of_id(external_id)):
        raise Invalid([Problem(*problem) for problem in problems])
    return external_id


def accepted_from_outcome(outcome: Stored) -> Accepted:
    """Answer a PUT."""
    created = "Item is being processed in the background."
    updated = "Item updated; changes are being processed in the background."
    unchanged = "Item unchanged: it has all these values already."
    message = created if outcome.created else updated if outcome.changed else unchanged
    return Accepted(
        success=True,
        itemId=str(outcome.product_id),
        message=f"{message} Not listed: {outcome.refusal}." if outcome.refusal else message,
    )


def accepted_from_id(product_id: UUID, message: str) -> Accepted:
    """Answer a change of one thing."""
    return Accepted(success=True, itemId=str(product_id), message=message)


def status_from_listed(listed: ListedProduct, public_url: str) -> ItemStatus:
    """Return an item with its status here and at Tradera; images are hosted under `public_url`."""
    product, listing_id, next_at = listed.product, listed.external_id, listed.next_try_at
    return ItemStatus(
        externalId=product.sku,
        rheoItemId=str(product.id),
        rheoStatus=product.status,
        traderaStatus=_tradera_status(listed),
        traderaAdId=listing_id,
        traderaAdUrl=listing_url(listing_id, listed.external_url),
        price=number_from_decimal(product.price),
        title=product.title,
        type=product.kind,
        parentExternalId=product.parent_sku,
        metadata=Raw(metadata_of(product.extras)),
        traderaError=listed.error or listed.waits_reason,
        images=[_image_status(image, public_url) for image in listed.images],
        extendedAttributes=_extended_attributes(listed),
        traderaNextTryAt=UNSET if next_at is None else iso_from_instant(next_at),
    )


def listing_url(listing_id: str | None, url: str | None) -> str | None:
    """Return where a listing is seen, None while it is not."""
    if listing_id is None or listing_id.startswith(_DRAFT_ID):
        return None
    return url


def number_from_decimal(amount: Decimal) -> int | float:
    """Write money as the shortest JSON number: 950, not 950.00."""
    whole = int(amount)
    return whole if whole == amount else float(amount)


def _exact(number: float) -> Decimal:
    return Decimal(repr(number))


def _price(item: Item, kind: Kind | UnsetType) -> Decimal | UnsetType:
    if kind is Kind.CONTAINER:
        return Decimal(0)
    return UNSET if item.price is UNSET else _exact(item.price)


def _decimal(number: float | UnsetType | None) -> Decimal | UnsetType | None:
    return _exact(number) if isinstance(number, int | float) else number


def _grams(weight_kg: float | UnsetType | None) -> Decimal | UnsetType | None:
    """Round to the gram: what scales and binary floats add beyond it is noise."""
    return _exact(round(weight_kg, 3)) if isinstance(weight_kg, int | float) else weight_kg


def _image_urls(item: Item) -> tuple[str, ...] | UnsetType | None:
    """Take the first of the three spellings that holds a list, each URL once."""
    given = [urls for urls in (item.imageUrls, item.images, item.image_urls) if urls is not UNSET]
    lists = [urls for urls in given if urls is not None]
    if lists:
        return tuple(dict.fromkeys(lists[0]))
    return None if given else UNSET


def metadata_of(extras: Mapping[str, Any]) -> bytes:
    """Give the metadata as it was given, to the byte."""
    return str(extras.get("metadata", "{}")).encode()


def _metadata(raw: Raw | UnsetType) -> str | UnsetType | None:
    if raw is UNSET:
        return UNSET
    text = bytes(raw).decode()
    return None if text == "null" else text


def _tradera_status(listed: ListedProduct) -> TraderaStatus | None:
    if listed.state is None:
        return None
    if listed.pending and not listed.is_wanted:
        return "pending_sync"
    if listed.ended_reason is EndedReason.SOLD_OUT:
        return "sold"
    status = _TRADERA_STATUS[listed.state]
    return "sync_error" if status == "pending_sync" and listed.error else status


def _image_status(image: ShownImage, public_url: str) -> ImageStatus:
    return ImageStatus(
        sourceUrl=image.source_url,
        status=image.state,
        url=f"{public_url}/images/{image.stored_key}" if image.stored_key else None,
        error=image.reason,
    )


def _extended_attributes(listed: ListedProduct) -> dict[str, Any]:
    """Flatten the domain: its slug first (a typed reader needs that), then whence, then what."""
    product = listed.product
    domain = {"domain": OTHER, **product.extras.get("domain", {})}
    return {
        "domain": domain.pop("domain"),
        "external_reference": product.sku,
        "source": "integration",
        "schema_version": product.extras.get("schema_version", "1.0.0"),
        **domain,
    }
