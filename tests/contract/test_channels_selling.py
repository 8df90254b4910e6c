"""Sales at every channel: they are seen, they become orders, and the channel is notified of what was done."""

from itertools import count

import pytest

from saluhall.capabilities import Format, OrderNotice
from saluhall.channel import Rejected, RemoteState, Unavailable
from saluhall.channel_orders import (
    Acknowledged,
    Acknowledgement,
    NotSupported,
    RemoteOrder,
    Shipment,
)
from tests.contract.lossy_proxy import Loss
from tests.contract.seller import Seller, assert_sentence

SHIPMENT = Shipment(carrier="PostNord", tracking="SE123")


async def sold(seller: Seller, sold_as: Format) -> RemoteOrder:
    """Sell one unit and return its order."""
    made = await seller.publish(seller.offer(sold_as))
    await seller.counterpart.sell(made.external_id, 1)
    (order,) = (await seller.channel().orders(None)).orders
    return order


def answer(seller: Seller, notice: OrderNotice) -> Acknowledgement:
    """Return what the channel answers to a notice, by what it declares."""
    return Acknowledged() if notice in seller.can.order_notices else NotSupported()


async def test_a_sale_is_seen_in_the_changes_and_leaves_the_other_units(
    seller: Seller, sold_as: Format
) -> None:
    units = seller.units(sold_as)
    made = await seller.publish(seller.offer(sold_as))
    start = await seller.channel().changes(None, [made.external_id])
    quiet = await seller.channel().changes(start.cursor, [made.external_id])
    await seller.counterpart.sell(made.external_id, 1)

    changes = await seller.channel().changes(quiet.cursor, [made.external_id])

    assert [each.external_id for each in start.listings] == [made.external_id]
    assert list(quiet.listings) == []
    (there,) = changes.listings
    if units > 1:
        assert (there.state, there.quantity) == (RemoteState.LIVE, units - 1)
        assert (await seller.shown(made)).quantity == units - 1
    else:
        assert there.state is RemoteState.SOLD
        assert there.sale_price == seller.counterpart.price


async def test_a_listing_that_sold_out_is_sold_or_live_with_nothing_left(
    seller: Seller, sold_as: Format
) -> None:
    units = seller.units(sold_as, 2)
    made = await seller.publish(seller.offer(sold_as, quantity=units))
    await seller.counterpart.sell(made.external_id, units)

    there = await seller.read(made)

    if seller.rules(sold_as).stays_at_zero:
        assert (there.state, there.quantity) == (RemoteState.LIVE, 0)
    else:
        assert there.state is RemoteState.SOLD


async def test_ending_what_was_sold_says_that_it_was_sold(seller: Seller, sold_as: Format) -> None:
    if seller.rules(sold_as).stays_at_zero:
        return
    made = await seller.publish(seller.offer(sold_as, quantity=1))
    await seller.counterpart.sell(made.external_id, 1)

    there = await seller.channel().end(made.external_id, sold_as)

    assert there is not None
    assert there.state is RemoteState.SOLD


async def test_ids_that_the_channel_does_not_know_are_left_out(
    seller: Seller, sold_as: Format
) -> None:
    made = [await seller.publish(seller.offer(sold_as, key=f"lst_{n}")) for n in range(4)]
    ids = [each.external_id for each in made]
    unknown = seller.counterpart.unknown_id

    read = await seller.channel().read([unknown, *ids])
    changes = await seller.channel().changes(None, [*ids, unknown])

    assert {each.external_id for each in read} == set(ids)
    assert {each.external_id for each in changes.listings} == set(ids)


async def test_an_order_says_what_was_bought_for_how_much_by_whom(
    seller: Seller, sold_as: Format
) -> None:
    offer = seller.offer(sold_as)
    made = await seller.publish(offer)
    units = seller.units(sold_as, 2)
    await seller.counterpart.sell(made.external_id, units)

    (order,) = (await seller.channel().orders(None)).orders

    (line,) = order.lines
    assert (line.listing_id, line.quantity) == (made.external_id, units)
    assert line.unit_price == offer.price
    assert offer.key in line.own_references
    assert order.total - order.shipping_price == offer.price * units
    assert order.currency == offer.currency
    assert order.paid_at is None
    assert order.buyer.name
    assert order.placed_at.tzinfo is not None


async def test_orders_since_an_instant_have_all_that_is_new(
    seller: Seller, sold_as: Format
) -> None:
    await sold(seller, sold_as)
    feed = await seller.channel().orders(None)
    made = await seller.publish(seller.offer(sold_as, key="lst_second"))
    await seller.counterpart.sell(made.external_id, 1)

    later = await seller.channel().orders(feed.read_until)

    assert made.external_id in [line.listing_id for each in later.orders for line in each.lines]
    assert later.read_until >= feed.read_until


async def test_a_payment_at_the_channel_is_a_change_of_the_order(
    seller: Seller, sold_as: Format
) -> None:
    order = await sold(seller, sold_as)
    await seller.counterpart.pay(order.external_id)

    since = order.changed_at
    found = {each.external_id: each for each in (await seller.channel().orders(since)).orders}

    assert found[order.external_id].paid_at is not None


async def test_shipping_and_payment_are_acknowledged_as_declared(
    seller: Seller, sold_as: Format
) -> None:
    order = await sold(seller, sold_as)
    paid, shipped = answer(seller, OrderNotice.PAID), answer(seller, OrderNotice.SHIPPED)

    for _ in range(2 if seller.can.repeats_notices else 1):
        assert await seller.channel().mark_paid(order.external_id) == paid
        assert await seller.channel().ship(order.external_id, SHIPMENT) == shipped

    assert await seller.counterpart.is_marked_paid(order.external_id) == (paid == Acknowledged())
    assert await seller.counterpart.is_shipped(order.external_id) == (shipped == Acknowledged())


async def test_notices_of_an_unknown_order_are_rejected(seller: Seller) -> None:
    channel, unknown = seller.channel(), seller.counterpart.unknown_id
    if OrderNotice.SHIPPED in seller.can.order_notices:
        with pytest.raises(Rejected) as refused:
            await channel.ship(unknown, SHIPMENT)
        assert_sentence(refused.value)
    if OrderNotice.PAID in seller.can.order_notices:
        with pytest.raises(Rejected) as refused:
            await channel.mark_paid(unknown)
        assert_sentence(refused.value)


@pytest.mark.parametrize("loss", Loss)
async def test_a_lost_call_for_orders_changes_and_notices_is_repaired_by_the_next(
    seller: Seller, sold_as: Format, loss: Loss
) -> None:
    order = await sold(seller, sold_as)
    channel, (line,) = seller.channel(), order.lines
    works = (
        lambda: channel.orders(None),
        lambda: channel.changes(None, [line.listing_id]),
        lambda: channel.read([line.listing_id]),
        lambda: channel.mark_paid(order.external_id),
        lambda: channel.ship(order.external_id, SHIPMENT),
    )
    for work in works:
        for number in count(1):
            seller.proxy.lose(number, loss)
            try:
                await work()
            except Unavailable as error:
                seller.wait(error)
            if not seller.proxy.has_lost:
                break
        seller.proxy.mend()
        assert await work()
    is_shipped = OrderNotice.SHIPPED in seller.can.order_notices
    assert await seller.counterpart.is_shipped(order.external_id) == is_shipped
