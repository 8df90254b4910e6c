"""What operators and connections may set, and what Tradera does not document: one named value each."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, Self

import msgspec
from msgspec import Meta, Struct

from saluhall.kit.environment import (
    BadSetting,
    BadSettings,
    Setting,
    Table,
    Wrong,
    read_table,
)
from saluhall.kit.values import header_text, number, one_of, shown, web_address

Language = Literal["en", "sv"]

URL = "https://api.tradera.com"
ITEM_PAGE = "https://www.tradera.com/item"
PRACTICE_PATH = "/item"
_REAL_HOSTS = ("https://api.tradera.com", "http://api.tradera.com")
NO_KEY = "not-configured"  # a practice marketplace takes any pair; the real one answers 401

# Tradera's own clients say 0, 1, 2 for JPEG, GIF, PNG; its WSDL suggests GIF first. Theirs wins.
IMAGE_FORMATS = {"image/jpeg": 0, "image/gif": 1, "image/png": 2}
MAX_IMAGES = 12
RESULTS_PER_CALL = 50
SHOP_BATCH = 500
CURRENCY = "SEK"
MAX_KRONOR = 2**31 - 1
MAX_QUANTITY = 2**31 - 1
MAX_IMAGE_BYTES = 4_000_000  # "4MB": the smaller reading is safe under both
_MAX_ID = 2**31 - 1
MEGA_IMAGES = True  # ask for an extra-large version of each image

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
        """Read the settings from the environment. Raises BadSettings."""
        values, errors = read_table(env, SETTINGS)
        has_id, has_key = values["app_id"] > 0, values["app_key"] != NO_KEY
        if not errors and has_id != has_key:
            problem = "one is set without the other"
            names = "SALUHALL_TRADERA_APP_ID and SALUHALL_TRADERA_APP_KEY"
            errors.append(BadSetting(names, problem, "give both, as Tradera gave them, or neither"))
        if errors:
            raise BadSettings(errors)
        return cls(**values)

    @property
    def item_page(self) -> str:
        """Return where people see items: at a practice server when the calls go to one."""
        return f"{self.url}{PRACTICE_PATH}" if self.is_practice else ITEM_PAGE

    @property
    def is_practice(self) -> bool:
        """Return whether the calls go to a practice server."""
        return not self.url.startswith(_REAL_HOSTS)

    @property
    def has_keys(self) -> bool:
        """Return whether an application id and key were set."""
        return self.app_id > 0 and self.app_key != NO_KEY

    def for_connection(self, options: Mapping[str, Any]) -> Self:
        """Put a connection's own options over the operator's settings. Raises BadSetting."""
        try:
            own = msgspec.convert(dict(options), Options)
        except msgspec.ValidationError as error:
            raise BadSetting(
                "the options of the Tradera connection",
                str(error),
                "see the table of options in the guide to Tradera",
            ) from error
        return msgspec.structs.replace(
            self,
            categories=self.categories | own.categories,
            language=own.language or self.language,
            duration_days=own.duration_days or self.duration_days,
        )


def _numbers(text: str) -> tuple[int, ...]:
    read = number(1, _MAX_ID)
    return tuple(read(part.strip()) for part in text.split(",") if part.strip())


def _categories(text: str) -> dict[str, int]:
    found = {}
    for part in filter(None, map(str.strip, text.split(","))):
        slug, equals, category = part.partition("=")
        if not (slug.strip() and equals and category.strip().isdecimal()):
            remedy = "write pairs with commas between, such as auto_parts=8290,watches=531"
            raise Wrong(f"{shown(part)} is not a pair of a category and a number", remedy)
        found[slug.strip()] = number(1, _MAX_ID)(category.strip())
    return found


def _setting(name: str, read: Callable[[str], Any], default: object, meaning: str) -> Setting[Any]:
    return Setting(f"SALUHALL_TRADERA_{name}", read, default, meaning)


_ID = number(1, _MAX_ID)
SETTINGS: Table = {
    "url": _setting("URL", web_address(example=URL, query=False), URL, "Where Tradera's API is."),
    "app_id": _setting("APP_ID", number(0, _MAX_ID), 0, "The application's number."),
    "app_key": _setting("APP_KEY", header_text, NO_KEY, "The application's key."),
    "public_key": _setting("PUBLIC_KEY", header_text, None, "For the address of the login page."),
    "calls_per_day": _setting(
        "CALLS_PER_DAY", number(1, 100_000_000), 100, "Calls in any 24 hours."
    ),
    "timeout_s": _setting("TIMEOUT_S", number(1, 20), 20, "The time limit of a call."),
    "language": _setting("LANGUAGE", one_of("en", "sv"), "en", "The language of the footer."),
    "duration_days": _setting("DURATION_DAYS", number(1, 14), 7, "How long an auction runs."),
    "restarts": _setting("RESTARTS", number(0, 2), 0, "How often Tradera relists."),
    "accepted_bidder_id": _setting("ACCEPTED_BIDDER_ID", _ID, 1, "Who may bid."),
    "vat": _setting("VAT", number(0, 100), None, "VAT in percent."),
    "payment_option_ids": _setting("PAYMENT_OPTION_IDS", _numbers, (), "Ways to pay."),
    "shipping_option_id": _setting("SHIPPING_OPTION_ID", _ID, 1, "Tradera's id of shipping."),
    "pickup_option_id": _setting("PICKUP_OPTION_ID", _ID, 8, "Tradera's id of pickup."),
    "shipping_provider_id": _setting("SHIPPING_PROVIDER_ID", _ID, None, "A carrier."),
    "shipping_product_id": _setting("SHIPPING_PRODUCT_ID", _ID, None, "The carrier's product."),
    "categories": _setting("CATEGORIES", _categories, {}, "Categories, over the built-in table."),
}
