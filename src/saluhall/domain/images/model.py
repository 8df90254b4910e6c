"""The facts of a picture."""

from collections.abc import Mapping
from uuid import UUID

from msgspec import Struct

from saluhall.kit.claim import Claim


class DueImage(Struct, frozen=True, kw_only=True):
    """A picture to fetch, from `host`: name and port as the URL spells them, in lower case."""

    account_id: UUID
    product_id: UUID
    sku: str
    source_url: str
    host: str
    attempts: int
    claim: Claim | None = None


class Rooms(Struct, frozen=True):
    """How many pictures may be fetched at once from a host: from those that are known, and from any other."""

    of_host: Mapping[str, int]
    of_another: int


class Image(Struct, frozen=True, kw_only=True):
    """A picture of a product: `state` is due, ready or refused; `reason` tells why the last try failed."""

    source_url: str
    state: str
    stored_key: str | None
    media_type: str | None
    reason: str | None


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
