"""Tradera: auctions in Sweden, by its REST API v4. The README is the contract as implemented."""

from collections.abc import Mapping
from typing import Any

from saluhall.channel import Capabilities, Channel, ChannelCard, Login, Toolbox
from saluhall.channels.tradera.settings import (
    IMAGE_FORMATS,
    ITEM_PAGE,
    MAX_IMAGE_BYTES,
    MAX_IMAGES,
    PRACTICE_PATH,
    SETTINGS,
    Settings,
)
from saluhall.channels.tradera.translate import CURRENCY


def connect(login: Login, toolbox: Toolbox) -> Channel:
    """Open one seller's access. Raises BadSetting."""
    from saluhall.channels.tradera.channel import TraderaChannel  # noqa: PLC0415 - commands read only the card
    from saluhall.channels.tradera.client import Client  # noqa: PLC0415 - as above

    settings = Settings.read(toolbox.env).for_connection(login.options)
    client = Client(
        settings=settings,
        login=login,
        http=toolbox.http,
        budget=toolbox.budget,
        report=toolbox.report,
    )
    return TraderaChannel(client=client, settings=settings)


def check(env: Mapping[str, str], options: Mapping[str, Any]) -> None:
    """See that settings and a connection's options can be understood. Raises BadSetting."""
    Settings.read(env).for_connection(options)


def calls_per_day(env: Mapping[str, str]) -> int:
    """Tell how many calls the application may make in a day. Raises BadSetting."""
    return Settings.read(env).calls_per_day


def base_urls(env: Mapping[str, str]) -> list[str]:
    """Return the addresses that are called. Raises BadSetting."""
    return [Settings.read(env).url]


def practice_of(listing_url: str) -> str | None:
    """Return the practice server that a listing is on, None when it is on Tradera."""
    base, _, _ = listing_url.rpartition(PRACTICE_PATH)
    return None if listing_url.startswith(ITEM_PAGE) else base or None


CHANNEL = ChannelCard(
    name="tradera",
    label="Tradera",
    site="Sweden",
    country="SWE",
    capabilities=Capabilities(
        auctions=True,
        max_images=MAX_IMAGES,
        max_image_bytes=MAX_IMAGE_BYTES,
        image_types=frozenset(IMAGE_FORMATS),
        currencies=frozenset({CURRENCY}),
    ),
    calls_per_day=calls_per_day,
    check=check,
    settings=tuple(SETTINGS.values()),
    base_urls=base_urls,
    connect=connect,
    practice_of=practice_of,
)
