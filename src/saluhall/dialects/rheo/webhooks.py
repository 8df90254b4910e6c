"""What Rheo's webhooks say and how they are signed: pure functions."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import UNSET

from saluhall.dialects.rheo.event_words import SALES, VOCABULARY
from saluhall.dialects.rheo.translate import number_from_decimal
from saluhall.dialects.rheo.wire import Account, Envelope, EventData
from saluhall.domain.events.model import Event, text_from_event_id
from saluhall.kit.clock import iso_from_instant
from saluhall.kit.secrets import hmac_sha256

_SECRET_PREFIX = "whsec_"  # noqa: S105 - the public prefix of every secret
_EXTRAS: Mapping[str, str] = {
    "external_id": "traderaAdId",
    "url": "traderaAdUrl",
    "error": "error",
    "kind": "type",
    "images": "imagesProcessed",
    "order_id": "orderId",
    "test": "test",
}


def envelope_from_event(event: Event) -> bytes:
    """Write an event as the body of a delivery; the same event gives the same bytes."""
    envelope = Envelope(
        eventId=event_id(event),
        eventType=VOCABULARY.word_of(event.type),
        timestamp=iso_from_instant(event.at),
        data=_data_from_event(event),
    )
    return msgspec.json.encode(envelope)


def event_id(event: Event) -> str:
    """Spell an event's id, by which receivers recognise a repeated delivery."""
    return text_from_event_id(event.id)


def signed_headers(
    secrets: Sequence[str], event_id: str, sent_at: datetime, body: bytes
) -> dict[str, str]:
    """Sign a delivery twice: as Rheo does, with the newest secret, and as Standard Webhooks says, with each."""
    sent_s = str(int(sent_at.timestamp()))
    rheo = hmac_sha256(secrets[0].encode(), body).hex()
    message = b".".join((event_id.encode(), sent_s.encode(), body))
    standard = [
        base64.b64encode(hmac_sha256(standard_key(secret), message)).decode() for secret in secrets
    ]
    return {
        "Content-Type": "application/json",
        "X-Rheo-Signature": f"sha256={rheo}",
        "webhook-id": event_id,
        "webhook-timestamp": sent_s,
        "webhook-signature": " ".join(f"v1,{signature}" for signature in standard),
    }


def standard_key(secret: str) -> bytes:
    """Decode a secret as Standard Webhooks does; one that is no base64 is its own key."""
    try:
        return base64.b64decode(secret.removeprefix(_SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return secret.encode()


def _data_from_event(event: Event) -> EventData:
    given = event.data
    extras: dict[str, Any] = {
        theirs: given[ours] for ours, theirs in _EXTRAS.items() if given.get(ours) is not None
    }
    sold_for = given.get("sale_price") if event.type in SALES else None
    return EventData(
        externalId=event.sku,
        rheoItemId="" if event.product_id is None else str(event.product_id),
        platform=given.get("channel", "rheo"),
        salePrice=number_from_decimal(Decimal(sold_for or 0)),
        currency=given.get("currency", "SEK"),
        account=Account(str(event.account_id), given.get("member", UNSET)),
        **extras,
    )
