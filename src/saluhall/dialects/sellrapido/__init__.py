"""Sellrapido's partner API: signing in for tokens, products and orders in bulk, and the older generation with its key in the URL."""

from saluhall.dialect import Dialect
from saluhall.dialects.sellrapido.auth import bearer, key_or_bearer, legacy_key
from saluhall.dialects.sellrapido.errors import render_error, stamp
from saluhall.dialects.sellrapido.routes import ROUTES
from saluhall.dialects.sellrapido.wire import Error

DIALECT = Dialect(
    name="sellrapido",
    package=__name__,
    prefixes=("/sr_company_ws/",),
    routes=ROUTES,
    render_error=render_error,
    stamp=stamp,
    max_body_bytes=32 * 1024 * 1024,
    error=Error,
    authentication_errors={
        bearer: (401, 403),
        legacy_key: (401, 403, 410),
        key_or_bearer: (401, 403, 410),
    },
    security={"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    content_type="application/json;charset=UTF-8",
)
