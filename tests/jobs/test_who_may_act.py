"""Only the holder of the claim writes what came of it; what is returned is due when it cannot be changed by others any more."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from psycopg.errors import CheckViolation

from saluhall.channel import Progress
from saluhall.domain.connections import operations as connections
from saluhall.domain.connections.model import Connection
from saluhall.domain.images import operations as images
from saluhall.domain.images.model import DueImage, Fetched, Rooms
from saluhall.domain.listings import events, outcomes, submissions
from saluhall.domain.listings import operations as listings
from saluhall.domain.listings.model import DueListing
from saluhall.domain.listings.record import record
from saluhall.jobs.due import DUE_ROWS
from saluhall.jobs.keyed_worker import KeyedWorker
from saluhall.jobs.run import Job, Run
from saluhall.kit.ids import new_id
from saluhall.storage import Database
from saluhall.storage.claims import MAX_BEAT_AGE_S, MAX_CALL_S, ClaimLost, Dead, release
from saluhall.storage.database import DatabaseUnavailable
from tests.domain.shop import Account
from tests.domain.story import LEASE, PAUSE, Story

ONE, OTHER = new_id(), new_id()
RELEASES = [rows.release for rows in DUE_ROWS.values()]
MAY_BE_LIVE = Progress(external_id="77", may_be_live=True)


class Client(Story):
    """One listing, and workers that take it from each other."""

    @classmethod
    async def open(cls, db: Database) -> "Client":
        account = await Account.open(db)
        client = cls(account, await account.connect())
        await client.begin()
        return client

    async def take(self, worker: Any) -> DueListing:
        self.worker = worker
        [listing] = await self.claim()
        return listing

    async def die(self, worker: Any) -> None:
        dead = Dead(worker, self.account.now - timedelta(seconds=8))
        async with self.account.db.transaction() as tx:
            await release(tx, RELEASES, [dead], now=self.account.now)

    async def save(self, listing: DueListing, progress: Progress) -> ClaimLost | None:
        async with self.account.db.statement() as tx:
            [said] = await submissions.save_progress(
                tx,
                listing.listing.account_id,
                [(listing, progress)],
                lease=LEASE,
                now=self.account.now,
            )
        return said

    async def submit(self, listing: DueListing) -> ClaimLost | None:
        async with self.account.db.statement() as tx:
            [said] = await submissions.submitted(
                tx,
                listing.listing.account_id,
                [(listing, MAY_BE_LIVE, PAUSE)],
                now=self.account.now,
            )
        return said

    async def go_live(self, listing: DueListing) -> None:
        async with self.account.db.transaction() as tx:
            live = events.WentLive(external_id="77", url="u", at=self.account.now)
            await outcomes.went_live(
                tx, listing.listing.account_id, [(listing, live)], now=self.account.now
            )

    async def row(self) -> dict[str, Any]:
        [row] = await self.account.rows("select * from listings where account_id = %(account_id)s")
        return row

    async def due_at(self) -> datetime:
        found: datetime = (await self.row())["due_at"]
        return found


@pytest.fixture
async def client(db: Database) -> Client:
    return await Client.open(db)


async def test_a_publication_that_lost_its_claim_is_refused_and_writes_nothing(
    client: Client,
) -> None:
    lost = await client.take(ONE)
    await client.die(ONE)
    held = await client.take(OTHER)
    before = await client.row()

    assert isinstance(await client.save(lost, MAY_BE_LIVE), ClaimLost)
    assert isinstance(await client.submit(lost), ClaimLost)
    async with client.account.db.transaction() as tx:
        await record(tx, lost, events.Rejected(reason="no"), now=client.account.now)
    assert await client.row() == before

    assert await client.save(held, MAY_BE_LIVE) is None
    assert await client.submit(held) is None


async def test_an_earlier_claim_of_the_same_worker_is_lost_too(client: Client) -> None:
    earlier = await client.take(ONE)
    client.account.later(LEASE)
    later = await client.take(ONE)

    assert isinstance(await client.save(earlier, MAY_BE_LIVE), ClaimLost)
    assert await client.save(later, MAY_BE_LIVE) is None


async def test_two_that_find_a_listing_live_record_it_once(client: Client) -> None:
    await client.submit(await client.take(ONE))
    client.account.later(PAUSE)
    first = await client.take(ONE)
    client.account.later(LEASE)
    second = await client.take(OTHER)
    for listing in (second, first, second):
        await client.go_live(listing)

    events = await client.account.rows(
        "select 1 from events where account_id = %(account_id)s and type = 'listing.published'"
    )
    assert len(events) == 1
    assert (await client.row())["external_id"] == "77"


async def test_a_live_listing_without_its_id_cannot_be_stored(client: Client) -> None:
    await client.take(ONE)
    with pytest.raises(CheckViolation, match="listings_live_has_id"):
        await client.account.rows("update listings set state = 'live' returning id")


async def test_what_was_only_begun_is_taken_over_at_once(client: Client) -> None:
    await client.take(ONE)
    await client.die(ONE)

    assert await client.due_at() == client.account.now


async def test_what_may_be_changing_over_there_waits_for_the_last_call_of_the_dead(
    client: Client,
) -> None:
    listing = await client.take(ONE)
    await client.save(listing, MAY_BE_LIVE)
    await client.die(ONE)

    quiet = timedelta(seconds=MAX_BEAT_AGE_S + MAX_CALL_S - 8)
    assert await client.due_at() == client.account.now + quiet
    assert isinstance(await client.save(listing, Progress()), ClaimLost)


async def test_an_image_that_another_fetches_by_now_is_not_recorded(client: Client) -> None:
    account = client.account
    await account.put("B", title="Part", image_urls=("https://a.example/1.jpg",))

    async def claim(worker: Any) -> DueImage:
        async with account.db.statement() as tx:
            [due] = await images.claim_due(
                tx,
                account.principal.account_id,
                worker=worker,
                limit=1,
                rooms=Rooms({}, 1),
                lease=LEASE,
                now=account.now,
            )
        return due

    async def note(due: DueImage) -> str:
        fetched = [Fetched(image=due, reason="no")]
        async with account.db.transaction() as tx:
            await listings.images_fetched(
                tx, account.principal.account_id, fetched, now=account.now
            )
        [row] = await account.rows("select state from images where account_id = %(account_id)s")
        return str(row["state"])

    lost = await claim(ONE)
    await client.die(ONE)
    held = await claim(OTHER)
    assert [await note(lost), await note(held)] == ["due", "refused"]


async def test_a_poll_that_another_makes_by_now_is_not_recorded(client: Client) -> None:
    account = client.account

    async def claim(worker: Any) -> Connection:
        async with account.db.transaction() as tx:
            found = await connections.claim_poll(
                tx, account.principal.account_id, client.connection, worker=worker, lease=LEASE, now=account.now
            )  # fmt: skip
        assert found is not None
        return found

    async def record(connection: Connection, cursor: str) -> str | None:
        async with account.db.transaction() as tx:
            await connections.record_poll(
                tx, connection, cursor=cursor, polled_at=None, next_at=account.now, now=account.now
            )
        [row] = await account.rows(
            "select cursor from connections where account_id = %(account_id)s"
        )
        cursor_now: str | None = row["cursor"]
        return cursor_now

    lost = await claim(ONE)
    await client.die(ONE)
    held = await claim(OTHER)
    assert [await record(lost, "old"), await record(held, "new")] == [None, "new"]


async def run_once(run: Run, fail: Callable[[Run, str], Awaitable[None]], key: str) -> None:
    """Let a run of a connection's listings fail."""
    job: Job[Any, Any, Any] = Job(name="sync_connection", open=fail, claim=fail, work=fail)  # type: ignore[arg-type]
    worker = KeyedWorker(run, [job], lambda _: None)
    worker.wake([("sync_connection", key)])
    await worker.finish(grace_s=10)


async def test_a_job_that_fails_returns_what_it_held_at_once(run: Run, client: Client) -> None:
    async def fail(_: Run, __: str) -> None:
        await client.take(run.worker)
        raise ValueError

    await run_once(run, fail, str(client.connection))

    row = await client.row()
    assert row["claimed_by"] is None
    assert row["due_at"] <= run.clock()


async def test_a_job_that_fails_because_the_database_was_away_returns_what_it_held_too(
    run: Run, client: Client
) -> None:
    async def fail(run: Run, __: str) -> None:
        await client.take(run.worker)
        async with run.db.statement() as tx, run.db.statement():
            await tx.run(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )
            raise DatabaseUnavailable

    await run_once(run, fail, str(client.connection))

    assert (await client.row())["claimed_by"] is None
