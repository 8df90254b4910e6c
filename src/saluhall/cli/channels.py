"""Write docs/channels.md from the cards: python -m saluhall.cli.channels > docs/channels.md."""

import sys
from collections.abc import Iterable, Mapping

from saluhall.capabilities import Capabilities, CreatesOnce, FormatRules
from saluhall.channel import ChannelCard
from saluhall.plugins import load_channels

_MB = 1_000_000
_CREATES = {
    CreatesOnce.OUR_KEY: "finds the first by our key",
    CreatesOnce.UNIQUE_SKU: "is refused for its SKU",
    CreatesOnce.LOOKUP: "is kept from happening: our key is looked for first",
}
_HEAD = """\
# Channels

Where the hub sells. This page is made from the channels' cards by `make docs`; do not edit it. What a channel does in
detail is in its own README.

| | {names} |
|---|{lines}|
"""


def page_of_channels(cards: Mapping[str, ChannelCard]) -> str:
    """Write the page: one column for each channel."""
    ordered = [cards[name] for name in sorted(cards)]
    names = " | ".join(
        f"[{card.label}](../src/saluhall/channels/{card.name}/README.md)" for card in ordered
    )
    head = _HEAD.format(names=names, lines="|".join("---" for _ in ordered))
    rows = zip(*map(_facts, ordered), strict=True)
    return head + "".join(_row(row[0][0], [value for _, value in row]) for row in rows)


def _facts(card: ChannelCard) -> list[tuple[str, str]]:
    can = card.capabilities
    return [
        ("Connected by", f"`saluhall connection add {card.name}`"),
        ("Ways to log in", _list(can.logins)),
        *_selling(can),
        ("Images of one listing", f"at most {can.max_images}, {can.image_transfer}"),
        ("Size of an image", f"at most {can.max_image_bytes / _MB:g} MB"),
        ("Image types", ", ".join(f"`{kind}`" for kind in sorted(can.image_types))),
        ("Title, description", f"{can.max_title} and {can.max_description} characters"),
        ("Notified of an order", _list(can.order_notices)),
        ("Notifying twice", "harmless" if can.repeats_notices else "not harmless"),
        ("Reads listings made elsewhere", "yes" if can.reads_inventory else "no"),
        ("Call limits", ", ".join(f"{limit.scope} per {limit.per}" for limit in can.limits)),
        ("Calls in 24 hours, unless set otherwise", str(card.calls_per_day({}))),
    ]


def _selling(can: Capabilities) -> list[tuple[str, str]]:
    return [
        ("Formats, the default first", ", ".join(can.formats)),
        *((f"Format `{name}`", _format(rules)) for name, rules in can.formats.items()),
        ("A quantity is", can.quantity_meaning.replace("_", " ")),
        ("Currencies", ", ".join(sorted(can.currencies))),
        ("Prices", f"{can.min_price} to {can.max_price} in steps of {can.price_step}"),
        ("A write replaces", "what it names" if can.write_style == "partial" else "everything"),
        ("A repeated create", _CREATES[can.creates_once]),
    ]


def _format(rules: FormatRules) -> str:
    at_zero = ", may stay with 0" if rules.stays_at_zero else ""
    together = f", {rules.update_batch} with one call" if rules.update_batch > 1 else ""
    return (
        f"quantity up to {rules.max_quantity}{at_zero}; changes {_list(rules.revisions)}{together}; "
        f"leaves by {_list(rules.endings)}"
    )


def _list(words: Iterable[str]) -> str:
    return ", ".join(sorted(word.replace("_", " ") for word in words)) or "nothing"


def _row(fact: str, values: list[str]) -> str:
    return f"| {fact} | {' | '.join(values)} |\n"


if __name__ == "__main__":
    sys.stdout.write(page_of_channels(load_channels()))
