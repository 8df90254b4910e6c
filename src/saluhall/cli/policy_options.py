"""The options of `policy set`, and the object that `policy show` prints: the same names."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Annotated, Any, Final, Literal

import msgspec
from cyclopts import Parameter

from saluhall.cli.failures import WrongUsage
from saluhall.cli.values import number_from_text
from saluhall.domain.offers.model import Policy

FormatName = Literal["auction", "fixed"]
# Where the value of each option is kept: the part of the policy ("" is the policy itself), and the field.
_FIELDS: Final[Mapping[str, tuple[str, str]]] = {
    "products": ("", "products"),
    "filter_catalogs": ("filter", "catalogs"),
    "filter_categories": ("filter", "categories"),
    "filter_tags": ("filter", "tags"),
    "filter_min_price": ("filter", "min_price"),
    "filter_max_price": ("filter", "max_price"),
    "filter_has_images": ("filter", "has_images"),
    "format": ("", "format"),
    "price_list": ("price", "price_list"),
    "price_percent": ("price", "percent"),
    "price_plus": ("price", "plus"),
    "price_round": ("price", "rounding"),
    "price_floor": ("price", "floor"),
    "exchange_rate": ("price", "exchange_rate"),
    "currency": ("price", "currency"),
    "quantity_buffer": ("quantity", "buffer"),
    "quantity_max": ("quantity", "maximum"),
    "quantity_percent": ("quantity", "percent"),
    "quantity_returns": ("quantity", "returns_cancelled"),
    "hold": ("", "hold"),
    "categories": ("", "categories"),
}
_NUMBERS = {
    "filter_min_price", "filter_max_price", "price_percent", "price_plus", "price_floor", "exchange_rate",
}  # fmt: skip


def _option(help: str) -> Parameter:  # noqa: A002 - as the library calls it
    return Parameter(help=help, negative="")


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class PolicyOptions:
    """What `policy set` changes; what is None stays."""

    products: Annotated[
        Literal["none", "all", "filter"] | None,
        _option("Which products are offered of their own accord."),
    ] = None
    filter_catalogs: Annotated[
        list[int] | None, _option("With --products filter: those in this catalog; repeat it.")
    ] = None
    filter_categories: Annotated[
        list[str] | None, _option("Those in this category of the seller; repeat it.")
    ] = None
    filter_tags: Annotated[list[str] | None, _option("Those with this tag; repeat it.")] = None
    filter_min_price: Annotated[str | None, _option("Those of at least this price.")] = None
    filter_max_price: Annotated[str | None, _option("Those of at most this price.")] = None
    filter_has_images: Annotated[
        bool | None, Parameter(help="Those with images, or any again.")
    ] = None
    format: Annotated[FormatName | None, _option("The format of offers that name none.")] = None
    price_list: Annotated[
        int | None, _option("The price list from which a price is made: 1 to 6.")
    ] = None
    price_percent: Annotated[
        str | None,
        Parameter(
            help="Percent that are added to it; less than 0 takes off.", allow_leading_hyphen=True
        ),
    ] = None
    price_plus: Annotated[
        str | None,
        Parameter(help="The amount that is added then.", allow_leading_hyphen=True),
    ] = None
    price_round: Annotated[
        Literal["none", "1", "5", "10", ".90", ".99"] | None, _option("How the result is rounded.")
    ] = None
    price_floor: Annotated[str | None, _option("The lowest price.")] = None
    exchange_rate: Annotated[
        str | None, _option("By what a price is multiplied; give --currency as well.")
    ] = None
    currency: Annotated[str | None, _option("The currency of the result, such as SEK.")] = None
    quantity_buffer: Annotated[int | None, _option("How many units are kept back.")] = None
    quantity_max: Annotated[int | None, _option("How many units are shown at most.")] = None
    quantity_percent: Annotated[int | None, _option("How many percent of the units are shown.")] = (
        None
    )
    quantity_returns: Annotated[
        bool | None,
        Parameter(help="Units of a cancelled order return to stock, or wait for a person."),
    ] = None
    hold: Annotated[
        Literal["first_bid", "start"] | None, _option("From when on an auction holds its unit.")
    ] = None
    categories: Annotated[
        list[str] | None,
        _option("CATEGORY=ID: the channel's category for one of the seller's; repeat it."),
    ] = None


def policy_with(policy: Policy, options: PolicyOptions | None, reset: Sequence[str]) -> Policy:
    """Return the policy with what the options name; `reset` names those that get their defaults back. Raises WrongUsage."""
    shown = {**policy_object(policy), **_defaults(reset)}
    given = {} if options is None else asdict(options)
    shown |= {name: _read(name, value) for name, value in given.items() if value is not None}
    parts: dict[str, dict[str, Any]] = {"": {}, "filter": {}, "price": {}, "quantity": {}}
    for name, (part, field) in _FIELDS.items():
        parts[part][field] = shown[name]
    whole = {**parts.pop(""), **parts}
    return msgspec.convert(msgspec.to_builtins(whole), Policy, strict=False)


def policy_object(policy: Policy) -> dict[str, Any]:
    """Return a policy under the names of the options."""
    return {
        name: getattr(getattr(policy, part) if part else policy, field)
        for name, (part, field) in _FIELDS.items()
    }


def _defaults(reset: Sequence[str]) -> dict[str, Any]:
    known = policy_object(Policy())
    names = [name.removeprefix("--").replace("-", "_") for name in reset]
    for name in names:
        if name not in known:
            options = ", ".join(field.name.replace("_", "-") for field in fields(PolicyOptions))
            raise WrongUsage(f"--reset takes the name of an option, not {name!r}: {options}")
    return {name: known[name] for name in names}


def _read(name: str, value: Any) -> Any:  # noqa: ANN401 - what an option holds
    option = "--" + name.replace("_", "-")
    if name in _NUMBERS:
        return number_from_text(option, value)
    if name != "categories":
        return value
    pairs = [pair.partition("=") for pair in value]
    for category, equals, channel_category in pairs:
        if not (category and equals and channel_category):
            raise WrongUsage(f"{option} takes CATEGORY=ID, not {category + equals!r}")
    return {category: channel_category for category, _, channel_category in pairs}
