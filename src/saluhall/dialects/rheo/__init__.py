"""Rheo's partner API: items pushed one at a time with an API key, and signed webhooks."""

from saluhall.dialect import Dialect, Webhook
from saluhall.dialects.rheo import (
    business,
    categories,
    deliveries,
    endpoints,
    events,
    keys,
    limits,
    lists,
    partner,
    routes,
    sessions,
    sign_in,
    tracking,
)
from saluhall.dialects.rheo.auth import api_key, key_or_person, person
from saluhall.dialects.rheo.delivery_check import received_from_delivery
from saluhall.dialects.rheo.errors import render_error
from saluhall.dialects.rheo.event_words import VOCABULARY
from saluhall.dialects.rheo.webhooks import envelope_from_event, event_id, signed_headers
from saluhall.dialects.rheo.wire import Envelope, Error

_ROUTES = (
    *routes.ROUTES,
    *lists.ROUTES,
    *tracking.ROUTES,
    *sign_in.ROUTES,
    *sessions.ROUTES,
    *keys.ROUTES,
    *endpoints.ROUTES,
    *deliveries.ROUTES,
    *events.ROUTES,
    *partner.ROUTES,
    *business.ROUTES,
    *categories.ROUTES,
)
DIALECT = Dialect(
    name="rheo",
    package=__name__,
    prefixes=(
        "/integration/",
        "/auth/",
        "/partner/",
        "/business/",
        "/categories",
        "/vehicles/",
        "/p/",
        "/limits",
    ),
    routes=(*_ROUTES, *limits.routes_of(_ROUTES)),
    render_error=render_error,
    max_body_bytes=1024 * 1024,
    idempotent=True,
    security={"type": "apiKey", "in": "header", "name": "x-api-key"},
    error=Error,
    authentication_errors={
        api_key: (401, 403, 404),
        person: (401, 403),
        key_or_person: (401, 403, 404),
    },
    authentication_headers={
        api_key: {"X-Partner-Account": "the member for whom a reseller acts, by its external ID"}
    },
    schemes={person: {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
    webhook=Webhook(
        vocabulary=VOCABULARY,
        body=envelope_from_event,
        headers=lambda secrets, event, sent_at, body: signed_headers(
            secrets, event_id(event), sent_at, body
        ),
        read=received_from_delivery,
        shape=Envelope,
    ),
)
