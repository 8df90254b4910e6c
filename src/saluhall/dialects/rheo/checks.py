"""The rules that types cannot say, each naming the field it is about."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import UNSET, Raw, UnsetType
from msgspec.inspect import AnyType

from saluhall.dialects.rheo.domains import domain_from_wire
from saluhall.dialects.rheo.wire import MAX_ID, MAX_IMAGES, Item, PriceChange
from saluhall.kit.field_errors import NUL, FieldError, field_errors_of
from saluhall.kit.http import NotAllowed, check_url
from saluhall.kit.texts import is_seen
from saluhall.kit.validation import ValidationFailed, plain_from_json

RESERVED_ID = "Must not be '.', '..' or 'batch': in an address these mean something else"
_RESERVED = frozenset({".", "..", "batch"})
_MAX_KEYS = 50
_MAX_VALUE_BYTES = 1024
_MAX_DEPTH = 20
_MAX_SHOWN = 255
_MIN_TITLE = 2
_IMAGE_FIELDS = ("imageUrls", "images", "image_urls")
# What nearly every image URL looks like; all others are left to `check_url`, which is slower.
_PLAIN_URL = re.compile(
    r"https://(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,5}[a-z]{2,24}/[A-Za-z0-9/._~=&?-]{0,1500}"
)
_plain_metadata: msgspec.json.Decoder[dict[str, str | int | bool | None]] = msgspec.json.Decoder(
    dict[str, str | int | bool | None]
)


def ignored_of_item(plain: Mapping[str, object]) -> frozenset[str]:
    """Name what does not count: a container has no price of its own."""
    return frozenset({"price"}) if plain.get("type") == "container" else frozenset()


class ItemCheck:
    """Find what is wrong with an item, and keep its domain, in its normal form, for the translation."""

    def __init__(self, external_id: str | None = None) -> None:
        """Check an item of this id; without one, of the id in its body, which a draft may lack."""
        self._external_id = external_id
        self.domain: dict[str, Any] | UnsetType | None = UNSET

    def __call__(self, item: Item) -> Iterator[FieldError]:
        """Find what is wrong with an item, or with a draft of one, beyond its types."""
        own: object = getattr(item, "externalId", None)
        external_id = self._external_id
        if external_id is None:
            external_id = own if isinstance(own, str) else "-"
        yield from problems_of_id(external_id)
        yield from _problems_of_title(item.title)
        if item.type != "container":
            yield from _problems_of_price(item.price)
        if item.parentExternalId == external_id:
            yield FieldError("parentExternalId", "Must name another item")
        if isinstance(item.shippingCost, int | float):
            yield from _problems_of_money("shippingCost", item.shippingCost)
        spellings = (item.imageUrls, item.images, item.image_urls)
        for field, urls in zip(_IMAGE_FIELDS, spellings, strict=True):
            yield from _problems_of_urls(field, (urls or [])[:MAX_IMAGES])
        yield from self._problems_of_domain(item.domain)
        if isinstance(item.metadata, Raw):
            yield from _problems_of_metadata(bytes(item.metadata))

    def _problems_of_domain(
        self, domain: dict[str, Any] | str | UnsetType | None
    ) -> Iterator[FieldError]:
        if not isinstance(domain, dict | str):
            self.domain = domain
            return
        try:
            self.domain = domain_from_wire(domain)
        except ValidationFailed as error:
            yield from error.problems


def _problems_of_title(title: object) -> Iterator[FieldError]:
    if isinstance(title, str) and len(title.strip()) < _MIN_TITLE:
        yield FieldError("title", "Must be at least 2 characters")
    elif isinstance(title, str) and not is_seen(title):
        yield FieldError("title", "Must have at least 1 visible character")


def problems_of_price_change(change: PriceChange, *, external_id: str) -> Iterator[FieldError]:
    """Find what is wrong with a price change, or with a draft of one, beyond its type."""
    yield from problems_of_id(external_id)
    yield from _problems_of_price(change.price)


def problems_of_id(external_id: str) -> Iterator[FieldError]:
    """Find what is wrong with the external id in a path."""
    if not external_id:
        yield FieldError("externalId", "Must be at least 1 character")
    elif len(external_id) > MAX_ID:
        yield FieldError("externalId", f"Must be at most {MAX_ID} characters")
    elif "\0" in external_id:
        yield FieldError("externalId", NUL)
    elif external_id in _RESERVED:
        yield FieldError("externalId", RESERVED_ID)
    elif not _is_encodable(external_id):
        yield FieldError("externalId", "Must be UTF-8")


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _problems_of_price(price: float | UnsetType) -> Iterator[FieldError]:
    if isinstance(price, UnsetType):
        yield FieldError("price", "Required")
    else:
        yield from _problems_of_money("price", price)


def _problems_of_money(field: str, amount: float) -> Iterator[FieldError]:
    if round(amount, 2) != amount:
        yield FieldError(field, "Must have at most 2 decimals")


def _problems_of_urls(field: str, urls: Iterable[str | UnsetType]) -> Iterator[FieldError]:
    for index, url in enumerate(urls):
        if isinstance(url, UnsetType) or _PLAIN_URL.fullmatch(url):
            continue
        try:
            check_url(url)
        except NotAllowed as error:
            yield FieldError(f"{field}.{index}", f"Must be an HTTPS URL ({error})")


def _problems_of_metadata(text: bytes) -> Iterator[FieldError]:
    """Hold metadata to an object of 50 keys, 1 KB for each value, 20 levels."""
    if _is_plain(text):
        return
    metadata = plain_from_json(text)
    if metadata is None:
        return
    if not isinstance(metadata, dict):
        yield FieldError("metadata", "Must be an object")
        return
    if len(metadata) > _MAX_KEYS:
        yield FieldError("metadata", f"Must contain at most {_MAX_KEYS} keys")
        return
    is_long, is_deep = (
        len(text) > _MAX_VALUE_BYTES,
        text.count(b"[") + text.count(b"{") > _MAX_DEPTH,
    )
    for key, value in metadata.items():
        path = f"metadata.{key[:_MAX_SHOWN]}"
        if is_long and _bytes_of(value) > _MAX_VALUE_BYTES:
            yield FieldError(path, f"Must be at most {_MAX_VALUE_BYTES} bytes as JSON")
        elif is_deep and _is_deeper(value, _MAX_DEPTH - 1):
            yield FieldError(path, f"Must be nested at most {_MAX_DEPTH} levels deep")
        else:
            yield from field_errors_of(AnyType(), value, path)


def _is_plain(text: bytes) -> bool:
    """Return whether metadata is what it nearly always is: few and short words and whole numbers, in which nothing can be wrong."""
    if len(text) > _MAX_VALUE_BYTES or b"\\u0000" in text:
        return False
    try:
        return len(_plain_metadata.decode(text)) <= _MAX_KEYS
    except msgspec.DecodeError:
        return False


def _bytes_of(value: object) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def _is_deeper(value: object, levels: int) -> bool:
    """Return whether a value holds objects or lists on more levels than these."""
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deeper(element, levels - 1) for element in inner)
