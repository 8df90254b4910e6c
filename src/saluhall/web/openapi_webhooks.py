"""The webhooks of the OpenAPI document: every type of event, with the signed body that a receiver gets."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from saluhall.dialect import Dialect
from saluhall.domain.history.model import DELIVERED, Event, EventType
from saluhall.web.openapi_schemas import Schemas
from saluhall.web.openapi_texts import Texts

_AT: Final = datetime(2026, 5, 26, 9, 14, 3, tzinfo=UTC)
_ID: Final = UUID("01a21a49-8931-8ee7-9e76-147a8e29af7e")
_ACCOUNT: Final = UUID("01a21a49-79fd-8f97-72fa-a278948ee8f2")
_SECRETS: Final = ("whsec_aBcDeFgHiJkLmNoPqRsTuVwXyZ1234567890abcdefg=",)
_LISTING: Final = {"channel": "tradera", "currency": "SEK", "external_id": "620899097"}
_DATA: Final[Mapping[EventType, Mapping[str, Any]]] = {
    EventType.ITEM_CREATED: {"kind": "item"},
    EventType.IMAGES_READY: {"images": 2},
    EventType.ITEM_SOLD: {**_LISTING, "sale_price": "1400", "order_id": "118"},
    EventType.LISTING_CREATED: {**_LISTING, "url": "https://www.tradera.com/item/620899097"},
    EventType.LISTING_ENDED: _LISTING,
    EventType.LISTING_FAILED: {**_LISTING, "error": "The auction has bids and cannot be ended"},
}
_HEADERS: Final[Mapping[str, str]] = {
    "webhook-id": "The id of the event: the same in every attempt, so that a receiver knows a duplicate.",
    "webhook-timestamp": "When this attempt was sent, in seconds since 1970.",
    "webhook-signature": "Signatures of id, timestamp and body (Standard Webhooks), separated by blanks.",
    "X-Rheo-Signature": "The signature of the body with the whole secret as key: sha256= and hexadecimal digits.",
}


def webhooks_of(dialect: Dialect, schemas: Schemas, texts: Texts) -> dict[str, Any]:
    """Describe what a dialect posts to endpoints, by the type of event."""
    if dialect.webhook is None:
        return {}
    return {
        event_type.value: {"post": _operation(dialect, event_type, schemas, texts)}
        for event_type in sorted(DELIVERED)
    }


def _operation(
    dialect: Dialect, event_type: EventType, schemas: Schemas, texts: Texts
) -> dict[str, Any]:
    assert dialect.webhook is not None  # noqa: S101 - the caller looked
    event = Event(
        id=_ID,
        account_id=_ACCOUNT,
        type=event_type,
        at=_AT,
        product_id=_ID,
        sku="LAMP-1",
        data=_DATA[event_type],
    )
    body = dialect.webhook.body(event)
    signed = dialect.webhook.headers(_SECRETS, event, _AT, body)
    content = {
        "schema": schemas.of(dialect, dialect.webhook.shape),
        "example": msgspec.json.decode(body),
    }
    return {
        "operationId": f"{dialect.name}_on_{event_type.value.replace('.', '_')}",
        "tags": [dialect.name],
        "summary": f"Receive {event_type.value}",
        "description": texts.webhooks.get(event_type.value, ""),
        "parameters": [
            {
                "name": name,
                "in": "header",
                "required": True,
                "description": sentence,
                "schema": {"type": "string"},
                "example": signed[name],
            }
            for name, sentence in _HEADERS.items()
        ],
        "requestBody": {"required": True, "content": {"application/json": content}},
        "responses": {
            "2XX": {"description": "Taken: the event is not sent again"},
            "default": {"description": "Not taken: the event is sent again later"},
        },
    }
