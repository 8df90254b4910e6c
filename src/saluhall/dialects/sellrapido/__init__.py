"""Sellrapido's partner API: signing in for tokens, products and orders in bulk, and the older generation with its key in the URL."""

from saluhall.dialect import Dialect
from saluhall.dialects.sellrapido.errors import say, stamp
from saluhall.dialects.sellrapido.routes import ROUTES

DIALECT = Dialect(
    name="sellrapido",
    prefixes=("/sr_company_ws/",),
    routes=ROUTES,
    say=say,
    stamp=stamp,
    max_body_bytes=32 * 1024 * 1024,
    security={"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    content_type="application/json;charset=UTF-8",
)
