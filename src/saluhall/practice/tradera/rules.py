"""Choices where nobody outside knows what the real marketplace does, or where tests want both."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

NotNegative = Annotated[float, Meta(ge=0)]


class Rules(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How this marketplace behaves; README.md says what each choice means."""

    settle_s: NotNegative = 0
    settle_polls: Annotated[int, Meta(ge=0)] = 1
    end_refusal: Literal["error", "false"] = "error"
    category_words: Literal["categoryId", "id"] = "categoryId"
    shop_quantity: Literal["absolute", "delta"] = "absolute"
    max_restarts: Annotated[int, Meta(ge=0)] = 2


class AppSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the owner of an application registers with the marketplace."""

    acceptUrl: str = ""  # noqa: N815 - their word
    rejectUrl: str = ""  # noqa: N815 - their word
    displayToken: bool = False  # noqa: N815 - their word
