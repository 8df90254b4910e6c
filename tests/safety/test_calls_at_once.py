"""Calls that come at the same time are answered together; nobody notices."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pytest

from saluhall.dialect import BatchedRoute, Reply
from saluhall.domain.accounts.model import Principal
from saluhall.kit.batching import MAX_SIZE
from saluhall.kit.clock import utc_now
from saluhall.kit.ids import new_id
from saluhall.storage import Database, Transaction
from saluhall.storage.database import DatabaseUnavailable, Deadlock
from saluhall.web.request_batching import RequestBatcher
from tests.shop import Shop


class Refused(Exception):
    """What a test's route says of a call that it refuses."""


class Broken(Exception):
    """What a test's route breaks with."""


class Desk:
    """A route that writes down the lots that it is asked for."""

    def __init__(self, db: Database) -> None:
        self.lots: list[list[str]] = []
        self.begun = asyncio.Event()
        self.may_go = asyncio.Event()
        self.may_go.set()
        gathers = BatchedRoute(
            read=self.read, key=lambda asked: asked.split("#")[0], handle=self.answer
        )
        self.gathering = RequestBatcher(db, utc_now, gathers, source="test")

    @staticmethod
    def read(path: Mapping[str, str], _body: bytes) -> str:
        if path["id"] == "unreadable":
            raise Refused
        return path["id"]

    async def answer(
        self, _tx: Transaction, _by: Principal, asked: Sequence[Any], _now: datetime
    ) -> Sequence[Reply | Exception]:
        self.lots.append(list(asked))
        self.begun.set()
        await self.may_go.wait()
        for each in asked:
            if each == "broken":
                raise Broken
            if each == "deadlocked" and len(asked) > 1:
                raise Deadlock
            if each == "undone once" and self.lots.count(["undone once"]) == 1:
                raise Deadlock
            if each == "unreachable":
                raise DatabaseUnavailable
        return [
            Refused() if each == "refused" else Reply(status=200, headers={"id": each})
            for each in asked
        ]

    async def call(self, item: str, *, principal: Principal) -> str:
        reply = await self.gathering.handle(principal, path={"id": item}, body=b"", request_id="r")
        return reply.headers["id"]


@pytest.fixture
def desk(db: Database) -> Desk:
    return Desk(db)


def somebody() -> Principal:
    return Principal(account_id=new_id(), account_name="a", key_id=new_id())


async def at_once(desk: Desk, *items: str, principal: Principal) -> list[str | BaseException]:
    """Let one call be under way, and these come meanwhile; give what they got."""
    desk.may_go.clear()
    first = asyncio.create_task(desk.call("first", principal=principal))
    await desk.begun.wait()
    rest = asyncio.gather(
        *[desk.call(item, principal=principal) for item in items], return_exceptions=True
    )
    await asyncio.sleep(0)  # all of them have come now
    desk.may_go.set()
    assert await first == "first"
    return await rest


async def test_what_comes_meanwhile_is_the_next_lot(desk: Desk) -> None:
    assert await at_once(desk, "a", "b", "c", principal=somebody()) == ["a", "b", "c"]
    assert desk.lots == [["first"], ["a", "b", "c"]]


async def test_nobody_waits_for_company(desk: Desk) -> None:
    principal = somebody()
    assert [await desk.call(item, principal=principal) for item in "ab"] == ["a", "b"]
    assert desk.lots == [["a"], ["b"]]


async def test_two_calls_about_the_same_are_answered_one_after_the_other(desk: Desk) -> None:
    assert await at_once(desk, "a#1", "b", "a#2", "a#3", principal=somebody()) == [
        "a#1",
        "b",
        "a#2",
        "a#3",
    ]
    assert desk.lots == [["first"], ["a#1", "b"], ["a#2"], ["a#3"]]


async def test_a_lot_is_bounded(desk: Desk) -> None:
    items = [str(n) for n in range(2 * MAX_SIZE + 1)]
    assert await at_once(desk, *items, principal=somebody()) == items
    assert [len(lot) for lot in desk.lots] == [1, MAX_SIZE, MAX_SIZE, 1]


async def test_two_principals_never_share_a_lot(desk: Desk) -> None:
    ours, theirs = somebody(), somebody()
    both = [desk.call(item, principal=principal) for item in "abc" for principal in (ours, theirs)]
    assert await asyncio.gather(*both) == ["a", "a", "b", "b", "c", "c"]
    assert all(len(set(lot)) == len(lot) for lot in desk.lots)


