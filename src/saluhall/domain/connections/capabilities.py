"""What the installed channels can do, for planning and checking offers."""

from functools import cache
from importlib.metadata import entry_points

from saluhall.capabilities import Capabilities, Format, FormatRules
from saluhall.channel import ChannelCard


@cache
def installed_channels() -> dict[str, ChannelCard]:
    """Return the cards of all installed channels by name."""
    cards = [entry.load() for entry in entry_points(group="saluhall.channels")]
    return {card.name: card for card in cards}


def capabilities_of(channel: str) -> Capabilities | None:
    """Return what a channel can do; None when it is not installed."""
    card = installed_channels().get(channel)
    return card.capabilities if card else None


def rules_of(channel: str, format: Format) -> FormatRules | None:  # noqa: A002 - the word of the field
    """Return what holds for a format on a channel; None when the channel does not have it."""
    capabilities = capabilities_of(channel)
    return capabilities.formats.get(format) if capabilities else None
