"""What waits for a person: kept once, bounded, deleted when it could be taken after all."""

import pytest

from saluhall.channel import UnreadableEntry
from saluhall.domain.attention import operations, queries
from saluhall.domain.attention.model import AttentionEntry, EntryNotFound
from saluhall.domain.connections.model import Connection
from saluhall.kit.ids import new_id
from saluhall.storage import Database
from tests.domain.selling import NOW, Seller


def entry(remote_id: str = "7", *, kind: str = "order", raw: str = "{}") -> UnreadableEntry:
    return UnreadableEntry(kind=kind, remote_id=remote_id, raw=raw, reason="no date")


@pytest.fixture
async def seller(db: Database) -> Seller:
    return await Seller.open(db)


async def record(
    seller: Seller, connection: Connection, *entries: UnreadableEntry
) -> list[UnreadableEntry]:
    async with seller.db.transaction() as tx:
        return await operations.record(tx, connection, entries, now=seller.now)


async def listed(seller: Seller) -> list[AttentionEntry]:
    async with seller.db.transaction() as tx:
        return await queries.list_entries(tx, principal=seller.principal)


async def test_an_entry_that_comes_again_waits_once(seller: Seller) -> None:
    connection = await seller.connect()

    first = await record(seller, connection, entry(), entry(raw="{ }"), entry("", raw="null"))
    again = await record(
        seller, connection, entry(raw="[]"), entry("", raw="null"), entry("", raw="1")
    )

    assert [(e.remote_id, e.raw) for e in first] == [("7", "{ }"), ("", "null")]
    assert [(e.remote_id, e.raw) for e in again] == [("", "1")]
    found = {(e.remote_id, e.raw): e.times for e in await listed(seller)}
    assert found == {("7", "[]"): 2, ("", "null"): 2, ("", "1"): 1}
    async with seller.db.transaction() as tx:
        assert await queries.count_by_connection(tx, principal=seller.principal) == {
            connection.id: 3
        }


async def test_what_is_taken_after_all_waits_no_more(seller: Seller) -> None:
    connection, other = await seller.connect(), await seller.connect("2")
    for each in (connection, other):
        await record(seller, each, entry("7"), entry("8"), entry("7", kind="listing"))

    async with seller.db.transaction() as tx:
        await operations.settle(tx, connection, kinds=["order"], remote_ids=["7", "9"], now=NOW)

    left = [(e.kind, e.remote_id) for e in await listed(seller) if e.connection_id == connection.id]
    assert sorted(left) == [("listing", "7"), ("order", "8")]
    assert len(await listed(seller)) == 5


async def test_a_person_dismisses_what_was_dealt_with_and_nobody_else_can(seller: Seller) -> None:
    await record(seller, await seller.connect(), entry())
    [waiting] = await listed(seller)
    stranger = await Seller.open(seller.db)

    for principal, entry_id in ((stranger.principal, waiting.id), (seller.principal, new_id())):
        async with seller.db.transaction() as tx:
            with pytest.raises(EntryNotFound):
                await operations.dismiss(tx, principal=principal, entry_id=entry_id, now=NOW)
    assert await listed(stranger) == []

    async with seller.db.transaction() as tx:
        await operations.dismiss(tx, principal=seller.principal, entry_id=waiting.id, now=NOW)
    assert await listed(seller) == []


async def test_any_text_can_be_kept_and_a_long_one_is_cut(seller: Seller) -> None:
    odd = 'caf\udce9 \ud800 \0 "' + "x" * 100_000
    await record(seller, await seller.connect(), entry("", raw=odd), entry("\0\ud800"))

    kept = {e.remote_id != "": e for e in await listed(seller)}
    assert len(kept[False].raw) < operations.MAX_RAW + 100
    assert kept[False].raw.startswith("caf")
    assert kept[True].remote_id


async def test_the_bytes_of_another_encoding_are_spelled_out(seller: Seller) -> None:
    await record(seller, await seller.connect(), entry("", raw="caf\udce9"))

    [kept] = await listed(seller)
    assert kept.raw == r"caf\xe9"


async def test_endless_odd_entries_do_not_fill_the_database(seller: Seller) -> None:
    connection = await seller.connect()
    for start in (0, 900, 5000):
        many = [entry(str(n)) for n in range(start, start + 900)]
        await record(seller, connection, *many)

    assert len(await listed(seller)) <= 2 * operations.MAX_ENTRIES
    assert await record(seller, connection, entry("another")) == []
