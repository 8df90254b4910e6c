"""Reading what a caller sent: bodies and query strings."""

from datetime import datetime
from typing import TypeVar

import msgspec
from multidict import MultiMapping

from saluhall.practice.tradera.clock import aware
from saluhall.practice.tradera.errors import Refused

T = TypeVar("T")
INT32 = range(-(2**31), 2**31)


def decode(body: bytes, shape: type[T]) -> T:
    """Read a JSON body. Raises Refused, saying where it is wrong."""
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused(f"The request body is not valid: {error}") from error


def int_of(text: str) -> int:
    """Read a whole number. Raises Refused."""
    try:
        return int(text)
    except ValueError:
        raise Refused(f"'{text}' is not a whole number") from None


def ints_of(query: MultiMapping[str], name: str) -> list[int]:
    """Read a parameter that may be given many times. Raises Refused."""
    return [int_of(text) for text in query.getall(name, [])]


def choice_of(query: MultiMapping[str], name: str, allowed: range | tuple[int, ...]) -> int:
    """Read a number out of a few; left out, the first. Raises Refused."""
    value = int_of(query.get(name, str(allowed[0])))
    if value not in allowed:
        raise Refused(f"'{value}' is not valid for {name}")
    return value


def instant_of(query: MultiMapping[str], name: str) -> datetime | None:
    """Read a date and time, in UTC unless it says otherwise. Raises Refused."""
    text = query.get(name)
    if not text:
        return None
    try:
        return aware(datetime.fromisoformat(text))
    except ValueError:
        raise Refused(f"'{text}' is not a valid date for {name}") from None
