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


class Client:
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
def client(db: Database) -> Client:
    return Client(db)


def somebody() -> Principal:
    return Principal(account_id=new_id(), account_name="a", key_id=new_id())


async def at_once(client: Client, *items: str, principal: Principal) -> list[str | BaseException]:
    """Let one call be under way, and these come meanwhile; give what they got."""
    client.may_go.clear()
    first = asyncio.create_task(client.call("first", principal=principal))
    await client.begun.wait()
    rest = asyncio.gather(
        *[client.call(item, principal=principal) for item in items], return_exceptions=True
    )
    await asyncio.sleep(0)  # all of them have come now
    client.may_go.set()
    assert await first == "first"
    return await rest


async def test_what_comes_meanwhile_is_the_next_lot(client: Client) -> None:
    assert await at_once(client, "a", "b", "c", principal=somebody()) == ["a", "b", "c"]
    assert client.lots == [["first"], ["a", "b", "c"]]


async def test_nobody_waits_for_company(client: Client) -> None:
    principal = somebody()
    assert [await client.call(item, principal=principal) for item in "ab"] == ["a", "b"]
    assert client.lots == [["a"], ["b"]]


async def test_two_calls_about_the_same_are_answered_one_after_the_other(client: Client) -> None:
    assert await at_once(client, "a#1", "b", "a#2", "a#3", principal=somebody()) == [
        "a#1",
        "b",
        "a#2",
        "a#3",
    ]
    assert client.lots == [["first"], ["a#1", "b"], ["a#2"], ["a#3"]]


async def test_a_lot_is_bounded(client: Client) -> None:
    items = [str(n) for n in range(2 * MAX_SIZE + 1)]
    assert await at_once(client, *items, principal=somebody()) == items
    assert [len(lot) for lot in client.lots] == [1, MAX_SIZE, MAX_SIZE, 1]


async def test_two_principals_never_share_a_lot(client: Client) -> None:
    ours, theirs = somebody(), somebody()
    both = [
        client.call(item, principal=principal) for item in "abc" for principal in (ours, theirs)
    ]
    assert await asyncio.gather(*both) == ["a", "a", "b", "b", "c", "c"]
    assert all(len(set(lot)) == len(lot) for lot in client.lots)


async def test_a_refusal_is_one_callers_own(client: Client) -> None:
    a, refused, b = await at_once(client, "a", "refused", "b", principal=somebody())
    assert (a, b) == ("a", "b")
    assert isinstance(refused, Refused)
    assert client.lots == [["first"], ["a", "refused", "b"]]


async def test_what_cannot_be_read_waits_for_nobody(client: Client) -> None:
    with pytest.raises(Refused):
        await client.call("unreadable", principal=somebody())
    assert client.lots == []


@pytest.mark.parametrize("bad", ["broken", "deadlocked"])
async def test_a_call_that_breaks_takes_no_other_with_it(client: Client, bad: str) -> None:
    a, broken, b = await at_once(client, "a", bad, "b", principal=somebody())
    assert (a, b) == ("a", "b")
    assert isinstance(broken, Broken) if bad == "broken" else broken == "deadlocked"
    together = [["a", bad, "b"]] * (2 if bad == "deadlocked" else 1)
    assert client.lots == [["first"], *together, ["a"], [bad], ["b"]]


async def test_a_lone_call_that_postgresql_undid_is_answered_once_more(client: Client) -> None:
    assert await client.call("undone once", principal=somebody()) == "undone once"
    assert client.lots == [["undone once"]] * 2


async def test_without_a_database_all_are_told_so_at_once(client: Client) -> None:
    principal = somebody()
    got = await at_once(client, "a", "unreachable", principal=principal)
    assert [type(each) for each in got] == [DatabaseUnavailable] * 2
    assert client.lots == [["first"], ["a", "unreachable"]]
    assert await client.call("later", principal=principal) == "later"


async def test_whoever_has_gone_is_not_worked_for_and_holds_nobody_up(client: Client) -> None:
    principal = somebody()
    client.may_go.clear()
    first = asyncio.create_task(client.call("first", principal=principal))
    await client.begun.wait()
    gone = asyncio.create_task(client.call("gone", principal=principal))
    stays = asyncio.create_task(client.call("stays", principal=principal))
    await asyncio.sleep(0)  # both have come now
    first.cancel()
    gone.cancel()
    await asyncio.gather(first, gone, return_exceptions=True)
    client.may_go.set()
    assert await stays == "stays"
    assert client.lots == [["first"], ["stays"]]


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
