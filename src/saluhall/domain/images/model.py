"""The states and values of an image."""

from collections.abc import Mapping
from uuid import UUID

from msgspec import Struct

from saluhall.kit.claim import Claim


class DueImage(Struct, frozen=True, kw_only=True):
    """An image to fetch, from `host`: name and port as the URL spells them, in lower case."""

    account_id: UUID
    product_id: UUID
    sku: str
    source_url: str
    host: str
    attempts: int
    claim: Claim | None = None


class Rooms(Struct, frozen=True):
    """How many images may be fetched from a host at the same time: from each known host, and from any other."""

    of_host: Mapping[str, int]
    of_another: int


class Image(Struct, frozen=True, kw_only=True):
    """An image of a product: `state` is due, ready or refused; `reason` says why the last attempt failed."""

    source_url: str
    state: str
    stored_key: str | None
    media_type: str | None
    reason: str | None


class ShownImage(Struct, frozen=True, kw_only=True):
    """An image as the seller sees it: `state` is due, ready or refused; `reason` says why the last attempt failed."""

    source_url: str
    state: str
    stored_key: str | None
    reason: str | None


class Fetched(Struct, frozen=True, kw_only=True):
    """The result of fetching one image: stored, rejected for good (`reason`), or retried in `retry_in_s`."""

    image: DueImage
    stored_key: str | None = None
    media_type: str | None = None
    width: int | None = None
    height: int | None = None
    bytes: int | None = None
    reason: str | None = None
    retry_in_s: float | None = None