async def test_a_refusal_is_one_callers_own(desk: Desk) -> None:
    a, refused, b = await at_once(desk, "a", "refused", "b", principal=somebody())
    assert (a, b) == ("a", "b")
    assert isinstance(refused, Refused)
    assert desk.lots == [["first"], ["a", "refused", "b"]]


async def test_what_cannot_be_read_waits_for_nobody(desk: Desk) -> None:
    with pytest.raises(Refused):
        await desk.call("unreadable", principal=somebody())
    assert desk.lots == []


@pytest.mark.parametrize("bad", ["broken", "deadlocked"])
async def test_a_call_that_breaks_takes_no_other_with_it(desk: Desk, bad: str) -> None:
    a, broken, b = await at_once(desk, "a", bad, "b", principal=somebody())
    assert (a, b) == ("a", "b")
    assert isinstance(broken, Broken) if bad == "broken" else broken == "deadlocked"
    together = [["a", bad, "b"]] * (2 if bad == "deadlocked" else 1)
    assert desk.lots == [["first"], *together, ["a"], [bad], ["b"]]


async def test_a_lone_call_that_postgresql_undid_is_answered_once_more(desk: Desk) -> None:
    assert await desk.call("undone once", principal=somebody()) == "undone once"
    assert desk.lots == [["undone once"]] * 2


async def test_without_a_database_all_are_told_so_at_once(desk: Desk) -> None:
    principal = somebody()
    got = await at_once(desk, "a", "unreachable", principal=principal)
    assert [type(each) for each in got] == [DatabaseUnavailable] * 2
    assert desk.lots == [["first"], ["a", "unreachable"]]
    assert await desk.call("later", principal=principal) == "later"


async def test_whoever_has_gone_is_not_worked_for_and_holds_nobody_up(desk: Desk) -> None:
    principal = somebody()
    desk.may_go.clear()
    first = asyncio.create_task(desk.call("first", principal=principal))
    await desk.begun.wait()
    gone = asyncio.create_task(desk.call("gone", principal=principal))
    stays = asyncio.create_task(desk.call("stays", principal=principal))
    await asyncio.sleep(0)  # both have come now
    first.cancel()
    gone.cancel()
    await asyncio.gather(first, gone, return_exceptions=True)
    desk.may_go.set()
    assert await stays == "stays"
    assert desk.lots == [["first"], ["stays"]]


async def test_many_items_put_at_once_are_each_put_once(shop: Shop) -> None:
    ids = [f"at-once/{n}" for n in range(60)]
    uuids = await asyncio.gather(*[shop.put(sku, title=f"Title {sku}") for sku in ids])

    assert len(set(uuids)) == len(ids)
    stored = await shop.rows("select sku, title from products where account_id = %(account_id)s")
    assert {row["sku"]: row["title"] for row in stored} == {sku: f"Title {sku}" for sku in ids}
    for sku in ids:
        assert [event["type"] for event in await shop.history(sku)] == ["product.created"]


async def test_one_item_put_many_times_at_once_is_created_once(shop: Shop) -> None:
    uuids = await asyncio.gather(*[shop.put("twice", title=f"Title {n}") for n in range(20)])

    assert len(set(uuids)) == 1
    created = [e for e in await shop.history("twice") if e["type"] == "product.created"]
    assert len(created) == 1


async def test_bad_calls_among_good_ones_get_their_own_answers(shop: Shop) -> None:
    good = {"title": "Good", "price": 100, "shippingCost": 49}
    bad = {**good, "price": -1}
    orphan = {**good, "parentExternalId": "nowhere"}
    kinds: list[tuple[dict[str, Any], int]] = [(good, 202), (bad, 422), (orphan, 422)]
    calls = [(f"mixed-{n}", *kinds[n % 3]) for n in range(30)]
    got = await asyncio.gather(*[shop.call("PUT", shop.path(sku), body) for sku, body, _ in calls])

    assert [status for status, _ in got] == [status for *_, status in calls]
    stored = await shop.rows("select sku from products where account_id = %(account_id)s")
    assert {row["sku"] for row in stored} == {sku for sku, _, status in calls if status == 202}
