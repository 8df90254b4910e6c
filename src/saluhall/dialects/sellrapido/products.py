"""The products routes: many in, many out."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from functools import partial
from typing import Any, Final

from msgspec import UNSET
from msgspec.structs import force_setattr

from saluhall.dialect import COUNT, Parameter, Reply, Request, Route, Stream
from saluhall.dialects.sellrapido.auth import DEPRECATED, V1, V2, key_or_bearer, v1_route, v2_route
from saluhall.dialects.sellrapido.export import (
    extraction_from_json,
    extraction_from_query,
    layout_from_extraction,
    zipped,
)
from saluhall.dialects.sellrapido.product_rows import Rows, rows_from_body
from saluhall.dialects.sellrapido.wire import Error
from saluhall.dialects.sellrapido.wire_products import (
    ChangedProduct,
    CreatedProducts,
    Done,
    Extraction,
    Keyed,
    NewProduct,
    RowError,
    UpdatedProducts,
)
from saluhall.domain.accounts.roles import Right
from saluhall.domain.catalogs import queries as catalogs
from saluhall.domain.catalogs.model import CatalogNotFound
from saluhall.domain.listings import operations as listings
from saluhall.domain.products.extraction import lines_of_products
from saluhall.domain.products.model import ProductNotFound, SkuRepeated, SkuTaken, Stored
from saluhall.storage import Transaction

_CSV: Final = "application/csv;charset=UTF-8"
_ZIP_HEADERS: Final = {"Content-Disposition": 'attachment; filename="products.zip"'}


async def post_products(request: Request) -> Reply:
    """Add up to 1000 products; each row is stored or refused alone."""
    rows = rows_from_body(request.body, NewProduct)
    stored = await listings.create_products(
        request.tx,
        principal=request.principal,
        catalogs=rows.catalogs,
        products=rows.patches(),
        now=request.now,
    )
    done, errors = _outcomes_of(rows, stored)
    return Reply(status=200, body=CreatedProducts(created_items=done, errors=errors))


async def patch_products(request: Request) -> Reply:
    """Change what each of up to 1000 rows names of its product; their listings follow."""
    rows = rows_from_body(request.body, ChangedProduct)
    stored = await listings.change_products(
        request.tx,
        principal=request.principal,
        catalogs=rows.catalogs,
        changes=rows.patches(),
        now=request.now,
    )
    done, errors = _outcomes_of(rows, stored)
    for item in done:
        force_setattr(item.data, "catalog", UNSET)  # the answer shows what was changed
        force_setattr(item.data, "sku", UNSET)
    return Reply(status=200, body=UpdatedProducts(updated_items=done, errors=errors))


async def get_products(request: Request) -> Reply:
    """Extract products as a stream of CSV, or of a ZIP that holds it."""
    return await _extracted(request, extraction_from_query(request.query))


async def export_products(request: Request) -> Reply:
    """Extract products as get_products does; what is asked for is in `body`, as JSON."""
    return await _extracted(request, extraction_from_json(request.query.get("body", "")))


async def _extracted(request: Request, wanted: Extraction) -> Reply:
    layout = layout_from_extraction(wanted)
    catalog_id = None
    if wanted.catalog is not None:
        catalog_id = await catalogs.catalog_of_number(
            request.tx, principal=request.principal, number=wanted.catalog
        )

    async def blocks(tx: Transaction) -> AsyncGenerator[bytes, None]:
        lines = lines_of_products(
            tx,
            principal=request.principal,
            layout=layout,
            catalog_id=catalog_id,
            published=bool(wanted.published),
        )
        packed = zipped(lines, name="products.csv") if wanted.zip else lines
        async with aclosing(lines), aclosing(packed):
            async for block in packed:
                yield block

    if wanted.zip:
        stream = Stream(media_type="application/zip", blocks=blocks)
        return Reply(status=200, stream=stream, headers=_ZIP_HEADERS)
    return Reply(status=200, stream=Stream(media_type=_CSV, blocks=blocks))


def _outcomes_of(rows: Rows, stored: Sequence[Stored]) -> tuple[list[Done], list[RowError]]:
    """Return what became of each row, by its place in the request."""
    done, errors = [], list(rows.errors)
    for place, row, each in zip(rows.places, rows.rows, stored, strict=True):
        if each.problem is None:
            done.append(Done(place, row))
        else:
            errors.append(RowError(place, _words(each.problem, row)))
    return done, sorted(errors, key=lambda error: error.index)


def _words(problem: Exception, row: Keyed) -> str:
    match problem:
        case CatalogNotFound():
            return f"Catalog {row.catalog} not found"
        case ProductNotFound():
            return f"Product {row.sku} not found in catalog {row.catalog}"
        case SkuTaken():
            return f"Product {row.sku} already exists in catalog {row.catalog}"
        case SkuRepeated():
            return f"Product {row.sku} of catalog {row.catalog} stands in this request before"
        case _:
            raise problem


_PARAMETERS: Final[Mapping[str, str | Parameter]] = {
    "catalog": Parameter("A catalog's number; all catalogs by default", COUNT),
    "published": Parameter("true: only products that are live on a marketplace", bool),
    "zip": Parameter("true: a ZIP that holds one CSV file", bool),
    "fields": "The columns, separated by commas",
    "field_separator": "Between columns; | by default",
    "row_separator": "At the end of each line; \\n by default",
    "text_qualifier": "Around each value; none by default",
}
_KEY_PARAMETERS: Final = {"body": "What is asked for, as JSON: the parameters of v2"}
_EXTRACTED: Final = {200: None, 400: Error, 401: Error, 429: Error}
_NEW: Final = [
    {"catalog": 2, "sku": "SKU-00123", "price1": 17.1, "quantity": 3, "title": "Headlight, left"}
]
_CHANGES: Final = [{"catalog": 2, "sku": "SKU-00123", "price1": 15, "quantity": 2}]
_posting: Final[dict[str, Any]] = {
    "method": "POST",
    "handler": post_products,
    "right": Right.PRODUCTS_WRITE,
    "body": list[NewProduct],  # type: ignore[valid-type] # made at run time
    "example": _NEW,
    "responses": {200: CreatedProducts, 400: Error, 401: Error, 413: Error},
}
_patching: Final[dict[str, Any]] = {
    "method": "PATCH",
    "handler": patch_products,
    "right": Right.PRODUCTS_WRITE,
    "body": list[ChangedProduct],  # type: ignore[valid-type] # made at run time
    "example": _CHANGES,
    "responses": {200: UpdatedProducts, 400: Error, 401: Error, 413: Error},
}
_either = partial(Route, authenticator=key_or_bearer, tier=None, headers=DEPRECATED)

ROUTES: Sequence[Route] = (
    v2_route(
        method="GET",
        path=f"{V2}/product",
        handler=get_products,
        right=Right.PRODUCTS_READ,
        summary="Extract products as CSV",
        query=_PARAMETERS,
        responses=_EXTRACTED,
        files=("application/csv", "application/zip"),
    ),
    v2_route(path=f"{V2}/product", summary="Add products", **_posting),
    v2_route(path=f"{V2}/product", summary="Change products", **_patching),
    v2_route(path=f"{V2}/product/{{uuid}}", summary="Add products", **_posting),
    v2_route(path=f"{V2}/product/{{uuid}}", summary="Change products", **_patching),
    _either(path=f"{V1}/product/{{key}}", summary="Add products (v1)", **_posting),
    _either(path=f"{V1}/product/{{key}}", summary="Change products (v1)", **_patching),
    v1_route(
        method="GET",
        path=f"{V1}/export/product/{{key}}",
        handler=export_products,
        right=Right.PRODUCTS_READ,
        summary="Extract products as CSV, with what is asked for as a parameter (v1)",
        query=_KEY_PARAMETERS,
        responses=_EXTRACTED,
        files=("application/csv", "application/zip"),
    ),
)
