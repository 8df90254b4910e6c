"""What a channel's card claims, the channel does; a new channel needs no new test here."""

import inspect
from pathlib import Path

import pytest

from saluhall.capabilities import Format
from saluhall.channel import Channel, ChannelCard, Login, Rejected
from tests.contract.hub_side import BYTES, image
from tests.contract.seller import Seller

METHODS = sorted(name for name in vars(Channel) if not name.startswith("_"))


def test_this_suite_has_no_word_of_a_channel(name: str) -> None:
    files = sorted(Path(__file__).parent.glob("*.py"))
    assert files
    assert [file.name for file in files if name in file.read_text(encoding="utf-8").lower()] == []


def test_the_card_is_named_like_its_entry_point(name: str, card: ChannelCard) -> None:
    assert card.name == name
    assert card.label


@pytest.mark.parametrize("method", METHODS)
def test_the_channel_has_every_method_of_the_interface(method: str, seller: Seller) -> None:
    has = getattr(seller.channel(), method)
    wanted = inspect.signature(getattr(Channel, method))
    assert list(inspect.signature(has).parameters) == list(wanted.parameters)[1:]
    assert inspect.iscoroutinefunction(has)


def test_connecting_needs_no_settings_and_makes_no_call(seller: Seller) -> None:
    toolbox = seller.toolbox()
    seller.card.check({}, {})
    seller.card.connect(Login(user_id="1", token="t"), toolbox)
    assert seller.purse.spent == []


def test_the_calls_of_a_day_are_a_setting_with_a_default(name: str, card: ChannelCard) -> None:
    setting = f"SALUHALL_{name.upper()}_CALLS_PER_DAY"
    assert card.calls_per_day({}) > 0
    assert card.calls_per_day({setting: "7"}) == 7


def test_the_default_format_is_the_first_it_declares(card: ChannelCard) -> None:
    assert card.capabilities.default_format is next(iter(card.capabilities.formats))


def test_secrets_are_marked_so_that_they_are_never_arguments(card: ChannelCard) -> None:
    options = {option.name: option for option in card.options}
    secret = {"token", "password", "secret", "key", "api_key"} & options.keys()
    assert secret
    assert all(options[each].secret for each in secret)


def test_what_the_card_declares_fits_together(card: ChannelCard) -> None:
    can = card.capabilities
    assert can.formats
    assert can.currencies
    assert can.price_step > 0
    assert 0 < can.min_price <= can.max_price
    assert can.min_price % can.price_step == can.max_price % can.price_step == 0
    for rules in can.formats.values():
        assert rules.max_quantity > 0
        assert rules.update_batch > 0
        assert rules.endings


async def refusal(seller: Seller, sold_as: Format, **changes: object) -> str:
    with pytest.raises(Rejected) as refused:
        await seller.publish(seller.offer(sold_as, **changes))
    assert await seller.counterpart.shown() == []
    return str(refused.value)


async def test_the_currencies_are_those_it_sells_in(seller: Seller, sold_as: Format) -> None:
    assert "XTS" not in seller.can.currencies
    assert "XTS" in await refusal(seller, sold_as, currency="XTS")
    for currency in seller.can.currencies:
        await seller.publish(seller.offer(sold_as, currency=currency, key=f"lst_{currency}"))


async def test_the_image_types_are_those_it_takes(seller: Seller, sold_as: Format) -> None:
    assert "image/x-test" not in seller.can.image_types
    wrong = [image("image/x-test", b"")]
    assert "image/x-test" in await refusal(seller, sold_as, images=wrong)
    types = sorted(seller.can.image_types)
    images = [image(each, BYTES[each], key=each) for each in types]
    made = await seller.publish(seller.offer(sold_as, images=images))
    assert (await seller.shown(made)).images == len(types)


async def test_as_many_images_as_it_says_and_not_one_more(seller: Seller, sold_as: Format) -> None:
    limit = seller.can.max_images
    images = [image(key=str(n)) for n in range(limit + 1)]
    assert str(limit) in await refusal(seller, sold_as, images=images)
    made = await seller.publish(seller.offer(sold_as, images=images[:limit]))
    assert (await seller.shown(made)).images == limit


async def test_images_as_large_as_it_says_and_not_a_byte_more(
    seller: Seller, sold_as: Format
) -> None:
    (kind, data) = sorted(BYTES.items())[1]
    padded = data.ljust(seller.can.max_image_bytes, b"\0")
    await refusal(seller, sold_as, images=[image(kind, padded + b"\0")])
    await seller.publish(seller.offer(sold_as, images=[image(kind, padded)]))
