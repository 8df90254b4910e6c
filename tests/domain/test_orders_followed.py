"""What a channel changes of an order is so here: shipped, cancelled as a whole or in part, refunded; units return to stock once."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from saluhall.channel_orders import RemoteOrder, RemoteOrderLine, RemoteRefund
from saluhall.domain.connections.model import Connection
from saluhall.domain.offers import operations as offers
from saluhall.domain.offers.model import Policy, QuantityRule
from saluhall.domain.orders import fulfilments, operations, queries
from saluhall.domain.orders.fulfilments import Parcel
from saluhall.domain.orders.model import LineNotFound, OrderStatus, StatusChange, TooManyUnits
from saluhall.storage import Database
from tests.domain.selling import NOW, Seller, order, row

HOUR = timedelta(hours=1)


@pytest.fixture
async def seller(db: Database) -> Seller:
    return await Seller.open(db)


async def bought(
    seller: Seller, connection: Connection, *, units: int, of: int = 5
) -> tuple[RemoteOrder, RemoteOrderLine]:
    """Have units of a product bought and paid."""
    listing = await seller.list_at(connection, await seller.stock("A", quantity=of), "620")
    line = row("620", listing=listing, quantity=units)
    placed = order("1", [line], paid=True)
    await seller.receive(connection, placed)
    return placed, line


async def line_of(seller: Seller) -> dict[str, Any]:
    [line] = await seller.order_lines()
    return line


async def left(seller: Seller) -> int:
    return int((await seller.product("A"))["quantity"])


async def change(seller: Seller, status: OrderStatus) -> None:
    [head] = await seller.orders()
    wanted = StatusChange(index=0, order_id=head["id"], status=status)
    async with seller.db.transaction() as tx:
        assert not await operations.change_status(
            tx, principal=seller.principal, changes=[wanted], now=seller.now
        )


async def test_an_order_cancelled_over_there_returns_its_units_once(seller: Seller) -> None:
    connection = await seller.connect()
    placed, _ = await bought(seller, connection, units=2)
    cancelled = replace(placed, changed_at=NOW + HOUR, cancelled_at=NOW + HOUR)

    for again in range(2):
        later = NOW + HOUR * (1 + again)
        await seller.receive(connection, replace(cancelled, changed_at=later))

    [head] = await seller.orders()
    line = await line_of(seller)
    assert (head["status"], head["previous_status"], head["cancelled_at"]) == ("cancelled", "paid", NOW + HOUR)  # fmt: skip
    assert (line["units_cancelled"], line["units_taken"], await left(seller)) == (2, 0, 5)


async def test_the_last_unit_of_a_cancelled_order_is_offered_again(seller: Seller) -> None:
    connection = await seller.connect()
    await bought(seller, connection, units=1, of=1)
    assert (await seller.product("A"))["status"] == "sold"

    await change(seller, OrderStatus.CANCELLED)

    assert ((await seller.product("A"))["status"], await left(seller)) == ("active", 1)
    [newest] = await seller.rows(
        """
        select l.state, l.due_at is not null as is_due from offers o
          join listings l on l.account_id = o.account_id and l.id = o.listing_id
         where o.account_id = %(account_id)s
        """
    )
    assert newest == {"state": "pending", "is_due": True}


async def test_a_policy_keeps_cancelled_units_for_a_person_to_count(
    seller: Seller, db: Database
) -> None:
    connection = await seller.connect()
    async with db.transaction() as tx:
        await offers.set_policy(
            tx,
            principal=seller.principal,
            connection_id=connection.id,
            policy=Policy(quantity=QuantityRule(returns_cancelled=False)),
            now=NOW,
        )
    await bought(seller, connection, units=2)

    await change(seller, OrderStatus.CANCELLED)

    assert (await left(seller), (await line_of(seller))["units_taken"]) == (3, 2)


async def test_a_part_that_is_cancelled_over_there_returns_as_much(seller: Seller) -> None:
    connection = await seller.connect()
    placed, line = await bought(seller, connection, units=3)

    partly = replace(line, cancelled=1)
    await seller.receive(connection, replace(placed, lines=[partly], changed_at=NOW + HOUR))

    [head] = await seller.orders()
    assert (head["status"], (await line_of(seller))["units_cancelled"], await left(seller)) == ("paid", 1, 3)  # fmt: skip


async def test_what_was_shipped_does_not_return_when_the_rest_is_cancelled(seller: Seller) -> None:
    connection = await seller.connect()
    placed, line = await bought(seller, connection, units=3)
    partly = replace(line, shipped=2)
    await seller.receive(connection, replace(placed, lines=[partly], changed_at=NOW + HOUR))

    await change(seller, OrderStatus.CANCELLED)

    got = await line_of(seller)
    assert (got["units_shipped"], got["units_cancelled"], await left(seller)) == (2, 1, 3)


async def test_an_order_that_comes_cancelled_takes_nothing(seller: Seller) -> None:
    connection = await seller.connect()
    listing = await seller.list_at(connection, await seller.stock("A", quantity=5), "620")

    await seller.receive(
        connection, order("1", [row("620", listing=listing)], cancelled_at=NOW, paid=True)
    )

    [head] = await seller.orders()
    assert (head["status"], head["attention"], await left(seller)) == ("cancelled", [], 5)
    assert await seller.sales_told() == []


async def test_an_order_shipped_over_there_is_shipped_with_its_parcel(seller: Seller) -> None:
    connection = await seller.connect()
    placed, _ = await bought(seller, connection, units=2)

    shipped = replace(placed, changed_at=NOW + HOUR, shipped_at=NOW + HOUR, carrier="DHL", tracking="T1")  # fmt: skip
    await seller.receive(connection, shipped)

    [head] = await seller.orders()
    [parcel] = await seller.rows("select * from fulfilments where account_id = %(account_id)s")
    line = await line_of(seller)
    assert (head["status"], head["shipped_at"]) == ("shipped", NOW + HOUR)
    assert (parcel["carrier"], parcel["tracking"]) == ("DHL", "T1")
    assert (line["units_shipped"], line["tracking"], line["shipped_at"]) == (2, "T1", NOW + HOUR)


async def test_refunds_are_kept_once_with_amount_and_reason(seller: Seller) -> None:
    connection = await seller.connect()
    placed, line = await bought(seller, connection, units=2)
    refund = RemoteRefund(
        external_id="r1", amount=Decimal("2.50"), refunded_at=NOW + HOUR, reason="scratched"
    )
    part = replace(line, refunded=1, refunded_amount=Decimal("2.50"))
    for hours in (1, 2):
        await seller.receive(
            connection,
            replace(placed, lines=[part], refunds=[refund], changed_at=NOW + hours * HOUR),
        )

    [head] = await seller.orders()
    [kept] = await seller.rows("select * from refunds where account_id = %(account_id)s")
    got = await line_of(seller)
    assert (head["status"], head["refunded"]) == ("paid", Decimal("2.50"))
    assert (kept["amount"], kept["currency"], kept["reason"]) == (Decimal("2.50"), "SEK", "scratched")  # fmt: skip
    assert (got["units_refunded"], got["refunded"], got["refunded_at"]) == (1, Decimal("2.50"), NOW + HOUR)  # fmt: skip


async def test_notes_discounts_taxes_and_fees_are_kept_as_the_channel_gives_them(
    seller: Seller,
) -> None:
    line = replace(
        row("9", price=100), external_id="L1", sku="X", discount=Decimal(10), tax=Decimal(18), fee=Decimal(3)
    )  # fmt: skip

    await seller.receive(
        await seller.connect(),
        order("1", [line], number="#1001", buyer_note="ring twice", discount=Decimal(10), tax=Decimal(19)),
    )  # fmt: skip

    [head] = await seller.orders()
    got = await line_of(seller)
    assert (head["number"], head["buyer_note"], head["discount"], head["tax"]) == ("#1001", "ring twice", 10, 19)  # fmt: skip
    assert (got["external_id"], got["sku"], got["total"], got["tax"], got["fee"]) == ("L1", "X", 90, 18, 3)  # fmt: skip


async def test_a_fee_of_the_whole_order_is_split_over_its_lines_also_when_it_comes_later(
    seller: Seller,
) -> None:
    connection = await seller.connect()
    lines = [row("1", price=100), row("2", price=100), row("3", price=10)]
    await seller.receive(connection, order("1", lines[:2], fee=Decimal(0)))
    await seller.receive(connection, order("1", lines, fee=Decimal("10.01"), later=HOUR))
    await seller.receive(connection, order("1", lines, fee=Decimal("21.00"), later=2 * HOUR))

    fees = [line["fee"] for line in await seller.order_lines()]
    async with seller.db.statement() as tx:
        [listed] = await queries.list_orders(tx, principal=seller.principal)
    assert fees == [10, 10, 1]
    assert [line.fee for line in listed.lines] == [10, 10, 1]
    assert [line.net for line in listed.lines] == [90, 90, 9]


async def test_parcels_hold_some_units_and_the_last_one_ships_the_order(seller: Seller) -> None:
    connection = await seller.connect()
    await bought(seller, connection, units=3)
    [head], line = await seller.orders(), await line_of(seller)

    async def ship(tracking: str, units: int) -> None:
        parcel = Parcel(
            order_id=head["id"], carrier="DHL", tracking=tracking, lines={line["id"]: units}
        )
        async with seller.db.transaction() as tx:
            await fulfilments.ship(tx, principal=seller.principal, parcel=parcel, now=seller.now)

    await ship("T1", 1)
    [partly] = await seller.orders()
    with pytest.raises(TooManyUnits, match="has 2 left to ship: name 1 to 2 units, not 3"):
        await ship("T2", 3)
    await ship("T2", 2)
    [whole] = await seller.orders()

    assert (partly["status"], whole["status"], whole["tracking"]) == ("paid", "shipped", "T2")
    parcels = await seller.rows(
        """
        select f.tracking, p.quantity from fulfilments f
          join fulfilment_lines p on p.account_id = f.account_id and p.fulfilment_id = f.id
         where f.account_id = %(account_id)s order by f.tracking
        """
    )
    assert [(p["tracking"], p["quantity"]) for p in parcels] == [("T1", 1), ("T2", 2)]


async def test_a_parcel_of_an_unknown_line_is_refused(seller: Seller) -> None:
    await bought(seller, await seller.connect(), units=1)
    [head] = await seller.orders()
    parcel = Parcel(order_id=head["id"], carrier="DHL", tracking="T", lines={2**30: 1})

    with pytest.raises(LineNotFound, match="has no line"):
        async with seller.db.transaction() as tx:
            await fulfilments.ship(tx, principal=seller.principal, parcel=parcel, now=seller.now)


async def test_an_order_that_was_not_shipped_after_all_has_no_parcel(seller: Seller) -> None:
    await bought(seller, await seller.connect(), units=1)
    await seller.run(
        "update orders set connection_id = null where account_id = %(account_id)s"
    )  # of no channel
    await change(seller, OrderStatus.SHIPPED)

    await change(seller, OrderStatus.PAID)

    assert (await line_of(seller))["units_shipped"] == 0
    assert await seller.rows("select id from fulfilments where account_id = %(account_id)s") == []


async def test_each_step_of_an_order_is_one_event_with_who_did_it(seller: Seller) -> None:
    connection = await seller.connect()
    placed, line = await bought(seller, connection, units=2)
    refund = RemoteRefund(external_id="r1", amount=Decimal(2), refunded_at=NOW + HOUR)
    part = replace(line, refunded=1, refunded_amount=Decimal(2))
    for hours in (1, 2):
        again = replace(placed, lines=[part], refunds=[refund], changed_at=NOW + hours * HOUR)
        await seller.receive(connection, again)
    await change(seller, OrderStatus.SHIPPED)
    await change(seller, OrderStatus.SHIPPED)

    [head] = await seller.orders()
    found = await seller.rows(
        "select type, data from events where account_id = %(account_id)s and type like 'order.%%' order by id"
    )
    assert [event["type"] for event in found] == ["order.created", "order.paid", "order.refunded", "order.shipped"]  # fmt: skip
    assert {event["data"]["order_id"] for event in found} == {str(head["id"])}
    assert found[0]["data"]["lines"] == [{"sku": "A", "quantity": 2}]
    assert (found[2]["data"]["amount"], found[2]["data"]["currency"]) == ("2", "SEK")
