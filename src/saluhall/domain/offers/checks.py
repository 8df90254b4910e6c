"""Whether a channel can show an offer at all, by its capabilities. Pure."""

from decimal import Decimal

from saluhall.capabilities import Capabilities, Format


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
