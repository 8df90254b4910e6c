"""What every channel says when the login has expired, when there were too many calls, and when the budget is spent."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from saluhall.capabilities import Format, OrderNotice, Revision
from saluhall.channel import Disconnected, OutOfBudget, Progress, Submitted, Unavailable
from saluhall.channel_orders import Shipment
from tests.contract.hub_side import Notebook
from tests.contract.seller import Seller, assert_sentence, change

Work = Callable[[], Awaitable[Any]]


async def works(seller: Seller, sold_as: Format) -> dict[str, Work]:
    """Return each thing that the hub asks of a channel, with a listing and an order to ask about."""
    made = await seller.publish(seller.offer(sold_as, key="lst_live"))
    sale = await seller.publish(seller.offer(sold_as, key="lst_sold"))
    await seller.counterpart.sell(sale.external_id, 1)
    (order,) = (await seller.channel().orders(None)).orders
    submitted = await seller.submit(seller.offer(sold_as, key="lst_submitted"))
    channel, live = seller.channel(), made.external_id

    async def update() -> None:
        price = seller.counterpart.price + seller.can.price_step
        (failure,) = await channel.update([change(made, sold_as, price=price)])
        if failure is not None:
            raise failure

    found: dict[str, Work] = {
        "publish": lambda: channel.publish(
            seller.offer(sold_as, key="lst_new"), progress=Progress(), save=Notebook().save
        ),
        "end": lambda: channel.end(live, sold_as),
        "changes": lambda: channel.changes(None, [live]),
        "read": lambda: channel.read([live]),
        "orders": lambda: channel.orders(None),
    }
    if isinstance(submitted, Submitted):
        found["check"] = lambda: channel.check({"lst_submitted": submitted.progress})
    if Revision.PRICE in seller.rules(sold_as).revisions:
        found["update"] = update
    if OrderNotice.SHIPPED in seller.can.order_notices:
        found["ship"] = lambda: channel.ship(order.external_id, Shipment())
    if OrderNotice.PAID in seller.can.order_notices:
        found["mark_paid"] = lambda: channel.mark_paid(order.external_id)
    return found


async def test_an_expired_login_asks_the_seller_to_connect_again(
    seller: Seller, sold_as: Format
) -> None:
    each_work = await works(seller, sold_as)
    before = await seller.counterpart.shown()
    await seller.counterpart.expire_login()

    for name, work in each_work.items():
        with pytest.raises(Disconnected) as error:
            await work()
        assert_sentence(error.value, Disconnected)
        assert seller.login.token not in str(error.value), name

    assert await seller.counterpart.shown() == before


async def test_too_many_calls_are_tried_later_and_noted_in_the_budget(
    seller: Seller, sold_as: Format
) -> None:
    each_work = await works(seller, sold_as)
    before = await seller.counterpart.shown()
    await seller.counterpart.limit_calls()

    for name, work in each_work.items():
        with pytest.raises(Unavailable) as error:
            await work()
        assert not error.value.unclear, name
        assert seller.purse.blocks[-1:] == [error.value.retry_in], name
        seller.purse.blocks.clear()

    assert await seller.counterpart.shown() == before


async def test_a_spent_budget_makes_no_call_and_says_when_to_try_again(
    seller: Seller, sold_as: Format
) -> None:
    each_work = await works(seller, sold_as)
    made = len(seller.proxy.calls)
    seller.purse.left = 0

    for name, work in each_work.items():
        with pytest.raises(OutOfBudget) as error:
            await work()
        assert error.value.retry_in is not None, name
        assert not error.value.unclear, name

    assert len(seller.proxy.calls) == made
