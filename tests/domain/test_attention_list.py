"""What needs a person is computed from the facts: each kind appears with its cause and disappears with it."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from saluhall.channel import UnreadableEntry
from saluhall.domain.attention import operations as attention
from saluhall.domain.attention import queries
from saluhall.domain.attention.kinds import KINDS
from saluhall.domain.attention.model import AttentionItem
from saluhall.domain.connections.model import Connection
from saluhall.domain.listings import operations as listings
from saluhall.domain.listings import record, suspension
from saluhall.domain.listings.events import Rejected
from saluhall.domain.orders import matching, operations, refunds, updates
from saluhall.domain.orders import queries as orders
from saluhall.domain.orders.model import OrderStatus, StatusChange, UpdateKind
from saluhall.storage import Database
from tests.domain.selling import LEASE, NOW, WORKER, Seller, order, row

STATUS = {"shipped": OrderStatus.SHIPPED, "cancelled": OrderStatus.CANCELLED}


@pytest.fixture
async def seller(db: Database) -> Seller:
    return await Seller.open(db)


async def listed(seller: Seller, **options: Any) -> list[AttentionItem]:
    async with seller.db.transaction() as tx:
        return await queries.list_attention(
            tx, principal=seller.principal, now=seller.now, **options
        )


async def orders_with_attention(seller: Seller) -> list[list[str]]:
    async with seller.db.transaction() as tx:
        found = await orders.list_orders(tx, principal=seller.principal, attention=True)
    return [list(each.attention) for each in found]


async def set_status(seller: Seller, order_id: int, status: OrderStatus) -> None:
    change = StatusChange(index=0, order_id=order_id, status=status)
    async with seller.db.transaction() as tx:
        assert not await operations.change_status(
            tx, principal=seller.principal, changes=[change], now=seller.now
        )


async def reject(seller: Seller, connection: Connection) -> None:
    """Let the channel reject all that it is notified of now."""
    async with seller.db.transaction() as tx:
        for due in await updates.claim_due(
            tx,
            seller.principal.account_id,
            connection.id,
            worker=WORKER,
            limit=9,
            lease=LEASE,
            now=seller.now,
        ):
            await updates.rejected(tx, due, reason="Not yours", now=seller.now)


async def sell(seller: Seller, lines: Sequence[Any], **facts: Any) -> tuple[Connection, int]:
    connection = await seller.connect()
    await seller.receive(connection, order("77", lines, **facts))
    [stored] = await seller.orders()
    return connection, stored["id"]


async def test_a_line_that_matches_no_product_until_it_is_matched(seller: Seller) -> None:
    _, order_id = await sell(seller, [row("700", quantity=2), row("701")], paid=True)
    lines = await seller.order_lines()
    product = await seller.stock("A", quantity=5)
    [facts] = await seller.rows(
        "select number from catalogs where account_id = %(account_id)s", id=product
    )

    second, first = await listed(seller)
    async with seller.db.transaction() as tx:
        for line in lines:
            await matching.match(
                tx,
                principal=seller.principal,
                order_id=order_id,
                line_id=line["id"],
                sku="A",
                catalog=facts["number"],
                now=NOW,
            )

    ids = (order_id, lines[0]["id"])
    assert second.id == f"line_unmatched:{order_id}/{lines[1]['id']}"
    assert first == AttentionItem(
        id=f"line_unmatched:{ids[0]}/{ids[1]}",
        kind="line_unmatched",
        since=NOW,
        subject=f"Order 77, line {ids[1]}",
        message="2 x Sold 700 (listing 700 at Tradera 1) matches no product: nothing was taken from stock.",
        remedy=f"saluhall order match {ids[0]} {ids[1]} --sku SKU --catalog NUMBER --account {seller.principal.account_name}",
    )
    assert await listed(seller) == []


@pytest.mark.parametrize("end", ["shipped", "cancelled"])
async def test_an_oversold_line_until_it_is_shipped_or_cancelled(seller: Seller, end: str) -> None:
    connection = await seller.connect()
    listing = await seller.list_at(connection, await seller.stock("A", quantity=2), "620")
    await seller.receive(
        connection, order("77", [row("620", listing=listing, quantity=3)], paid=True)
    )
    [stored] = await seller.orders()

    [item] = await listed(seller)
    marked = await orders_with_attention(seller)
    await set_status(seller, stored["id"], STATUS[end])

    assert marked == [["oversold"]]
    assert await orders_with_attention(seller) == []
    assert (item.kind, item.subject.partition(",")[0]) == ("oversold", "Order 77")
    assert item.message == "3 of A were bought at Tradera 1, 2 of them were in stock."
    assert f"saluhall order cancel {stored['id']} --account" in item.remedy
    assert await listed(seller) == []


async def test_a_rejected_notification_until_the_channel_is_notified_again(
    seller: Seller,
) -> None:
    connection, order_id = await sell(seller, [row("700")], paid=True)
    await set_status(seller, order_id, OrderStatus.SHIPPED)
    assert await listed(seller) == []
    await reject(seller, connection)

    [item] = await listed(seller)
    assert item.id == f"update_rejected:{order_id}/shipped"
    assert item.message == "Tradera 1 does not take that the order is shipped: Not yours"
    assert f"saluhall order ship {order_id} --account" in item.remedy

    await set_status(seller, order_id, OrderStatus.SHIPPED)
    assert await listed(seller) == []
    await reject(seller, connection)
    assert [each.id for each in await listed(seller)] == [item.id]
    await set_status(seller, order_id, OrderStatus.CANCELLED)
    assert await listed(seller) == []


async def test_a_rejected_refund_and_cancellation(
    seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "notices_of", lambda _: frozenset(UpdateKind))
    connection, order_id = await sell(seller, [row("700")], paid=True)
    async with seller.db.transaction() as tx:
        await refunds.refund(
            tx, principal=seller.principal, order_id=order_id, amount=Decimal(1), reason="", now=NOW
        )
    await set_status(seller, order_id, OrderStatus.CANCELLED)
    await reject(seller, connection)

    found = {item.id.partition("/")[2]: item.remedy for item in await listed(seller)}
    await set_status(seller, order_id, OrderStatus.CANCELLED)

    assert found["refunded"] == "Refund it at Tradera 1; the hub reads the refund from there"
    assert f"saluhall order cancel {order_id} --account" in found["cancelled"]
    assert [item.id for item in await listed(seller)] == [f"update_rejected:{order_id}/refunded"]


async def test_a_missing_payment_after_some_days_until_it_is_paid(seller: Seller) -> None:
    connection = await seller.connect()
    listing = await seller.list_at(connection, await seller.stock("A"), "620")
    await seller.receive(connection, order("77", [row("620", listing=listing)]))
    [stored] = await seller.orders()

    seller.now += timedelta(days=7) - timedelta(seconds=1)
    assert await listed(seller) == []
    assert len(await listed(seller, payment_after=timedelta(days=3))) == 1
    seller.now += timedelta(seconds=1)
    [item] = await listed(seller)
    async with seller.db.transaction() as tx:
        await operations.pay(tx, principal=seller.principal, order_id=stored["id"], now=seller.now)

    assert (item.kind, item.since) == ("payment_missing", NOW + timedelta(days=7))
    assert (
        item.message == "Eva Ek has not paid 9 SEK for what was bought at Tradera 1 on 2026-11-22."
    )
    assert f"saluhall order pay {stored['id']} --account" in item.remedy
    assert await listed(seller) == []
    [paid] = await seller.orders()
    assert (paid["status"], paid["paid_at"]) == ("paid", seller.now)


async def test_paying_a_shipped_order_leaves_it_shipped(seller: Seller) -> None:
    _, order_id = await sell(seller, [row("700")])
    await set_status(seller, order_id, OrderStatus.SHIPPED)

    async with seller.db.transaction() as tx:
        await operations.pay(tx, principal=seller.principal, order_id=order_id, now=NOW)

    [stored] = await seller.orders()
    assert (stored["status"], stored["paid_at"]) == ("shipped", NOW)


async def test_a_rejected_offer_until_it_is_ended(seller: Seller) -> None:
    connection = await seller.connect()
    offer_id = await seller.offer(connection, await seller.stock("A"))
    async with seller.db.transaction() as tx:
        [due] = await record.claim_due(
            tx,
            seller.principal.account_id,
            connection.id,
            worker=WORKER,
            limit=9,
            lease=LEASE,
            now=seller.now,
        )
        await record.record(tx, due, Rejected(reason="The title is too short"), now=seller.now)

    [item] = await listed(seller)
    async with seller.db.transaction() as tx:
        await listings.end_offer(tx, principal=seller.principal, offer_id=offer_id, now=seller.now)

    assert (item.id, item.subject) == (f"offer_rejected:{offer_id}", "A at Tradera 1")
    assert item.message == "Tradera 1 does not publish A: The title is too short"
    assert f"saluhall offer end {offer_id} --account" in item.remedy
    assert await listed(seller) == []


async def test_a_suspended_connection_until_it_is_connected_again(seller: Seller) -> None:
    connection = await seller.connect()
    async with seller.db.transaction() as tx:
        await suspension.suspend(tx, connection, reason="The token expired", now=seller.now)

    [item] = await listed(seller)
    await seller.connect()

    assert item.id == f"connection_suspended:{connection.id}"
    assert item.message == "Nothing is published, updated or read at Tradera 1: The token expired"
    assert item.remedy.startswith(f"saluhall connection reconnect {connection.id} --account")
    assert await listed(seller) == []


async def test_a_failed_image_until_the_product_has_another_one(seller: Seller) -> None:
    product = await seller.stock("A", image_urls=["https://shop/1.jpg"])
    await seller.run(
        """
        insert into images (account_id, product_id, source_url, state, reason, updated_at)
        values (%(account_id)s, %(id)s, 'https://shop/1.jpg', 'refused', 'status 404', %(now)s)
        """,
        id=product,
        now=NOW,
    )

    [item] = await listed(seller)
    await seller.stock("A", image_urls=[])

    assert item.kind == "image_failed"
    assert item.message == "The image https://shop/1.jpg of A is not shown: status 404"
    assert await listed(seller) == []


async def test_an_unreadable_entry_until_it_is_dismissed(seller: Seller) -> None:
    connection = await seller.connect()
    entry = UnreadableEntry(kind="order", remote_id="9", raw="{}", reason="no {date}")
    async with seller.db.transaction() as tx:
        await attention.record(tx, connection, [entry], now=NOW)

    [item] = await listed(seller)

    assert item.message == "Tradera 1 sent the order 9, which cannot be read: no {date}"
    assert item.remedy.split()[-4:-2] == ["dismiss", item.id.partition(":")[2]]


async def test_others_see_nothing_and_the_list_is_bounded(seller: Seller) -> None:
    await sell(seller, [row(str(n)) for n in range(5)], paid=True)

    assert len(await listed(seller, limit=3)) == 3
    assert await listed(await Seller.open(seller.db)) == []


def test_kinds_have_different_names() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS)
