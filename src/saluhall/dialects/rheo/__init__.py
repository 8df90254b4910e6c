"""Rheo's partner API: items pushed one at a time with an API key, and signed webhooks."""

from saluhall.dialect import Dialect, Webhook
from saluhall.dialects.rheo.errors import say
from saluhall.dialects.rheo.routes import ROUTES
from saluhall.dialects.rheo.webhooks import envelope_from_event, event_id, signed_headers

DIALECT = Dialect(
    name="rheo",
    prefixes=("/integration/",),
    routes=ROUTES,
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
