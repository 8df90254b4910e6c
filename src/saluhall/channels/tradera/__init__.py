"""Tradera: a marketplace in Sweden, by its REST API v4. The README says what is implemented."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from saluhall.capabilities import (
    Capabilities,
    Category,
    CreatesOnce,
    Ending,
    Format,
    FormatRules,
    ImageTransfer,
    Limit,
    LimitPeriod,
    LimitScope,
    LoginKind,
    LoginPage,
    Option,
    OrderNotice,
    QuantityMeaning,
    Revision,
    WriteStyle,
)
from saluhall.channel import Channel, ChannelCard, Login, Toolbox
from saluhall.channels.tradera.settings import (
    CURRENCY,
    IMAGE_FORMATS,
    ITEM_PAGE,
    MAX_IMAGE_BYTES,
    MAX_IMAGES,
    MAX_KRONOR,
    MAX_QUANTITY,
    PRACTICE_PATH,
    SETTINGS,
    SHOP_BATCH,
    Settings,
)
from saluhall.channels.tradera.text import DESCRIPTION_LIMIT, TITLE_LIMIT


def connect(login: Login, toolbox: Toolbox) -> Channel:
    """Open one seller's access. Raises BadSetting."""
    from saluhall.channels.tradera.category_tree import Categories  # noqa: PLC0415 - as below
    from saluhall.channels.tradera.channel import TraderaChannel  # noqa: PLC0415 - commands read only the card
    from saluhall.channels.tradera.client import Client  # noqa: PLC0415 - as above

    settings = Settings.read(toolbox.env).for_connection(login.options)
    client = Client(settings=settings, login=login, toolbox=toolbox)
    tree = Categories(settings=settings, toolbox=toolbox)
    return TraderaChannel(client=client, categories=tree, settings=settings)


async def categories(toolbox: Toolbox) -> Sequence[Category]:
    """Read Tradera's categories with the application's keys. Raises BadSetting, Unavailable, Disconnected, Rejected."""
    from saluhall.channels.tradera.category_tree import Categories  # noqa: PLC0415 - as above

    return await Categories(settings=Settings.read(toolbox.env), toolbox=toolbox).list()


def connect_url(env: Mapping[str, str], state: str) -> LoginPage:
    """Return where the seller logs in at Tradera. Raises BadSetting."""
    from saluhall.channels.tradera.login import login_page  # noqa: PLC0415 - as above

    return login_page(env, state)


async def exchange(toolbox: Toolbox, secret: str, answer: Mapping[str, str]) -> Login:
    """Fetch the token of a finished login. Raises Rejected, Unavailable, BadSetting."""
    from saluhall.channels.tradera import login  # noqa: PLC0415 - as above

    return await login.exchange(toolbox, secret, answer)


def check(env: Mapping[str, str], options: Mapping[str, Any]) -> None:
    """Check that settings and a connection's options can be understood. Raises BadSetting."""
    Settings.read(env).for_connection(options)


def calls_per_day(env: Mapping[str, str]) -> int:
    """Return how many calls the application may make in a day. Raises BadSetting."""
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
        formats={
            Format.AUCTION: FormatRules(
                max_quantity=1,
                revisions=frozenset({Revision.PRICE}),  # until the first bid
                endings=frozenset({Ending.END}),
            ),
            Format.FIXED: FormatRules(  # a shop item: the seller needs a Tradera shop
                max_quantity=MAX_QUANTITY,
                revisions=frozenset(Revision),
                endings=frozenset({Ending.END, Ending.SOLD_OUT}),
                update_batch=SHOP_BATCH,
            ),
        },
        quantity_meaning=QuantityMeaning.FOR_SALE,
        write_style=WriteStyle.PARTIAL,
        creates_once=CreatesOnce.LOOKUP,
        currencies=frozenset({CURRENCY}),
        price_step=Decimal(1),
        min_price=Decimal(1),
        max_price=Decimal(MAX_KRONOR),
        max_images=MAX_IMAGES,
        max_image_bytes=MAX_IMAGE_BYTES,
        image_types=frozenset(IMAGE_FORMATS),
        image_transfer=ImageTransfer.UPLOADED,
        max_title=TITLE_LIMIT,
        max_description=DESCRIPTION_LIMIT,
        order_notices=frozenset({OrderNotice.SHIPPED, OrderNotice.PAID}),
        repeats_notices=True,
        reads_inventory=False,
        logins=frozenset(LoginKind),
        limits=(Limit(scope=LimitScope.APPLICATION, per=LimitPeriod.DAY),),
    ),
    options=(
        Option(name="user_id", label="The seller's user id at Tradera."),
        Option(name="token", label="The seller's token.", secret=True),
        Option(name="expires", label="When the token expires (ISO 8601).", required=False),
        Option(
            name="language",
            label="Language of the footer of listings: en or sv.",
            required=False,
        ),
        Option(
            name="category",
            label="SLUG=ID: list a category of items under another of Tradera's categories.",
            required=False,
        ),
    ),
    calls_per_day=calls_per_day,
    check=check,
    settings=tuple(SETTINGS.values()),
    base_urls=base_urls,
    connect=connect,
    practice_of=practice_of,
    categories=categories,
    connect_url=connect_url,
    exchange=exchange,
)
