"""What a channel's card claims, the channel does; a new channel needs no new test here."""

import inspect
from importlib.metadata import entry_points
from typing import Any

import pytest

from saluhall.channel import Channel, ChannelCard, Live, Login, Progress, Rejected
from tests.channels.tradera.practice import BYTES, Market, Notebook, image, offer

NAMES = sorted(entry.name for entry in entry_points(group="saluhall.channels"))
METHODS = sorted(name for name in vars(Channel) if not name.startswith("_"))

pytestmark = pytest.mark.parametrize("name", NAMES)


def card_of(name: str) -> ChannelCard:
    (entry,) = entry_points(group="saluhall.channels", name=name)
    card = entry.load()
    assert isinstance(card, ChannelCard)
    return card


async def publish(market: Market, **changes: Any) -> Live:
    return await market.publish(offer(**changes))


async def refusal(market: Market, **changes: Any) -> str:
    before = await market.calls()
    what = offer(**changes)
    with pytest.raises(Rejected) as refused:
        await market.channel().publish(what, progress=Progress(), save=Notebook().save)
    assert await market.items() == []
    assert (await market.calls() == before) or "bytes" in str(refused.value)
    return str(refused.value)


def test_the_card_is_named_like_its_entry_point(name: str) -> None:
    card = card_of(name)
    assert card.name == name
    assert card.label


@pytest.mark.parametrize("method", METHODS)
def test_the_channel_has_every_method_of_the_interface(
    name: str, method: str, practice: Market
) -> None:
    login = Login(user_id="1", token="t")
    has = getattr(card_of(name).connect(login, practice.toolbox({})), method)
    wanted = inspect.signature(getattr(Channel, method))
    assert list(inspect.signature(has).parameters) == list(wanted.parameters)[1:]
    assert inspect.iscoroutinefunction(has)


def test_connecting_needs_no_settings_and_makes_no_call(name: str, practice: Market) -> None:
    card_of(name).connect(Login(user_id="1", token="t"), practice.toolbox({}))
    assert practice.purse.spent == []


def test_the_calls_of_a_day_are_a_setting_with_a_default(name: str) -> None:
    setting = f"SALUHALL_{name.upper()}_CALLS_PER_DAY"
    assert card_of(name).calls_per_day({}) > 0
    assert card_of(name).calls_per_day({setting: "7"}) == 7


async def test_the_currencies_are_those_it_sells_in(name: str, practice: Market) -> None:
    for currency in card_of(name).capabilities.currencies:
        await publish(practice, currency=currency, key=f"lst_{currency}")


async def test_any_other_currency_is_refused_before_a_call(name: str, practice: Market) -> None:
    assert "XTS" not in card_of(name).capabilities.currencies
    assert "XTS" in await refusal(practice, currency="XTS")


async def test_the_image_types_are_those_it_takes(name: str, practice: Market) -> None:
    types = sorted(card_of(name).capabilities.image_types)
    await publish(practice, images=[image(each, BYTES[each]) for each in types])
    (item,) = await practice.items()
    assert item["images"] == len(types)


async def test_any_other_image_type_is_refused_before_a_call(name: str, practice: Market) -> None:
    assert "image/x-test" not in card_of(name).capabilities.image_types
    assert "image/x-test" in await refusal(practice, images=[image("image/x-test", b"")])


async def test_as_many_images_as_it_says_and_not_one_more(name: str, practice: Market) -> None:
    most = card_of(name).capabilities.max_images
    too_many = await refusal(practice, images=[image()] * (most + 1))
    assert str(most) in too_many
    await publish(practice, images=[image()] * most)
    (item,) = await practice.items()
    assert item["images"] == most


async def test_images_as_large_as_it_says_and_not_a_byte_more(name: str, practice: Market) -> None:
    most = card_of(name).capabilities.max_image_bytes
    padded = BYTES["image/jpeg"].ljust(most, b"\0")
    await refusal(practice, images=[image(data=padded + b"\0")])
    await publish(practice, images=[image(data=padded)])


async def test_every_format_it_declares_is_what_it_sells_by(name: str, practice: Market) -> None:
    channel = practice.channel()
    for sold_as, rules in card_of(name).capabilities.formats.items():
        quantity = min(rules.max_quantity, 3)
        made = await publish(practice, format=sold_as, quantity=quantity, key=f"lst_{sold_as}")
        (listing,) = await channel.read([made.external_id])
        assert (listing.format, listing.quantity) == (sold_as, quantity)


async def test_the_default_format_is_the_first_it_declares(name: str) -> None:
    can = card_of(name).capabilities
    assert can.default_format is next(iter(can.formats))


def test_a_secret_is_asked_for_and_never_an_argument_that_others_can_read(name: str) -> None:
    options = {option.name: option for option in card_of(name).options}
    assert options["token"].secret
    assert not options["user_id"].secret
