"""Find dialects and channels by their entry points; nobody names a concrete one."""

from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from saluhall.channel import ChannelCard
from saluhall.domain.connections.capabilities import installed_channels

if TYPE_CHECKING:  # every command reads the channels' cards, few commands need a dialect
    from saluhall.dialect import Dialect, Webhook


def load_dialects() -> "list[Dialect]":
    """Load every installed dialect, in the order of their names."""
    found = sorted(entry_points(group="saluhall.dialects"), key=lambda e: e.name)
    return [entry.load() for entry in found]


def load_webhooks() -> "dict[str, Webhook]":
    """Load how each installed dialect that has webhooks sends them, by its name."""
    return {d.name: d.webhook for d in load_dialects() if d.webhook is not None}


def load_channels() -> dict[str, ChannelCard]:
    """Load every installed channel by name."""
    return installed_channels()
