"""A request that was made with an idempotency key, and what can be wrong with repeating it."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct

RETENTION = timedelta(hours=24)
IN_FLIGHT_TIMEOUT = timedelta(minutes=2)  # longer than any handler waits for an outbound request
MAX_KEY = 255


class RequestDiffers(Exception):
    """The key belongs to an earlier request with another path, method or body."""


class RequestInFlight(Exception):
    """A request with this key is being handled at this moment."""


class ResponseUnreadable(Exception):
    """The request was handled before, but its stored response was encrypted with a key that has changed since."""


class StoredResponse(Struct, frozen=True, kw_only=True):
    """The response of an earlier request; `body` is its text."""

    status: int
    headers: Mapping[str, str]
    body: str


class StoredRequest(Struct, frozen=True, kw_only=True):
    """An earlier request: the hash of its method, path and body, and the encrypted response; None while it is not known."""

    fingerprint: bytes
    response: bytes | None
    handled_at: datetime


def is_key(text: str) -> bool:
    """Return whether a text is an idempotency key: 1 to 255 printable ASCII characters."""
    return re.fullmatch(r"[ -~]+", text) is not None and len(text) <= MAX_KEY
