"""What is due at the marketplace is taken by one worker at a time, and an answer counts only while it is still wanted."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from saluhall.channel_orders import Acknowledged, Acknowledgement, NotSupported
from saluhall.domain.connections.model import Connection
from saluhall.domain.orders import operations, updates
from saluhall.domain.orders.model import DueUpdate, OrderStatus, StatusChange, UpdateKind
from saluhall.jobs.due import DUE_ROWS
from saluhall.kit.ids import new_id
from saluhall.storage import Database
from saluhall.storage.claims import Dead, release
from tests.domain.selling import NOW, Seller, order, row

LEASE = timedelta(minutes=3)
ONE, OTHER = new_id(), new_id()


class Client:
    """A seller with one order that was said to be sent."""

    def __init__(self, seller: Seller, connection: Connection) -> None:
        self.seller = seller
        self.connection = connection

    async def say(self, status: OrderStatus, **more: Any) -> None:
        [head] = await self.seller.orders()
        change = StatusChange(index=0, order_id=head["id"], status=status, **more)
        async with self.seller.db.transaction() as tx:
            await operations.change_status(
                tx, principal=self.seller.principal, changes=[change], now=NOW
            )

    async def claim(self, worker: UUID, *, now: datetime = NOW) -> list[DueUpdate]:
        async with self.seller.db.transaction() as tx:
            return await updates.claim_due(
                tx, self.seller.principal.account_id, self.connection.id, worker=worker, limit=10, lease=LEASE, now=now
            )  # fmt: skip

    async def recorded(self, push: DueUpdate, answer: Acknowledgement) -> dict[str, object]:
        async with self.seller.db.transaction() as tx:
            await updates.settled(tx, push, answer, label="Tradera", now=NOW)
        return await self.order()

    async def order(self) -> dict[str, object]:
        """Read the order with what is due of it, and when."""
        [order] = await self.seller.rows(
            """
            select o.*, u.kind as due, u.due_at from orders o
              left join order_updates u
                on u.account_id = o.account_id and u.order_id = o.id and u.due_at is not null
             where o.account_id = %(account_id)s
            """
        )
        return order

    async def woken(self) -> list[str]:
        async with self.seller.db.statement() as tx:
            return await tx.all(
                lambda r: str(r["key"]), DUE_ROWS["push_orders"].due_keys, {"now": NOW}
            )


@pytest.fixture
async def client(db: Database) -> Client:
    seller = await Seller.open(db)
    connection = await seller.connect()
    await seller.receive(connection, order("77", [row("620")]))
    return Client(seller, connection)


async def test_an_order_is_taken_by_one_worker_until_its_lease_runs_out(client: Client) -> None:
    await client.say(OrderStatus.SHIPPED)

    [push] = await client.claim(ONE)

    assert (push.external_id, push.kind, push.attempts) == ("77", UpdateKind.SHIPPED, 0)
    assert await client.claim(OTHER) == []
    assert [p.id for p in await client.claim(OTHER, now=NOW + LEASE)] == [push.id]


async def test_a_channel_is_notified_of_the_parcel_and_the_lines_in_it(client: Client) -> None:
    await client.say(OrderStatus.SHIPPED, carrier="DHL", tracking="T1")

    [push] = await client.claim(ONE)

    assert (push.carrier, push.tracking, push.lines) == ("DHL", "T1", {"77-620": 1})


async def test_only_the_holder_of_the_claim_records_an_answer(client: Client) -> None:
    await client.say(OrderStatus.SHIPPED)
    [push] = await client.claim(ONE)
    [taken] = await client.claim(OTHER, now=NOW + LEASE)

    late = await client.recorded(push, Acknowledged())
    assert late["due"] == "shipped"

    done = await client.recorded(taken, Acknowledged())
    assert (done["due"], done["acknowledged"]) == (None, "shipped")


async def test_an_answer_to_what_is_not_wanted_any_more_changes_nothing(client: Client) -> None:
    await client.say(OrderStatus.PAID)
    [push] = await client.claim(ONE)
    await client.say(OrderStatus.SHIPPED)

    head = await client.recorded(push, NotSupported())

    assert (head["status"], head["due"], head["status_message"]) == ("shipped", "shipped", "")
    assert [p.kind for p in await client.claim(ONE)] == [UpdateKind.SHIPPED]


async def test_an_order_shows_what_its_channel_has_recorded_and_when(client: Client) -> None:
    await client.say(OrderStatus.SHIPPED)
    [push] = await client.claim(ONE)

    head = await client.recorded(push, Acknowledged())

    assert (head["acknowledged"], head["acknowledged_at"]) == ("shipped", NOW)


async def test_pauses_grow_and_the_trouble_is_seen(client: Client) -> None:
    await client.say(OrderStatus.SHIPPED)
    pauses = []
    now = NOW
    head = await client.order()
    for _ in range(14):
        [push] = await client.claim(ONE, now=now)
        async with client.seller.db.transaction() as tx:
            await updates.postpone(tx, push, reason="no answer", pause=None, now=now)
        head = await client.order()
        assert isinstance(head["due_at"], datetime)
        pauses.append(head["due_at"] - now)
        now = head["due_at"]
        assert head["status_message"] == "no answer"

    assert [p.total_seconds() for p in pauses[:4]] == [2, 4, 8, 16]
    assert pauses[-1] == timedelta(hours=1)
    assert head["changed_at"] == NOW  # it said something new once


async def test_nothing_is_taken_and_nobody_woken_without_access_and_all_is_with_it(
    client: Client,
) -> None:
    await client.say(OrderStatus.SHIPPED)
    assert await client.woken() == [str(client.connection.id)]
    await client.claim(ONE)
    await client.seller.run(
        "update connections set state = 'disconnected' where account_id = %(account_id)s"
    )
    async with client.seller.db.transaction() as tx:
        await updates.suspend(tx, client.connection, reason="connect again", now=NOW)

    head = await client.order()
    assert (head["status_message"], head["due"]) == ("connect again", "shipped")
    assert (await client.woken(), await client.claim(OTHER)) == ([], [])

    await client.seller.connect()
    assert await client.woken() == [str(client.connection.id)]
    assert len(await client.claim(OTHER)) == 1


async def test_what_a_dead_worker_held_is_due_at_once(client: Client) -> None:
    await client.say(OrderStatus.SHIPPED)
    await client.claim(ONE)

    async with client.seller.db.transaction() as tx:
        await release(tx, [DUE_ROWS["push_orders"].release], [Dead(ONE, NOW)], now=NOW)

    assert len(await client.claim(OTHER)) == 1
