"""Cursors of item lists: opaque to the client, a place and a question to us."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from saluhall.domain.listings.page_model import Filter, Position

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_FIRST_US: Final = -62_135_596_800_000_000  # what a date can be, in microseconds
_LAST_US: Final = 253_402_300_799_999_999
_DIGEST_BYTES: Final = 6


class BadCursor(Exception):
    """The cursor is none of ours, or was given with other filters."""


class Cursor(Struct, frozen=True, array_like=True):
    """Where to continue, how many items were counted when the list began, and a digest of what was asked for."""

    at_us: Annotated[int, Meta(ge=_FIRST_US, le=_LAST_US)]
    id: UUID
    total: Annotated[int, Meta(ge=0)]
    digest: str

    @property
    def position(self) -> Position:
        """Return the place."""
        return Position(_EPOCH + self.at_us * _MICROSECOND, self.id)


def text_from_position(position: Position, *, total: int, wanted: Filter) -> str:
    """Write a cursor."""
    at_us = (position.at - _EPOCH) // _MICROSECOND
    cursor = Cursor(at_us, position.id, total, _digest(wanted))
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(cursor)).decode().rstrip("=")


def cursor_from_text(text: str, *, wanted: Filter) -> Cursor:
    """Read a cursor back. Raises BadCursor."""
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        cursor = msgspec.msgpack.decode(packed, type=Cursor)
    except (ValueError, msgspec.MsgspecError) as error:
        raise BadCursor from error
    if cursor.digest != _digest(wanted):
        raise BadCursor
    return cursor


def _digest(wanted: Filter) -> str:
    return hashlib.sha256(msgspec.json.encode(wanted)).hexdigest()[: 2 * _DIGEST_BYTES]
