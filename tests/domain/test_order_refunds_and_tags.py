"""What sellers do with an order besides shipping it: refunds, tags, and what a channel has no word for."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from saluhall.channel_orders import Acknowledged, RemoteRefund
from saluhall.domain.connections.model import Connection
from saluhall.domain.orders import operations, queries, refunds, tags, updates
from saluhall.domain.orders.details_model import OrderDetails
from saluhall.domain.orders.model import (
    OrderNotFound,
    OrderStatus,
    RefundRefused,
    StatusChange,
    TagRefused,
    UpdateKind,
)
from saluhall.storage import Database
from tests.domain.selling import LEASE, NOW, WORKER, Seller, order, row

DONE_HERE = "Done here only: Tradera 1 cannot be notified that an order is "


@pytest.fixture
async def seller(db: Database) -> Seller:
    return await Seller.open(db)


async def sell(seller: Seller, **facts: Any) -> tuple[Connection, int]:
    """Receive an order of 25 SEK."""
    connection = await seller.connect()
    listing = await seller.list_at(connection, await seller.stock("A"), "620")
    await seller.receive(connection, order("1", [row("620", listing=listing, price=20)], **facts))
    [stored] = await seller.orders()
    return connection, stored["id"]


async def refund(seller: Seller, order_id: int, amount: str) -> None:
    async with seller.db.transaction() as tx:
        await refunds.refund(
            tx,
            principal=seller.principal,
            order_id=order_id,
            amount=Decimal(amount),
            reason="scratched",
            now=seller.now,
        )


async def set_status(seller: Seller, order_id: int, status: OrderStatus) -> None:
    change = StatusChange(index=0, order_id=order_id, status=status, reason="no longer there")
    async with seller.db.transaction() as tx:
        assert not await operations.change_status(
            tx, principal=seller.principal, changes=[change], now=seller.now
        )


async def tag(
    seller: Seller, order_id: int, add: Sequence[str] = (), remove: Sequence[str] = ()
) -> tuple[str, ...]:
    async with seller.db.transaction() as tx:
        return await tags.change_tags(
            tx,
            principal=seller.principal,
            order_id=order_id,
            add=add,
            remove=remove,
            now=seller.now,
        )


async def details(seller: Seller, order_id: int) -> OrderDetails:
    async with seller.db.transaction() as tx:
        return await queries.get_order(tx, principal=seller.principal, order_id=order_id)


async def said(seller: Seller, order_id: int) -> list[tuple[str, str, str]]:
    """What the channel was notified of: kind, state, answer."""
    found = (await details(seller, order_id)).updates
    return [(each.kind, each.state, each.answer) for each in found]


async def test_no_more_is_refunded_than_the_order_is_worth(seller: Seller) -> None:
    _, order_id = await sell(seller)

    await refund(seller, order_id, "10.50")
    with pytest.raises(RefundRefused, match=r"has 14\.50 SEK that are not refunded, not 14\.51"):
        await refund(seller, order_id, "14.51")
    await refund(seller, order_id, "14.50")

    for amount in ("0", "-1", "0.001"):
        with pytest.raises(RefundRefused, match="more than 0 and has at most 2 decimals"):
            await refund(seller, order_id, amount)
    with pytest.raises(OrderNotFound, match="no order with the id 999"):
        await refund(seller, 999, "1")
    [stored] = await seller.orders()
    made = (await details(seller, order_id)).refunds
    assert stored["refunded"] == 25
    assert [(r.amount, r.currency, r.reason) for r in made] == [
        (Decimal("10.50"), "SEK", "scratched"),
        (Decimal("14.50"), "SEK", "scratched"),
    ]
    assert (
        await said(seller, order_id) == [("refunded", "not_supported", DONE_HERE + "refunded.")] * 2
    )


async def test_what_was_refunded_here_only_stays_beside_what_the_channel_refunds(
    seller: Seller,
) -> None:
    connection, order_id = await sell(seller)
    await refund(seller, order_id, "5")
    there = RemoteRefund(external_id="R1", amount=Decimal(7), refunded_at=NOW)

    lines = [row("620", price=20)]
    await seller.receive(connection, order("1", lines, later=timedelta(hours=1), refunds=[there]))

    [stored] = await seller.orders()
    assert stored["refunded"] == 12


async def test_a_refund_that_the_channel_makes_for_us_is_counted_once(
    seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "notices_of", lambda _: frozenset({UpdateKind.REFUNDED}))
    connection, order_id = await sell(seller)
    await refund(seller, order_id, "5")
    async with seller.db.transaction() as tx:
        [due] = await updates.claim_due(
            tx,
            seller.principal.account_id,
            connection.id,
            worker=WORKER,
            limit=9,
            lease=LEASE,
            now=NOW,
        )
        await updates.settled(tx, due, Acknowledged(), label="Shop", now=NOW)
    there = RemoteRefund(external_id="R1", amount=Decimal(5), refunded_at=NOW)

    lines = [row("620", price=20)]
    await seller.receive(connection, order("1", lines, later=timedelta(hours=1), refunds=[there]))

    [stored] = await seller.orders()
    assert (due.kind, due.amount, due.reason) == (UpdateKind.REFUNDED, Decimal(5), "scratched")
    assert (stored["refunded"], stored["acknowledged"]) == (5, None)
    assert [r.external_id for r in (await details(seller, order_id)).refunds] == ["R1"]
    assert await said(seller, order_id) == [("refunded", "acknowledged", "")]


async def test_what_a_channel_has_no_word_for_is_among_what_it_was_notified_of(
    seller: Seller,
) -> None:
    _, order_id = await sell(seller, paid=True)

    await set_status(seller, order_id, OrderStatus.CANCELLED)
    await set_status(seller, order_id, OrderStatus.CANCELLED)

    [stored] = await seller.orders()
    assert await said(seller, order_id) == [
        ("cancelled", "not_supported", DONE_HERE + "cancelled.")
    ]
    assert stored["status_message"] == DONE_HERE + "cancelled."


async def test_tags_are_added_once_and_removed_and_a_change_of_them_is_one_of_the_order(
    seller: Seller,
) -> None:
    _, order_id = await sell(seller)
    [before] = await seller.orders()
    seller.now += timedelta(hours=1)

    assert await tag(seller, order_id, ["gift", "fragile", "gift"]) == ("gift", "fragile")
    [changed] = await seller.orders()
    seller.now += timedelta(hours=1)
    assert await tag(seller, order_id, ["gift"], ["unknown"]) == ("gift", "fragile")
    assert await tag(seller, order_id, [], ["gift"]) == ("fragile",)

    [after] = await seller.orders()
    assert before["changed_at"] < changed["changed_at"] < after["changed_at"] == seller.now
    with pytest.raises(OrderNotFound):
        await tag(await Seller.open(seller.db), order_id, ["gift"])


async def test_a_tag_that_no_partner_could_read_is_refused(seller: Seller) -> None:
    for text in ("", " a", "a ", "a;b", "a,b", "a\nb", "\x1b[2J", "a" * 51):
        with pytest.raises(TagRefused) as refused:
            await tag(seller, 1, [text])
        assert str(refused.value) == (
            "a tag is 1 to 50 printable characters without ';' and ',', and without spaces at its ends; "
            f"{text!r} is not"
        )


async def test_an_order_has_few_tags_and_none_both_ways(seller: Seller) -> None:
    _, order_id = await sell(seller)
    await tag(seller, order_id, [str(n) for n in range(20)])

    with pytest.raises(TagRefused, match="at most 20 tags; it would have 21"):
        await tag(seller, order_id, ["more"])
    with pytest.raises(TagRefused, match="'3' is to be added and removed at once"):
        await tag(seller, order_id, ["3"], ["3"])
    assert len(await tag(seller, order_id, ["more"], ["0"])) == 20
