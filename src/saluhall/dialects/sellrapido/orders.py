"""The orders routes of both generations: each reads, asks the domain, answers."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Final, Literal

from msgspec import Meta

from saluhall.dialect import OFFSET, Parameter, Reply, Request, Route
from saluhall.dialects.sellrapido.auth import V1, V2, v1_route, v2_route
from saluhall.dialects.sellrapido.order_filters import (
    Extraction,
    extraction_from_body,
    extraction_from_query,
)
from saluhall.dialects.sellrapido.order_responses import stream_of
from saluhall.dialects.sellrapido.order_status import (
    Unfit,
    changes_from_body,
    error_from_refusal,
    error_of_call,
    in_order,
    right_for,
)
from saluhall.dialects.sellrapido.wire import Error
from saluhall.dialects.sellrapido.wire_orders import (
    OrderExtraction,
    OrderQuery,
    StatusError,
    StatusUpdate,
)
from saluhall.domain.accounts.roles import Right
from saluhall.domain.orders import operations

_NO_FILTER: Final = "{}"


async def get_orders(request: Request) -> Reply:
    """Extract orders by a query."""
    return _extracted(request, extraction_from_query(request.query, _accept(request)))


async def post_order_query(request: Request) -> Reply:
    """Extract orders by a body, as the older generation does."""
    return _extracted(request, extraction_from_body(request.body, _accept(request)))


async def export_orders(request: Request) -> Reply:
    """Extract orders by a body in the query, as the older generation does."""
    body = request.query.get("body", "") or _NO_FILTER
    return _extracted(request, extraction_from_body(body.encode(), _accept(request)))


async def post_status(request: Request) -> Reply:
    """Change the status of orders; the answer names the elements that were refused."""
    try:
        changes, errors = changes_from_body(request.body)
        request.principal.require(right_for(changes))
    except Unfit as error:
        return Reply(status=400, body=error_of_call(str(error)))
    refused = await operations.change_status(
        request.tx, principal=request.principal, changes=changes, now=request.now
    )
    return Reply(status=200, body=in_order([*errors, *map(error_from_refusal, refused)]))


async def post_legacy_status(request: Request) -> Reply:
    """Change the status of orders with a key of the older generation."""
    return await post_status(request)


def _extracted(request: Request, extraction: Extraction) -> Reply:
    return Reply(status=200, stream=stream_of(extraction, principal=request.principal))


def _accept(request: Request) -> str:
    return request.headers.get("accept", "")


_EXTRACTED: Final[Mapping[int, type]] = {200: OrderExtraction, 400: Error, 401: Error, 429: Error}
_CHANGED: Final[Mapping[int, type]] = {200: list[StatusError], 400: list[StatusError], 401: Error}
_FILTERS: Final[Mapping[str, str | Parameter]] = {
    "start_date": "Order date from, yyyy-mm-dd, a day of the account's time zone (also startDate)",
    "end_date": "Order date to, the whole day included (also endDate)",
    "start_modified": "Modified from, yyyy-mm-dd, a day of the account's time zone (also startModified)",
    "end_modified": "Modified to, the whole day included (also endModified)",
    "code": "The marketplace's order codes, separated by commas",
    "format": Parameter(
        "csv or json; without it the Accept header decides", Literal["csv", "json"]
    ),
    "status": "standby, accepted, sent, cancelled, separated by commas",
    "column_separator": "Between the columns of CSV; | by default (also columnSeparator)",
    "write_heading": Parameter(
        "Whether CSV begins with the names of its columns; true by default (also writeHeading)",
        bool,
    ),
    "offset": Parameter("How many orders to skip", OFFSET),
    "limit": Parameter(
        "How many orders at most; 1000 by default, -1 for all", Annotated[int, Meta(ge=-1)]
    ),
    "tags": "Orders with at least one of these tags, separated by commas",
}
_QUERY: Final = {"startDate": "2025-05-01", "status": "accepted,sent", "limit": 100}
_UPDATES: Final = [
    {
        "id": 1453,
        "status": "sent",
        "tracking": "280340324736",
        "courier_code": "BARTOLINI1",
        "payment_date": "2020-10-20T02:30:00.000",
    }
]

ROUTES: Sequence[Route] = (
    v2_route(
        method="GET",
        path=f"{V2}/order",
        handler=get_orders,
        right=Right.ORDERS_READ,
        summary="Extract orders as JSON or CSV",
        query=_FILTERS,
        responses=_EXTRACTED,
        files=("application/csv",),
    ),
    v2_route(
        method="POST",
        path=f"{V2}/order/status",
        handler=post_status,
        right=Right.ORDERS_SHIP,
        summary="Change the status of orders",
        body=list[StatusUpdate],
        example=_UPDATES,
        responses=_CHANGED,
    ),
    v1_route(
        method="POST",
        path=f"{V1}/order/{{key}}",
        handler=post_order_query,
        right=Right.ORDERS_READ,
        summary="Extract orders as JSON or CSV (v1)",
        body=OrderQuery,
        example=_QUERY,
        responses=_EXTRACTED,
        files=("application/csv",),
    ),
    v1_route(
        method="POST",
        path=f"{V1}/order/{{key}}/status",
        handler=post_legacy_status,
        right=Right.ORDERS_SHIP,
        summary="Change the status of orders (v1)",
        body=list[StatusUpdate],
        example=_UPDATES,
        responses=_CHANGED,
    ),
    v1_route(
        method="GET",
        path=f"{V1}/export/order/{{key}}",
        handler=export_orders,
        right=Right.ORDERS_READ,
        summary="Extract orders as JSON or CSV, with the filters as a parameter (v1)",
        query={"body": "The filters, as JSON"},
        responses=_EXTRACTED,
        files=("application/csv",),
    ),
)
