"""What is due at the marketplace is taken by one worker at a time, and an answer counts only while it is still wanted."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from saluhall.channel import Acknowledged, Acknowledgement, NotSupported
from saluhall.domain.connections.model import Connection
from saluhall.domain.orders import operations, pushes
from saluhall.domain.orders.model import DuePush, OrderStatus, StatusChange
from saluhall.jobs.due import DUE_ROWS
from saluhall.kit.ids import new_id
from saluhall.storage import Database
from saluhall.storage.claims import Dead, release
from tests.domain.selling import NOW, Seller, order, row

LEASE = timedelta(minutes=3)
ONE, OTHER = new_id(), new_id()


class Desk:
    """A seller with one order that was said to be sent."""

    def __init__(self, seller: Seller, connection: Connection) -> None:
        self.seller = seller
        self.connection = connection

    async def say(self, status: OrderStatus) -> None:
        [head] = await self.seller.heads()
        change = StatusChange(index=0, order_id=head["id"], status=status)
        async with self.seller.db.transaction() as tx:
            await operations.change_status(tx, by=self.seller.by, changes=[change], now=NOW)

    async def claim(self, worker: UUID, *, now: datetime = NOW) -> list[DuePush]:
        async with self.seller.db.transaction() as tx:
            return await pushes.claim_due(
                tx, self.seller.by.account_id, self.connection.id, worker=worker, limit=10, lease=LEASE, now=now
            )  # fmt: skip

    async def told(self, push: DuePush, answer: Acknowledgement) -> dict[str, object]:
        async with self.seller.db.transaction() as tx:
            await pushes.told(tx, push, answer, label="Tradera", now=NOW)
        [head] = await self.seller.heads()
        return head

    async def rung(self) -> list[str]:
        async with self.seller.db.statement() as tx:
            return await tx.all(
                lambda r: str(r["key"]), DUE_ROWS["push_orders"].due_keys, {"now": NOW}
            )


@pytest.fixture
async def desk(db: Database) -> Desk:
    seller = await Seller.open(db)
    connection = await seller.connect()
    await seller.receive(connection, order("77", [row("620")]))
    return Desk(seller, connection)


async def test_an_order_is_taken_by_one_worker_until_its_lease_runs_out(desk: Desk) -> None:
    await desk.say(OrderStatus.SENT)

    [push] = await desk.claim(ONE)

    assert (push.remote_id, push.wanted_status, push.attempts) == ("77", OrderStatus.SENT, 0)
    assert await desk.claim(OTHER) == []
    assert [p.id for p in await desk.claim(OTHER, now=NOW + LEASE)] == [push.id]


async def test_only_whoever_holds_the_claim_records_an_answer(desk: Desk) -> None:
    await desk.say(OrderStatus.SENT)
    [push] = await desk.claim(ONE)
    [taken] = await desk.claim(OTHER, now=NOW + LEASE)

    late = await desk.told(push, Acknowledged())
    assert late["wanted_status"] == "sent"

    done = await desk.told(taken, Acknowledged())
    assert (done["wanted_status"], done["push_due_at"], done["push_claimed_by"]) == (
        None,
        None,
        None,
    )


async def test_an_answer_to_what_is_not_wanted_any_more_changes_nothing(desk: Desk) -> None:
    await desk.say(OrderStatus.ACCEPTED)
    [push] = await desk.claim(ONE)
    await desk.say(OrderStatus.SENT)

    head = await desk.told(push, NotSupported())

    assert (head["status"], head["wanted_status"], head["status_message"]) == ("sent", "sent", "")
    assert [p.wanted_status for p in await desk.claim(ONE)] == [OrderStatus.SENT]


async def test_what_was_told_stands_in_the_order_in_the_words_of_partners(desk: Desk) -> None:
    await desk.say(OrderStatus.SENT)
    [push] = await desk.claim(ONE)

    head = await desk.told(push, Acknowledged())

    assert head["upload_status"] == {
        "request_payload": '{"order_id":"77","status":"sent"}',
        "request_date": "Sun Nov 22 12:00:00 UTC 2026",
    }


async def test_pauses_grow_and_the_trouble_is_seen(desk: Desk) -> None:
    await desk.say(OrderStatus.SENT)
    pauses = []
    now = NOW
    [head] = await desk.seller.heads()
    for _ in range(14):
        [push] = await desk.claim(ONE, now=now)
        async with desk.seller.db.transaction() as tx:
            await pushes.postpone(tx, push, reason="no answer", pause=None, now=now)
        [head] = await desk.seller.heads()
        pauses.append(head["push_due_at"] - now)
        now = head["push_due_at"]
        assert head["status_message"] == "no answer"

    assert [p.total_seconds() for p in pauses[:4]] == [2, 4, 8, 16]
    assert pauses[-1] == timedelta(hours=1)
    assert head["modified"] == NOW  # it said something new once


async def test_nothing_is_taken_or_rung_for_without_access_and_all_is_with_it(desk: Desk) -> None:
    await desk.say(OrderStatus.SENT)
    assert await desk.rung() == [str(desk.connection.id)]
    await desk.claim(ONE)
    await desk.seller.run(
        "update connections set state = 'disconnected' where account_id = %(account_id)s"
    )
    async with desk.seller.db.transaction() as tx:
        await pushes.park(tx, desk.connection, reason="connect again", now=NOW)

    [head] = await desk.seller.heads()
    assert (head["status_message"], head["wanted_status"]) == ("connect again", "sent")
    assert (await desk.rung(), await desk.claim(OTHER)) == ([], [])

    await desk.seller.connect()
    assert await desk.rung() == [str(desk.connection.id)]
    assert len(await desk.claim(OTHER)) == 1


async def test_what_a_dead_worker_held_is_due_at_once(desk: Desk) -> None:
    await desk.say(OrderStatus.SENT)
    await desk.claim(ONE)

    async with desk.seller.db.transaction() as tx:
        await release(tx, [DUE_ROWS["push_orders"].release], [Dead(ONE, NOW)], now=NOW)

    assert len(await desk.claim(OTHER)) == 1
