"""The webhooks of the OpenAPI document: every type of event, with the signed body that a receiver gets."""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from saluhall.dialect import Dialect
from saluhall.domain.events.model import Event, EventType
from saluhall.web.openapi_schemas import Schemas
from saluhall.web.openapi_texts import Texts

_AT: Final = datetime(2026, 5, 26, 9, 14, 3, tzinfo=UTC)
_ID: Final = UUID("01a21a49-8931-8ee7-9e76-147a8e29af7e")
_ACCOUNT: Final = UUID("01a21a49-79fd-8f97-72fa-a278948ee8f2")
_SECRETS: Final = ("whsec_aBcDeFgHiJkLmNoPqRsTuVwXyZ1234567890abcdefg=",)


def webhooks_of(dialect: Dialect, schemas: Schemas, texts: Texts) -> dict[str, Any]:
    """Describe what a dialect posts to endpoints, by the type of event."""
    if dialect.webhook is None:
        return {}
    types: dict[str, EventType] = {}
    for event_type, word in dialect.webhook.vocabulary.words.items():
        types.setdefault(word, event_type)
    return {
        word: {"post": _operation(dialect, word, types[word], schemas, texts)}
        for word in sorted(types)
    }


def _operation(
    dialect: Dialect, word: str, event_type: EventType, schemas: Schemas, texts: Texts
) -> dict[str, Any]:
    assert dialect.webhook is not None  # noqa: S101 - the caller looked
    event = Event(
        id=_ID,
        account_id=_ACCOUNT,
        type=event_type,
        at=_AT,
        product_id=_ID,
        sku="LAMP-1",
        data=texts.webhook_data[word],
    )
    body = dialect.webhook.body(event)
    signed = dialect.webhook.headers(_SECRETS, event, _AT, body)
    content = {
        "schema": schemas.of(dialect, dialect.webhook.shape),
        "example": msgspec.json.decode(body),
    }
    return {
        "operationId": f"{dialect.name}_on_{word.replace('.', '_')}",
        "tags": [dialect.name],
        "summary": f"Receive {word}",
        "description": texts.webhooks.get(word, ""),
        "parameters": [
            {
                "name": name,
                "in": "header",
                "required": True,
                "description": sentence,
                "schema": {"type": "string"},
                "example": signed[name],
            }
            for name, sentence in texts.webhook_headers.items()
        ],
        "requestBody": {"required": True, "content": {"application/json": content}},
        "responses": {
            "2XX": {"description": "Taken: the event is not sent again"},
            "default": {"description": "Not taken: the event is sent again later"},
        },
    }
