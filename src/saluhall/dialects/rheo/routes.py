"""Rheo's item routes: each reads, calls one operation, answers."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from operator import attrgetter

from msgspec import Struct

from saluhall.dialect import BatchedRoute, Invalid, Problem, Reply, Request, Route
from saluhall.dialects.rheo import translate
from saluhall.dialects.rheo.auth import READ, api_key
from saluhall.dialects.rheo.checks import RESERVED_ID
from saluhall.dialects.rheo.errors import InvalidStatus
from saluhall.dialects.rheo.wire import (
    CATALOG,
    CHANNEL,
    Accepted,
    Error,
    Item,
    ItemStatus,
    PriceChange,
    StatusChange,
)
from saluhall.domain.accounts.model import Principal, Tier
from saluhall.domain.accounts.roles import Right
from saluhall.domain.listings import deletions, operations, queries
from saluhall.domain.products.fields import ProductPatch
from saluhall.domain.products.model import Status
from saluhall.storage import Transaction

ITEM_SYNC = Tier("item-sync", 10)
PRICE = Tier("price", 20)
STATUS = Tier("status", 20)
DELETE = Tier("delete", 10)

_ITEM = "/integration/v1/items/{external_id}"
_TAKEN_OFF = {
    Status.SOLD: "Item is marked as sold; its listing is being removed in the background.",
    Status.NOT_LISTED: "Item is no longer listed; its listing is being removed in the background.",
}


def _item_to_put(path: Mapping[str, str], body: bytes) -> ProductPatch:
    return translate.patch_from_body(body, external_id=path["external_id"])


async def put_item(
    tx: Transaction, principal: Principal, products: Sequence[ProductPatch], now: datetime
) -> Sequence[Reply | Exception]:
    """Create or update items, each by its own request."""
    outcomes = await operations.put_products(
        tx, principal=principal, catalog=CATALOG, products=products, offer_on=CHANNEL, now=now
    )
    return [
        outcome.problem or Reply(status=202, body=translate.accepted_from_outcome(outcome))
        for outcome in outcomes
    ]


async def get_item(request: Request) -> Reply:
    """Return an item with its status."""
    sku = translate.sku_from_id(request.path["external_id"])
    listed = await queries.get_listed_product(
        request.tx, principal=request.principal, catalog=CATALOG, sku=sku, channel=CHANNEL
    )
    return Reply(status=200, body=translate.status_from_listed(listed, request.public_url))


async def patch_price(request: Request) -> Reply:
    """Change the price; the marketplace follows in the background."""
    sku = request.path["external_id"]
    price = translate.price_from_body(request.body, external_id=sku)
    changed = await operations.change_price(
        request.tx,
        principal=request.principal,
        catalog=CATALOG,
        sku=sku,
        price=price,
        now=request.now,
    )
    message = "Price updated; its listing is being updated in the background."
    if changed.refusal is not None:
        message = f"Price updated. Its listing does not follow: {changed.refusal}."
    return Reply(status=202, body=translate.accepted_from_id(changed.product_id, message))


async def patch_status(request: Request) -> Reply:
    """Mark an item as sold, or end its listing."""
    sku = translate.sku_from_id(request.path["external_id"])
    status = translate.status_from_body(request.body)
    if status is None:
        raise InvalidStatus
    product_id = await operations.set_status(
        request.tx,
        principal=request.principal,
        catalog=CATALOG,
        sku=sku,
        status=status,
        now=request.now,
    )
    return Reply(status=202, body=translate.accepted_from_id(product_id, _TAKEN_OFF[status]))


async def delete_item(request: Request) -> Reply:
    """End an item's listing and delete the item."""
    sku = translate.sku_from_id(request.path["external_id"])
    product_id = await deletions.delete_product(
        request.tx, principal=request.principal, catalog=CATALOG, sku=sku, now=request.now
    )
    message = "Item is being removed in the background."
    return Reply(status=202, body=translate.accepted_from_id(product_id, message))


async def put_batch(_: Request) -> Reply:
    """Refuse the one id that is an address of ours. Raises Invalid."""
    raise Invalid([Problem("externalId", RESERVED_ID)])


_route = partial(Route, authenticator=api_key)
_CHANGED: Mapping[int, type[Struct] | None] = {
    202: Accepted,
    401: Error,
    404: Error,
    422: Error,
    429: Error,
}

ROUTES: Sequence[Route] = (
    _route(
        method="PUT",
        path=_ITEM,
        batched=BatchedRoute(read=_item_to_put, key=attrgetter("sku"), handle=put_item),
        right=Right.PRODUCTS_WRITE,
        tier=ITEM_SYNC,
        summary="Create or update an item",
        body=Item,
        example={
            "title": "Volvo V70 strålkastare vänster fram",
            "price": 1250,
            "shippingCost": 99,
            "weightKg": 4.1,
            "currency": "SEK",
            "imageUrls": ["https://images.example.com/parts/8693555-1.jpg"],
            "domain": {
                "domain": "auto_parts",
                "vehicle": {"manufacturer": "Volvo", "model": "V70", "year": 2011},
                "part": {"name": "Strålkastare", "oemNumber": "31420118"},
                "conditionGrade": "B",
            },
            "autoPublishTradera": True,
        },
        responses={202: Accepted, 400: Error, 401: Error, 413: Error, 422: Error, 429: Error},
    ),
    _route(
        method="PUT",
        path="/integration/v1/items/batch",
        handler=put_batch,
        right=Right.PRODUCTS_WRITE,
        tier=ITEM_SYNC,
        summary="Refuse an item of this id: it is the address of batches",
        responses={401: Error, 422: Error, 429: Error},
    ),
    _route(
        method="GET",
        path=_ITEM,
        handler=get_item,
        right=Right.PRODUCTS_READ,
        tier=READ,
        summary="Get an item with its status here and at Tradera",
        responses={200: ItemStatus, 401: Error, 404: Error, 422: Error, 429: Error},
    ),
    _route(
        method="PATCH",
        path=_ITEM + "/price",
        handler=patch_price,
        right=Right.PRODUCTS_WRITE,
        tier=PRICE,
        summary="Change an item's price",
        body=PriceChange,
        example={"price": 795},
        responses={**_CHANGED, 400: Error},
    ),
    _route(
        method="PATCH",
        path=_ITEM + "/status",
        handler=patch_status,
        right=Right.PRODUCTS_WRITE,
        tier=STATUS,
        summary="Mark an item as sold or not listed",
        body=StatusChange,
        example={"status": "sold"},
        responses={**_CHANGED, 400: Error},
    ),
    _route(
        method="DELETE",
        path=_ITEM,
        handler=delete_item,
        right=Right.PRODUCTS_WRITE,
        tier=DELETE,
        summary="Remove an item",
        responses=_CHANGED,
    ),
)
