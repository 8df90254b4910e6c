"""What a partner does with a delivery: check both signatures, and read the event. Pure functions."""

import base64
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

from saluhall.dialect import Received
from saluhall.dialects.rheo.webhooks import standard_key
from saluhall.dialects.rheo.wire import Envelope
from saluhall.kit.secrets import hmac_sha256

MAX_AGE_S: Final = 300  # of a timestamp, either way: what Standard Webhooks recommends


def received_from_delivery(
    secret: str, headers: Mapping[str, str], body: bytes, at: datetime
) -> Received:
    """Read a delivery and check its two signatures; header names are in lower case. Raises ValueError for a body that is no event."""
    envelope = msgspec.json.decode(body, type=Envelope)
    price = f"{envelope.data.salePrice} {envelope.data.currency}"
    return Received(
        event_id=envelope.eventId,
        event_type=envelope.eventType,
        sku=envelope.data.externalId,
        detail=price if envelope.data.salePrice else envelope.data.error or "",
        signatures={
            "X-Rheo-Signature": has_rheo_signature(secret, headers, body),
            "webhook-signature": has_standard_signature(secret, headers, body, at),
        },
    )


def has_rheo_signature(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Return whether the body is signed with the whole secret as key."""
    expected = f"sha256={hmac_sha256(secret.encode(), body).hex()}"
    return hmac.compare_digest(headers.get("x-rheo-signature", "").encode(), expected.encode())


def has_standard_signature(
    secret: str, headers: Mapping[str, str], body: bytes, at: datetime
) -> bool:
    """Return whether id, timestamp and body are signed, and the timestamp is no older or newer than MAX_AGE_S."""
    sent_s = headers.get("webhook-timestamp", "")
    if not sent_s.isdecimal() or abs(at.timestamp() - int(sent_s)) > MAX_AGE_S:
        return False
    message = b".".join((headers.get("webhook-id", "").encode(), sent_s.encode(), body))
    digest = base64.b64encode(hmac_sha256(standard_key(secret), message))
    given = headers.get("webhook-signature", "").split()
    return any(hmac.compare_digest(each.encode(), b"v1," + digest) for each in given)
