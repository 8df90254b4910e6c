"""The claim on a row; who may act on it is decided by `storage/claims.py`."""

from uuid import UUID

from msgspec import Struct


class Claim(Struct, frozen=True):
    """Who holds a row, by which of all the claims on it."""

    worker: UUID
    number: int
