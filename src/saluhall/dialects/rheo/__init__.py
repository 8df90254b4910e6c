"""Rheo's partner API: items pushed one at a time with an API key, and signed webhooks."""

from saluhall.dialect import Dialect, Webhook
from saluhall.dialects.rheo import (
    business,
    categories,
    endpoints,
    keys,
    lists,
    partner,
    routes,
    sign_in,
    tracking,
)
from saluhall.dialects.rheo.errors import say
from saluhall.dialects.rheo.webhooks import envelope_from_event, event_id, signed_headers

DIALECT = Dialect(
    name="rheo",
    prefixes=(
        "/integration/",
        "/auth/",
        "/partner/",
        "/business/",
        "/categories",
        "/vehicles/",
        "/p/",
    ),
    routes=(
        *routes.ROUTES,
        *lists.ROUTES,
        *tracking.ROUTES,
        *sign_in.ROUTES,
        *keys.ROUTES,
        *endpoints.ROUTES,
        *partner.ROUTES,
        *business.ROUTES,
        *categories.ROUTES,
    ),
    say=say,
    max_body_bytes=1024 * 1024,
    security={"type": "apiKey", "in": "header", "name": "x-api-key"},
    webhook=Webhook(
        body=envelope_from_event,
        headers=lambda secret, event, sent_at, body: signed_headers(
            secret, event_id(event), sent_at, body
        ),
    ),
)
