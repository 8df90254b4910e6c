"""What is kept of a request that its caller named, and what can be wrong with asking again."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct

MEMORY = timedelta(hours=24)
PATIENCE = timedelta(minutes=2)  # longer than any route waits for somebody else's server
MAX_KEY = 255


class RequestDiffers(Exception):
    """The key named another request before: another path, method or body."""


class RequestInFlight(Exception):
    """A request with this key is being answered at this moment."""


class AnswerUnreadable(Exception):
    """The request was answered before, and the key with which the answer was sealed has changed since."""


class Answer(Struct, frozen=True, kw_only=True):
    """What was answered: `body` is its text."""

    status: int
    headers: Mapping[str, str]
    body: str


class Kept(Struct, frozen=True, kw_only=True):
    """A request that was made before: the hash of what was asked, and the answer, sealed; None while it is not known."""

    asked: bytes
    answer: bytes | None
    answered_at: datetime


def is_key(text: str) -> bool:
    """Tell whether a text can name a request: 1 to 255 printable characters of ASCII."""
    return re.fullmatch(r"[ -~]+", text) is not None and len(text) <= MAX_KEY
