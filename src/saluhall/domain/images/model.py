"""The facts of a picture."""

from uuid import UUID

from msgspec import Struct


class DueImage(Struct, frozen=True, kw_only=True):
    """A picture to fetch."""

    account_id: UUID
    product_id: UUID
    sku: str
    source_url: str
    attempts: int


class ReadyImage(Struct, frozen=True, kw_only=True):
    """A hosted picture, in the order the seller gave."""

    source_url: str
    stored_key: str
    media_type: str


class ShownImage(Struct, frozen=True, kw_only=True):
    """A picture as its seller sees it: `state` is due, ready or refused; `reason` tells why the last try failed."""

    source_url: str
    state: str
    stored_key: str | None
    reason: str | None


class Fetched(Struct, frozen=True, kw_only=True):
    """What became of fetching one picture: stored, refused for good (`reason`), or to be tried again in `retry_in_s`."""

    image: DueImage
    stored_key: str | None = None
    media_type: str | None = None
    width: int | None = None
    height: int | None = None
    bytes: int | None = None
    reason: str | None = None
    retry_in_s: float | None = None


class ImageCounts(Struct, frozen=True, kw_only=True):
    """How many of a product's pictures are still due, how many were refused, and why one of them was."""

    due: int
    refused: int
    reason: str | None
