"""Change live listings at every channel: what is declared can be changed, the rest is rejected, and nothing sold is offered again."""

from itertools import count
from typing import Any

import pytest

from saluhall.capabilities import Format, Revision
from saluhall.channel import Change, Live, RemoteState
from tests.contract.counterpart import Shown
from tests.contract.lossy_proxy import Loss
from tests.contract.seller import Seller, assert_sentence, change

TITLE = "Brake caliper, rear"
UNITS = 5


def wanted_change(seller: Seller, listing: Live, sold_as: Format, what: Revision) -> Change:
    wanted: dict[str, Any]
    match what:
        case Revision.PRICE:
            wanted = {"price": seller.counterpart.price + 10 * seller.can.price_step}
        case Revision.QUANTITY:
            wanted = {"quantity": UNITS + 4, "known_quantity": seller.units(sold_as)}
        case Revision.CONTENT:
            wanted = {"content": seller.offer(sold_as, title=TITLE)}
    return change(listing, sold_as, **wanted)


def seen(shown: Shown) -> dict[Revision, object]:
    """Return what buyers see of each thing that a revision can change."""
    return {
        Revision.PRICE: shown.price,
        Revision.QUANTITY: shown.quantity,
        Revision.CONTENT: shown.title,
    }


def expected(wanted: Change, before: Shown) -> dict[Revision, object]:
    changed = {
        Revision.PRICE: wanted.price,
        Revision.QUANTITY: wanted.quantity,
        Revision.CONTENT: wanted.content and wanted.content.product.title,
    }
    return seen(before) | {what: value for what, value in changed.items() if value is not None}


@pytest.mark.parametrize("what", Revision)
async def test_what_is_declared_can_be_changed_and_the_rest_is_rejected(
    seller: Seller, sold_as: Format, what: Revision
) -> None:
    made = await seller.publish(seller.offer(sold_as))
    before = await seller.shown(made)
    wanted = wanted_change(seller, made, sold_as, what)

    (failure,) = await seller.update(wanted)

    after = await seller.shown(made)
    assert (after.is_live, after.images) == (True, before.images)
    if what in seller.rules(sold_as).revisions:
        assert failure is None
        assert seen(after) == expected(wanted, before)
    else:
        assert_sentence(failure)
        assert after == before


async def test_everything_declared_can_be_changed_at_once(seller: Seller, sold_as: Format) -> None:
    made = await seller.publish(seller.offer(sold_as))
    before = await seller.shown(made)
    wanted = everything(seller, made, sold_as)

    assert await seller.update(wanted) == [None]

    assert seen(await seller.shown(made)) == expected(wanted, before)


def everything(seller: Seller, made: Live, sold_as: Format) -> Change:
    parts = [wanted_change(seller, made, sold_as, w) for w in seller.rules(sold_as).revisions]
    names = ("price", "quantity", "known_quantity", "content")
    whole = {n: v for part in parts for n in names if (v := getattr(part, n)) is not None}
    return change(made, sold_as, **whole)


async def test_each_change_of_a_batch_has_its_own_result(seller: Seller, sold_as: Format) -> None:
    revisions = sorted(seller.rules(sold_as).revisions)
    made = [
        await seller.publish(seller.offer(sold_as, key=f"lst_{n}"))
        for n in range(len(revisions) + 2)
    ]
    before = [await seller.shown(each) for each in made]
    *changed, kept, ended = made
    await seller.channel().end(ended.external_id, sold_as)
    gone = [wanted_change(seller, ended, sold_as, revisions[0])] if revisions else []
    pairs = zip(changed, revisions, strict=True)
    wanted = [*gone, *(wanted_change(seller, each, sold_as, what) for each, what in pairs)]

    results = await seller.update(*wanted) if wanted else []

    for result in results[:1]:
        assert_sentence(result)
    assert results[1:] == [None] * len(revisions)
    for each, ask, then in zip(changed, wanted[1:], before, strict=False):
        assert seen(await seller.shown(each)) == expected(ask, then)
    assert await seller.shown(kept) == before[-2]


@pytest.mark.parametrize("what", [Revision.PRICE, Revision.QUANTITY])
async def test_a_batch_costs_fewer_calls_than_its_listings(
    seller: Seller, sold_as: Format, what: Revision
) -> None:
    rules, size = seller.rules(sold_as), 6
    if what not in rules.revisions or rules.update_batch < size:
        return
    made = [await seller.publish(seller.offer(sold_as, key=f"lst_{n}")) for n in range(size)]
    before = len(seller.proxy.calls)

    results = await seller.update(*(wanted_change(seller, m, sold_as, what) for m in made))

    assert results == [None] * size
    assert len(seller.proxy.calls) - before < size


@pytest.mark.parametrize("loss", Loss)
async def test_a_lost_call_while_changing_is_repaired_by_the_same_change(
    seller: Seller, sold_as: Format, loss: Loss
) -> None:
    if not seller.rules(sold_as).revisions:
        return
    for number in count(1):
        await seller.begin()
        made = await seller.publish(seller.offer(sold_as))
        before = await seller.shown(made)
        wanted = everything(seller, made, sold_as)
        seller.proxy.lose(number, loss)

        first = await seller.update(wanted)
        again = await seller.update(wanted) if first != [None] else first

        assert again == [None], number
        assert seen(await seller.shown(made)) == expected(wanted, before), number
        if not seller.proxy.has_lost:
            break


@pytest.mark.parametrize("has_content", [False, True])
async def test_units_sold_unseen_are_not_offered_again_by_a_higher_quantity(
    seller: Seller, sold_as: Format, *, has_content: bool
) -> None:
    revisions = seller.rules(sold_as).revisions
    if Revision.QUANTITY not in revisions or (has_content and Revision.CONTENT not in revisions):
        return
    made = await seller.publish(seller.offer(sold_as, quantity=UNITS))
    await seller.counterpart.sell(made.external_id, 2)
    content = seller.offer(sold_as, title=TITLE) if has_content else None

    wanted = change(made, sold_as, quantity=9, known_quantity=UNITS, content=content)
    assert await seller.update(wanted) == [None]

    assert (await seller.shown(made)).quantity == 7
    assert (await seller.read(made)).quantity == 7


async def test_a_listing_that_may_stay_at_zero_does_and_is_raised_again(
    seller: Seller, sold_as: Format
) -> None:
    if not seller.rules(sold_as).stays_at_zero:
        return
    made = await seller.publish(seller.offer(sold_as, quantity=UNITS))

    assert await seller.update(change(made, sold_as, quantity=0, known_quantity=UNITS)) == [None]
    empty = await seller.read(made)
    assert await seller.update(change(made, sold_as, quantity=3, known_quantity=0)) == [None]

    assert (empty.state, empty.quantity) == (RemoteState.LIVE, 0)
    assert (await seller.shown(made)).quantity == 3
