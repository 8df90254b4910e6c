"""Many items at once: batches, lists, the children of a container, an item's history."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from msgspec import Struct

from saluhall.dialect import COUNT, Parameter, Reply, Request, Route
from saluhall.dialects.rheo import translate, translate_batch, translate_lists
from saluhall.dialects.rheo.auth import READ, api_key
from saluhall.dialects.rheo.event_words import HISTORY
from saluhall.dialects.rheo.wire import CATALOG, CHANNEL, Error
from saluhall.dialects.rheo.wire_lists import (
    Batch,
    BatchAnswer,
    Children,
    History,
    ItemList,
    Summary,
)
from saluhall.domain.accounts.model import Tier
from saluhall.domain.accounts.roles import Right
from saluhall.domain.events import queries as events_queries
from saluhall.domain.listings import operations, pages, queries
from saluhall.domain.listings.page_model import START
from saluhall.domain.products.model import Product, Status

BATCH: Final = Tier("item-batch", 10)

_BATCH_BYTES = 16 * 1024 * 1024
_MAX_CHILDREN = 10_000
_ITEMS = "/integration/v1/items"
_ITEM = _ITEMS + "/{external_id}"


async def post_batch(request: Request) -> Reply:
    """Create or update up to 500 items, each accepted or rejected alone."""
    batch = translate_batch.batch_from_body(request.body)
    outcomes = await operations.put_products(
        request.tx,
        principal=request.principal,
        catalog=CATALOG,
        products=[product for _, product in batch.products],
        offer_on=CHANNEL,
        now=request.now,
    )
    return Reply(status=202, body=translate_batch.answer_from_outcomes(batch, outcomes))


async def list_items(request: Request) -> Reply:
    """List items in the order of their changes, page by page; counted where the list begins."""
    wanted = translate_lists.filter_from_query(request.query)
    limit = translate_lists.limit_from_query(request.query)
    cursor = translate_lists.cursor_from_query(request.query, wanted=wanted)
    if cursor is None:
        total = await pages.count_products(
            request.tx, principal=request.principal, catalog=CATALOG, wanted=wanted
        )
    else:
        total = cursor.total
    page = await pages.list_products(
        request.tx,
        principal=request.principal,
        catalog=CATALOG,
        wanted=wanted,
        after=cursor.position if cursor else START,
        limit=limit,
    )
    return Reply(status=200, body=translate_lists.list_from_page(page, total=total, wanted=wanted))


async def list_children(request: Request) -> Reply:
    """List the children of a container."""
    parent = await _product(request)
    family = await pages.list_children(
        request.tx,
        principal=request.principal,
        catalog=CATALOG,
        parent_sku=parent.sku,
        limit=_MAX_CHILDREN,
    )
    return Reply(status=200, body=translate_lists.children_from_family(family, parent=parent))


async def sum_up_item(request: Request) -> Reply:
    """Count and add up the children of a container."""
    parent = await _product(request)
    sums = await pages.sum_up_children(
        request.tx,
        principal=request.principal,
        catalog=CATALOG,
        parent_sku=parent.sku,
        currency=parent.currency,
    )
    return Reply(status=200, body=translate_lists.summary_from_sums(sums, parent=parent))


async def list_history(request: Request) -> Reply:
    """List what happened to an item, newest first."""
    limit = translate_lists.limit_from_query(request.query)
    product = await _product(request)
    events = await events_queries.list_events_of_sku(
        request.tx,
        principal=request.principal,
        sku=product.sku,
        product_id=product.id,
        types=HISTORY,
        limit=limit,
    )
    return Reply(status=200, body=translate_lists.history_from_events(events, product=product))


async def _product(request: Request) -> Product:
    sku = translate.sku_from_id(request.path["external_id"])
    listed = await queries.get_listed_product(
        request.tx, principal=request.principal, catalog=CATALOG, sku=sku
    )
    return listed.product


_route = partial(Route, authenticator=api_key)
_read = partial(_route, method="GET", tier=READ)
_REFUSED: Mapping[int, type[Struct] | None] = {401: Error, 422: Error, 429: Error}

ROUTES: Sequence[Route] = (
    _route(
        method="POST",
        path=_ITEMS + "/batch",
        handler=post_batch,
        right=Right.PRODUCTS_WRITE,
        tier=BATCH,
        summary="Create or update up to 500 items",
        body=Batch,
        example={
            "items": [
                {"externalId": "CAR-118", "type": "container", "title": "Volvo V70 2011"},
                {
                    "externalId": "ERP_PART_12345",
                    "title": "Volvo V70 strålkastare vänster fram",
                    "price": 1250,
                    "parentExternalId": "CAR-118",
                },
            ]
        },
        responses={202: BatchAnswer, 400: Error, 413: Error, **_REFUSED},
        max_body_bytes=_BATCH_BYTES,
    ),
    _read(
        path=_ITEMS,
        handler=list_items,
        right=Right.PRODUCTS_READ,
        summary="List items in the order of their changes",
        query={
            "status": Parameter("only those in this status", Status),
            "parent_external_id": "only direct children of this container",
            "updated_since": "ISO 8601; only what changed then or later",
            "limit": Parameter("how many at most; 100 when not said, never more than 1000", COUNT),
            "cursor": "nextCursor of the page before, with the same filters",
            "catalogSystem": "a parts catalog, together with catalogCode",
            "catalogCode": "a part's code there",
        },
        responses={200: ItemList, **_REFUSED},
    ),
    _read(
        path=_ITEM + "/children",
        handler=list_children,
        right=Right.PRODUCTS_READ,
        summary="List the direct children of a container",
        responses={200: Children, 404: Error, **_REFUSED},
    ),
    _read(
        path=_ITEM + "/summary",
        handler=sum_up_item,
        right=Right.PRODUCTS_READ,
        summary="Count and add up the direct children of a container",
        responses={200: Summary, 404: Error, **_REFUSED},
    ),
    _read(
        path=_ITEM + "/history",
        handler=list_history,
        right=Right.PRODUCTS_READ,
        summary="List what happened to an item, newest first",
        query={
            "limit": Parameter("how many at most; 100 when not said, never more than 1000", COUNT)
        },
        responses={200: History, 404: Error, **_REFUSED},
    ),
)
