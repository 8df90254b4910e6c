"""Write docs/channels.md from the cards: python -m saluhall.cli.channels > docs/channels.md."""

import sys
from collections.abc import Mapping

from saluhall.channel import ChannelCard
from saluhall.plugins import load_channels

_MB = 1_000_000
_HEAD = """\
# Channels

Where the hub sells. This page is made from the channels' cards by `make docs`; do not edit it. What a channel does in
detail stands in its own README.

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
        ("Auctions", "yes" if can.auctions else "no"),
        ("Currencies", ", ".join(sorted(can.currencies))),
        ("Pictures of one listing", f"at most {can.max_images}"),
        ("Size of a picture", f"at most {can.max_image_bytes / _MB:g} MB"),
        ("Kinds of pictures", ", ".join(f"`{kind}`" for kind in sorted(can.image_types))),
        ("Calls in 24 hours, unless set otherwise", str(card.calls_per_day({}))),
    ]


def _row(fact: str, values: list[str]) -> str:
    return f"| {fact} | {' | '.join(values)} |\n"


if __name__ == "__main__":
    sys.stdout.write(page_of_channels(load_channels()))
