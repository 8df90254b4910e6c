"""What operators and connections may set, and what Tradera leaves open: one named value each."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, Self

import msgspec
from msgspec import Meta, Struct

from saluhall.kit.environment import BadSetting, read_number, read_text

Language = Literal["en", "sv"]

URL = "https://api.tradera.com"
ITEM_PAGE = "https://www.tradera.com/item"
NO_KEY = "not-configured"  # a practice marketplace takes any pair; the real one answers 401

# Tradera's own clients say 0, 1, 2 for JPEG, GIF, PNG; its WSDL suggests GIF first. Theirs wins.
IMAGE_FORMATS = {"image/jpeg": 0, "image/gif": 1, "image/png": 2}
MAX_IMAGES = 12
MAX_IMAGE_BYTES = 4_000_000  # "4MB": the smaller reading is safe under both
MEGA_PICTURES = True  # ask for an extra-large version of each picture

Days = Annotated[int, Meta(ge=1, le=14)]
CategoryId = Annotated[int, Meta(ge=1)]


class Options(Struct, frozen=True, kw_only=True):
    """What one connection may set for itself; other keys are ignored."""

    categories: dict[str, CategoryId] = {}
    language: Language | None = None
    duration_days: Days | None = None


class Settings(Struct, frozen=True, kw_only=True):
    """The settings of this channel."""

    url: str = URL
    app_id: int = 0
    app_key: str = NO_KEY
    public_key: str | None = None
    calls_per_day: Annotated[int, Meta(ge=1)] = 100
    timeout_s: Annotated[int, Meta(ge=1, le=20)] = 20
    language: Language = "en"
    duration_days: Days = 7
    restarts: Annotated[int, Meta(ge=0, le=2)] = 0
    accepted_bidder_id: int = 1
    vat: int | None = None
    payment_option_ids: tuple[int, ...] = ()
    shipping_option_id: int = 1
    pickup_option_id: int = 8
    shipping_provider_id: int | None = None
    shipping_product_id: int | None = None
    categories: dict[str, CategoryId] = {}

    @classmethod
    def read(cls, env: Mapping[str, str]) -> Self:
        """Read the settings from the environment. Raises BadSetting."""
        given: dict[str, Any] = {}
        for field, read in READERS.items():
            value = read(env, f"SALUHALL_TRADERA_{field.upper()}")
            if value is not None:
                given[field] = value
        try:
            return msgspec.convert(given, cls)
        except msgspec.ValidationError as error:
            raise BadSetting(f"SALUHALL_TRADERA_*: {error}") from error

    @property
    def has_keys(self) -> bool:
        """Tell whether an application id and key were set."""
        return self.app_id > 0 and self.app_key != NO_KEY

    def for_connection(self, options: Mapping[str, Any]) -> Self:
        """Put a connection's own options over the operator's settings. Raises BadSetting."""
        try:
            own = msgspec.convert(dict(options), Options)
        except msgspec.ValidationError as error:
            raise BadSetting(f"the options of the Tradera connection: {error}") from error
        return msgspec.structs.replace(
            self,
            categories=self.categories | own.categories,
            language=own.language or self.language,
            duration_days=own.duration_days or self.duration_days,
        )


def _url(env: Mapping[str, str], name: str) -> str | None:
    text = read_text(env, name)
    return None if text is None else text.rstrip("/")


def _number(env: Mapping[str, str], name: str) -> int | None:
    return None if read_text(env, name) is None else read_number(env, name, default=0)


def _numbers(env: Mapping[str, str], name: str) -> tuple[int, ...] | None:
    text = read_text(env, name)
    if text is None:
        return None
    try:
        return tuple(int(part) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise BadSetting(f"{name}: must be numbers with commas between, not {text!r}") from error


def _categories(env: Mapping[str, str], name: str) -> dict[str, int] | None:
    text = read_text(env, name)
    if text is None:
        return None
    pairs = (part.partition("=") for part in text.split(",") if part.strip())
    try:
        return {slug.strip(): int(number) for slug, _, number in pairs}
    except ValueError as error:
        raise BadSetting(f"{name}: must be slug=id,slug=id, not {text!r}") from error


READERS: dict[str, Callable[[Mapping[str, str], str], Any]] = {
    "url": _url,
    "app_id": _number,
    "app_key": read_text,
    "public_key": read_text,
    "calls_per_day": _number,
    "timeout_s": _number,
    "language": read_text,
    "duration_days": _number,
    "restarts": _number,
    "accepted_bidder_id": _number,
    "vat": _number,
    "payment_option_ids": _numbers,
    "shipping_option_id": _number,
    "pickup_option_id": _number,
    "shipping_provider_id": _number,
    "shipping_product_id": _number,
    "categories": _categories,
}
