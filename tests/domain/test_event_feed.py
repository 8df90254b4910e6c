"""The feed of events: whoever reads it page by page misses nothing and gets nothing twice, however slowly others write."""

import asyncio
import random
import time
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

import pytest

from saluhall.domain.accounts.model import Principal
from saluhall.domain.events import queries
from saluhall.domain.events.model import START, EventType, Position, new_event
from saluhall.domain.events.store import FEED
from saluhall.domain.recording import operations as recording
from saluhall.kit.clock import utc_now
from saluhall.kit.ids import new_id
from saluhall.storage import Database, Transaction

BY = Principal(account_id=new_id(), account_name="feed")
WRITERS = 6


class Reader:
    """Reads the feed a few events at a time and remembers what came."""

    def __init__(self, db: Database, *, limit: int) -> None:
        self.ids: list[UUID] = []
        self.at: list[Position] = [START]
        self._db = db
        self._limit = limit

    async def read(self) -> int:
        async with self._db.statement() as tx:
            page = await queries.list_events_after(
                tx,
                principal=BY,
                types=[EventType.PRODUCT_CREATED],
                after=self.at[-1],
                limit=self._limit,
            )
        self.ids += [event.id for event, _ in page]
        self.at += [position for _, position in page]
        return len(page)

    async def read_all(self, count: int, *, timeout_s: float = 60) -> None:
        """Read until so many have come; transactions of other databases may hold the feed up for a while."""
        deadline = time.monotonic() + timeout_s
        while len(self.ids) < count:
            if not await self.read():
                assert time.monotonic() < deadline, (len(self.ids), count)
                await asyncio.sleep(0.05)


async def write(tx: Transaction, *, alike: int = 0) -> list[UUID]:
    """Write an event, or many at once as bulk operations do; return their ids."""
    now = utc_now()
    if alike:
        of = {str(new_id()): f"SKU {n}" for n in range(alike)}
        await recording.record_alike(
            tx, BY.account_id, EventType.PRODUCT_CREATED, of=of, data={"kind": "item"}, now=now
        )
        return await tx.all(
            lambda row: row["id"],
            "select id from events where account_id = %(account_id)s and product_id = any(%(of)s)",
            {"account_id": BY.account_id, "of": list(of)},
        )
    event = new_event(
        BY.account_id, EventType.PRODUCT_CREATED, product_id=new_id(), sku="A", now=now
    )
    await recording.record(tx, [event], now=now)
    return [event.id]


@pytest.mark.parametrize("seed", range(4))
async def test_nothing_is_missed_whatever_the_order_of_commits(db: Database, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - it only mixes
    reader = Reader(db, limit=3)
    written: list[UUID] = []
    async with AsyncExitStack() as stack:
        slow = await stack.enter_async_context(Database(db.url, connections=WRITERS))
        open_ones: list[tuple[Any, Transaction, list[UUID]]] = []
        for _ in range(60):
            step = chance.random()
            if step < 0.4 and len(open_ones) < WRITERS:
                way = slow.transaction()
                open_ones.append((way, await way.__aenter__(), []))
            elif step < 0.7 and open_ones:
                _, tx, ids = chance.choice(open_ones)
                ids += await write(tx, alike=chance.choice([0, 0, 4]))
            elif open_ones:
                way, _, ids = open_ones.pop(chance.randrange(len(open_ones)))
                await way.__aexit__(None, None, None)
                written += ids
            await reader.read()
        for way, _, ids in open_ones:
            await way.__aexit__(None, None, None)
            written += ids

    await reader.read_all(len(written))

    assert len(reader.ids) == len(set(reader.ids))
    assert set(reader.ids) == set(written)
    assert reader.at == sorted(reader.at, key=lambda p: (p.era, p.xid, p.id))
    again = Reader(db, limit=1000)
    await again.read_all(len(written))
    assert again.ids == reader.ids


async def test_an_event_minted_early_and_committed_late_is_not_passed(db: Database) -> None:
    reader = Reader(db, limit=10)
    async with db.transaction() as slow:
        early = await write(slow)
        async with db.transaction() as fast:
            late = await write(fast)
        for _ in range(3):
            assert not await reader.read()  # else the cursor would stand behind `early`
    assert early < late

    await reader.read_all(2)

    assert reader.ids == [*early, *late]


async def test_an_event_follows_what_it_waited_for(db: Database) -> None:
    async with db.transaction() as order:
        await order.run("select pg_current_xact_id()")  # it is the older one, and waits for a lock
        async with db.transaction() as listing:
            created = await write(listing)
        sold = await write(order)
    reader = Reader(db, limit=10)

    await reader.read_all(2)

    assert reader.ids == [*created, *sold]


async def test_what_only_stands_in_the_history_is_not_in_the_feed(db: Database) -> None:
    now = utc_now()
    async with db.transaction() as tx:
        shown = await write(tx)
        hidden = new_event(
            BY.account_id, EventType.PRICE_CHANGED, product_id=new_id(), sku="A", now=now
        )
        other = new_event(
            new_id(), EventType.PRODUCT_CREATED, product_id=new_id(), sku="A", now=now
        )
        await recording.record(tx, [hidden, other], now=now)
    reader = Reader(db, limit=10)

    await reader.read_all(1)

    assert reader.ids == shown
    assert await reader.read() == 0


async def test_a_restored_dump_goes_on_behind_what_was_read(db: Database) -> None:
    """Transactions are numbered anew in another cluster: here the old ones get numbers from the far future."""
    async with db.transaction() as tx:
        before = await write(tx)
    reader = Reader(db, limit=10)
    async with db.transaction() as tx:
        await tx.run("update events set xid = '1000000000000'")
        await tx.run("update eras set cluster = cluster - 1")
        await tx.run("select begin_era()")
        await tx.run("select begin_era()")
    await reader.read_all(1)
    async with db.transaction() as tx:
        after = await write(tx)

    await reader.read_all(2)

    assert reader.ids == [*before, *after]
    assert [position.era for position in reader.at[1:]] == [1, 2]


async def test_a_page_is_read_by_the_index(db: Database) -> None:
    async with db.transaction() as tx:
        await tx.run("set local enable_sort = off")
        await tx.run("set local enable_bitmapscan = off")
        plan = await tx.all(
            lambda row: str(next(iter(row.values()))),
            "explain " + FEED,
            {
                "account_id": BY.account_id,
                "types": ["order.paid"],
                "era": 0,
                "xid": "0",
                "id": UUID(int=0),
                "limit": 10,
            },
        )

    assert any("events_feed_idx" in line for line in plan), plan
    assert not any("Sort" in line for line in plan), plan
