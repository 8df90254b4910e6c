"""The system routes: images, health, metrics."""

import asyncio
from collections.abc import Sequence
from functools import partial

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.response import Stream

from saluhall.kit.metrics import CONTENT_TYPE
from saluhall.kit.metrics_listener import Text
from saluhall.storage import Database
from saluhall.storage.database import DatabaseUnavailable
from saluhall.storage.image_store import ImageMissing, ImageStore, StoreUnavailable
from saluhall.storage.schema import is_current, is_read_only
from saluhall.web.head_requests import READING
from saluhall.web.responses import RETRY_SOON

# A handler for GET and HEAD.
read = partial(HTTPRouteHandler, http_method=READING, include_in_schema=False, status_code=200)
_TIMEOUT_S = 2.0  # who asks whether we are ready does not wait for long


def system_routes(
    db: Database, images: ImageStore, metrics_text: Text | None
) -> Sequence[HTTPRouteHandler]:
    """Return the system routes; metrics are among them unless they have an address of their own."""

    @read("/healthz")
    async def healthz() -> Response[bytes]:
        return Response(b'{"status":"alive"}', media_type="application/json")

    @read("/readyz")
    async def readyz() -> Response[bytes]:
        state = await _readiness(db)
        body = b'{"status":"%s"}' % state.encode()
        is_ready = state == "ready"
        return Response(
            body,
            status_code=200 if is_ready else 503,
            headers={} if is_ready else RETRY_SOON,
            media_type="application/json",
        )

    @read("/images/{key:str}")
    async def image(key: str) -> Response[bytes] | Stream:
        return await _image(images, key)

    routes = [healthz, readyz, image]
    return routes if metrics_text is None else [*routes, _metrics_route(metrics_text)]


def _metrics_route(text: Text) -> HTTPRouteHandler:
    @read("/metrics")
    async def metrics() -> Response[bytes]:
        return Response(await text(), media_type=CONTENT_TYPE)

    return metrics


async def _readiness(db: Database) -> str:
    try:
        async with asyncio.timeout(_TIMEOUT_S), db.statement() as tx:
            if await is_read_only(tx):
                return "database is read-only"
            return "ready" if await is_current(tx) else "not migrated"
    except (DatabaseUnavailable, TimeoutError):
        return "database unreachable"


async def _image(images: ImageStore, key: str) -> Response[bytes] | Stream:
    try:
        size, blocks = await images.stream(key)
    except ImageMissing:
        body = b'{"error":"No such image"}'
        return Response(body, status_code=404, media_type="application/json")
    except StoreUnavailable:
        body = b'{"error":"The image store is unavailable"}'
        return Response(body, status_code=503, headers=RETRY_SOON, media_type="application/json")
    return Stream(
        blocks,
        media_type="image/png" if key.endswith(".png") else "image/jpeg",
        headers={
            # An image never changes under its key.
            "cache-control": "public, max-age=31536000, immutable",
            "content-length": str(size),
            "etag": f'"{key}"',
            "x-content-type-options": "nosniff",
        },
    )
