"""Publish, end and relist at every channel: one listing for an offer, whatever happens."""

from decimal import Decimal
from itertools import count
from typing import Any

import pytest

from saluhall.capabilities import Format
from saluhall.channel import Live, Progress, Rejected, RemoteState, Unavailable
from tests.contract.hub_side import Notebook, image
from tests.contract.lossy_proxy import Loss
from tests.contract.seller import Seller, assert_sentence


async def refused(seller: Seller, sold_as: Format, **changes: Any) -> Rejected:
    """Publish what the channel does not take, and see that nothing is live."""
    with pytest.raises(Rejected) as error:
        await seller.publish(seller.offer(sold_as, **changes))
    assert await seller.counterpart.shown() == []
    assert_sentence(error.value)
    return error.value


async def test_an_offer_is_live_as_it_was_given(seller: Seller, sold_as: Format) -> None:
    offer = seller.offer(sold_as)

    made = await seller.publish(offer)

    there = await seller.read(made)
    assert (there.external_id, there.state) == (made.external_id, RemoteState.LIVE)
    assert (there.format, there.price, there.bids) == (sold_as, offer.price, 0)
    assert there.quantity == offer.quantity
    assert made.url.startswith("http")
    shown = await seller.shown(made)
    assert (shown.title, shown.images) == (offer.product.title, 1)
    assert (shown.price, shown.quantity, shown.is_live) == (offer.price, offer.quantity, True)


@pytest.mark.parametrize("loss", Loss)
async def test_a_lost_call_while_publishing_never_makes_two_listings(
    seller: Seller, sold_as: Format, loss: Loss
) -> None:
    for number in count(1):
        await seller.begin()
        offer = seller.offer(sold_as, images=[image(key="a"), image(key="b")])
        seller.proxy.lose(number, loss)

        made = await seller.publish_in_spite_of_trouble(offer, Notebook())

        (shown,) = await seller.counterpart.shown()
        assert (shown.external_id, shown.is_live) == (made.external_id, True), number
        assert (shown.price, shown.quantity) == (offer.price, offer.quantity), number
        assert shown.images == 2, number
        if not seller.proxy.has_lost:
            break


async def test_a_death_while_publishing_never_makes_two_listings(
    seller: Seller, sold_as: Format
) -> None:
    for number in count(1):
        await seller.begin()
        notes = Notebook(dies_at=number)

        made = await seller.publish_in_spite_of_trouble(seller.offer(sold_as), notes)

        (shown,) = await seller.counterpart.shown()
        assert (shown.external_id, shown.is_live) == (made.external_id, True), number
        if notes.written < number:
            break


async def test_a_lost_first_call_says_whether_something_may_have_happened(
    seller: Seller, sold_as: Format
) -> None:
    await seller.publish(seller.offer(sold_as, key="lst_before"))  # what is read once is known now
    seller.proxy.lose(1, Loss.RESPONSE)
    with pytest.raises(Unavailable) as error:
        await seller.submit(seller.offer(sold_as))
    assert error.value.unclear


async def test_an_ended_listing_is_over_and_ending_it_again_is_fine(
    seller: Seller, sold_as: Format
) -> None:
    made = await seller.publish(seller.offer(sold_as))

    assert await seller.channel().end(made.external_id, sold_as) is None

    assert not (await seller.shown(made)).is_live
    again = await seller.channel().end(made.external_id, sold_as)
    assert again is None or again.state is RemoteState.ENDED
    assert await seller.channel().end(seller.counterpart.unknown_id, sold_as) is None


@pytest.mark.parametrize("loss", Loss)
async def test_a_lost_call_while_ending_leaves_nothing_live(
    seller: Seller, sold_as: Format, loss: Loss
) -> None:
    for number in count(1):
        await seller.begin()
        made = await seller.publish(seller.offer(sold_as))
        seller.proxy.lose(number, loss)

        await _end_in_spite_of_trouble(seller, made, sold_as)

        assert not (await seller.shown(made)).is_live, number
        if not seller.proxy.has_lost:
            break


async def _end_in_spite_of_trouble(seller: Seller, made: Live, sold_as: Format) -> None:
    try:
        there = await seller.channel().end(made.external_id, sold_as)
    except Unavailable as error:
        seller.wait(error)
        there = await seller.channel().end(made.external_id, sold_as)
    assert there is None or there.state is RemoteState.ENDED


async def test_relisting_makes_a_new_listing_and_the_old_one_stays_readable(
    seller: Seller, sold_as: Format
) -> None:
    first = await seller.publish(seller.offer(sold_as, key="lst_first"))
    await seller.channel().end(first.external_id, sold_as)

    notes = Notebook(Progress(over=first.external_id))
    second = await seller.publish(seller.offer(sold_as, key="lst_second"), notes)

    assert second.external_id != first.external_id
    assert (await seller.read(first)).state is RemoteState.ENDED
    assert (await seller.read(second)).state is RemoteState.LIVE


@pytest.mark.parametrize("loss", Loss)
async def test_a_lost_call_while_relisting_makes_exactly_one_new_listing(
    seller: Seller, sold_as: Format, loss: Loss
) -> None:
    for number in count(1):
        await seller.begin()
        first = await seller.publish(seller.offer(sold_as, key="lst_first"))
        await seller.channel().end(first.external_id, sold_as)
        seller.proxy.lose(number, loss)

        notes = Notebook(Progress(over=first.external_id))
        offer = seller.offer(sold_as, key="lst_second")
        second = await seller.publish_in_spite_of_trouble(offer, notes)

        shown = await seller.counterpart.shown()
        assert [each.external_id for each in shown if each.is_live] == [second.external_id]
        assert len(shown) == 2, number
        if not seller.proxy.has_lost:
            break


async def test_prices_outside_what_is_declared_are_rejected(
    seller: Seller, sold_as: Format
) -> None:
    can = seller.can
    await refused(seller, sold_as, price=can.min_price - can.price_step)
    await refused(seller, sold_as, price=can.max_price + can.price_step)
    await refused(seller, sold_as, price=seller.counterpart.price + can.price_step / 2)
    await refused(seller, sold_as, price=Decimal("NaN"))

    made = await seller.publish(seller.offer(sold_as, price=can.min_price))
    assert (await seller.shown(made)).price == can.min_price


async def test_more_units_than_declared_are_rejected(seller: Seller, sold_as: Format) -> None:
    await refused(seller, sold_as, quantity=seller.rules(sold_as).max_quantity + 1)


async def test_a_category_that_the_channel_does_not_have_is_rejected(
    seller: Seller, sold_as: Format
) -> None:
    if seller.card.categories is None:
        return
    categories = await seller.card.categories(seller.toolbox())
    assert all(each.id != "987654321" for each in categories)
    await refused(seller, sold_as, category="987654321")

    leaf = next(each for each in categories if each.is_leaf)
    await seller.publish(seller.offer(sold_as, category=leaf.id))


async def test_a_title_that_is_too_long_is_cut(seller: Seller, sold_as: Format) -> None:
    made = await seller.publish(seller.offer(sold_as, title="Brake " * 100))
    assert 0 < len((await seller.shown(made)).title) <= seller.can.max_title
