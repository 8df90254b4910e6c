"""Whether a channel can show an offer at all, by its capabilities, and whether a policy makes sense there. Pure."""

from decimal import Decimal

from saluhall.capabilities import Capabilities, Format
from saluhall.domain.offers.model import Policy


def unsupported(
    *,
    label: str,
    capabilities: Capabilities,
    format: Format,  # noqa: A002 - the word of the field
    price: Decimal,
    currency: str,
    quantity: int,
) -> str | None:
    """Return why a channel cannot show an offer like this, as a sentence for the seller; None when it can."""
    rules = capabilities.formats.get(format)
    if rules is None:
        known = " or ".join(capabilities.formats)
        return f"{label} has no format {format}; it has {known}"
    if currency not in capabilities.currencies:
        known = ", ".join(sorted(capabilities.currencies))
        return f"{label} sells in {known} only; the price is in {currency}"
    if quantity > rules.max_quantity:
        return (
            f"{label} shows at most {rules.max_quantity} units of a listing; {quantity} are offered"
        )
    return _wrong_price(label, capabilities, price, currency)


def _wrong_price(
    label: str, capabilities: Capabilities, price: Decimal, currency: str
) -> str | None:
    step = capabilities.price_step
    if price % step:
        steps = f"whole {currency} only" if step == 1 else f"multiples of {step} {currency} only"
        return f"{label} takes {steps}; the price is {price:.2f} {currency}"
    if not capabilities.min_price <= price <= capabilities.max_price:
        return (
            f"{label} takes {capabilities.min_price} to {capabilities.max_price} {currency};"
            f" the price is {price:.2f} {currency}"
        )
    return None


MAX_PRICE_LIST = 6
_MAX_UNITS = 1_000_000
_MAX_PERCENT = 100


def wrong_policy(policy: Policy, channel: str, capabilities: Capabilities | None) -> str | None:
    """Return what is wrong with a policy for a connection of a channel, as a sentence; None when nothing is."""
    checks = (
        (_can_show(policy, capabilities), f"{channel} has no format {policy.format}"),
        (_takes(policy, capabilities), f"{channel} does not sell in {policy.price.currency}"),
        *_of_price(policy),
        *_of_quantity(policy),
    )
    return next((sentence for is_right, sentence in checks if not is_right), None)


def _can_show(policy: Policy, capabilities: Capabilities | None) -> bool:
    return policy.format is None or capabilities is None or policy.format in capabilities.formats


def _takes(policy: Policy, capabilities: Capabilities | None) -> bool:
    currency = policy.price.currency
    return currency is None or capabilities is None or currency in capabilities.currencies


def _of_price(policy: Policy) -> tuple[tuple[bool, str], ...]:
    rule, chosen = policy.price, policy.filter
    rate, low, high = rule.exchange_rate, chosen.min_price or 0, chosen.max_price
    return (
        (1 <= rule.price_list <= MAX_PRICE_LIST, f"price lists are 1 to {MAX_PRICE_LIST}"),
        (rule.percent > -_MAX_PERCENT, "a price can be lowered by less than 100 percent only"),
        (rule.floor is None or rule.floor >= 0, "the lowest price is 0 or more"),
        (rate is None or rate > 0, "an exchange rate is more than 0"),
        (rate is None or rule.currency is not None, "an exchange rate needs the currency it leads to"),
        (low >= 0 and (high is None or high >= low), "the highest price of the filter is below its lowest"),
    )  # fmt: skip


def _of_quantity(policy: Policy) -> tuple[tuple[bool, str], ...]:
    rule = policy.quantity
    return (
        (0 <= rule.buffer <= _MAX_UNITS, f"0 to {_MAX_UNITS} units can be kept back"),
        (rule.maximum is None or 1 <= rule.maximum <= _MAX_UNITS, f"1 to {_MAX_UNITS} units can be shown at most"),
        (1 <= rule.percent <= _MAX_PERCENT, "1 to 100 percent of the units can be shown"),
    )  # fmt: skip
