"""Events of one item go to an endpoint in their order; a failing one holds back that item alone, and counts by time too."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from saluhall.domain.accounts.model import Principal
from saluhall.domain.events.model import EventType, new_event
from saluhall.domain.recording import operations as recording
from saluhall.domain.webhooks import deliveries, queries
from saluhall.domain.webhooks.model import FAILURES_BEFORE_OFF, Attempt, DueDelivery, Endpoint
from saluhall.kit.ids import new_id
from saluhall.storage import Database
from saluhall.storage.claims import params_of

BEGIN = datetime(2026, 5, 1, tzinfo=UTC)
WORKER = new_id()
ENDPOINT = """
  insert into endpoints (account_id, id, dialect, url, secret, event_types, created_at, updated_at)
  values (%(account_id)s, %(id)s, 'rheo', 'https://example.com', '', '{product.created,listing.published,listing.sold}',
          now(), now())
"""
CREATED, LISTED, SOLD = (
    EventType.PRODUCT_CREATED,
    EventType.LISTING_PUBLISHED,
    EventType.LISTING_SOLD,
)


class Client:
    """An endpoint of an account of its own; `second` is the time at which things happen."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.account_id, self.endpoint_id = new_id(), new_id()

    async def open(self) -> None:
        params = {"account_id": self.account_id, "id": self.endpoint_id}
        async with self.db.transaction() as tx:
            await tx.run(ENDPOINT, params)

    async def endpoint(self) -> Endpoint:
        async with self.db.statement() as tx:
            found = await queries.find_endpoint(tx, self.endpoint_id)
        assert found is not None
        return found

    async def happens(self, *events: tuple[str, EventType], second: float = 0) -> None:
        now = at(second)
        made = [
            new_event(self.account_id, kind, product_id=new_id(), sku=sku, data={}, now=now)
            for sku, kind in events
        ]
        async with self.db.transaction() as tx:
            await recording.record(tx, made, now=now)

    async def claimed(self, *, second: float = 0, limit: int = 100) -> list[DueDelivery]:
        async with self.db.statement() as tx:
            return await deliveries.claim_due(
                tx,
                await self.endpoint(),
                worker=WORKER,
                limit=limit,
                lease=timedelta(minutes=2),
                now=at(second),
            )

    async def ended(
        self, claimed: Sequence[DueDelivery], *, second: float = 0, retry: float | None = None
    ) -> list[UUID]:
        """Record that deliveries arrived, or failed and are to be tried again at `retry`; return the attempts."""
        attempts = [attempt(x, second=second, retry=retry) for x in claimed]
        async with self.db.statement() as tx:
            await deliveries.record_attempts(tx, await self.endpoint(), attempts, now=at(second))
        return [each.id for each in attempts]

    async def next_due(self, *, since: float) -> datetime | None:
        async with self.db.statement() as tx:
            return await queries.next_due_at(tx, await self.endpoint(), since=at(since))


def at(second: float) -> datetime:
    return BEGIN + timedelta(seconds=second)


def attempt(due: DueDelivery, *, second: float, retry: float | None) -> Attempt:
    return Attempt(
        id=new_id(),
        delivery_id=due.id,
        event_id=due.event.id,
        event_type=due.event.type,
        sku=due.event.sku,
        success=retry is None,
        counts=not due.repeated,
        http_status=200 if retry is None else 500,
        error=None if retry is None else "HTTP 500",
        at=at(second),
        retry_at=None if retry is None else at(retry),
        **params_of(due.claim),
    )


def told(claimed: Sequence[DueDelivery]) -> list[tuple[str, str]]:
    return sorted((x.event.sku, x.event.type) for x in claimed)


@pytest.fixture
async def client(db: Database) -> Client:
    client = Client(db)
    await client.open()
    return client


async def test_of_an_item_the_oldest_event_goes_alone_and_the_next_when_it_has_arrived(
    client: Client,
) -> None:
    await client.happens(("A", CREATED), ("A", LISTED), ("B", CREATED), ("A", SOLD))

    first = await client.claimed()
    meanwhile = await client.claimed()
    await client.ended(first)
    second = await client.claimed()
    await client.ended(second)
    third = await client.claimed()

    assert told(first) == [("A", CREATED), ("B", CREATED)]
    assert told(meanwhile) == []
    assert told(second) == [("A", LISTED)]
    assert told(third) == [("A", SOLD)]


async def test_a_failed_event_holds_back_its_item_until_it_is_tried_again_and_no_other(
    client: Client,
) -> None:
    await client.happens(("A", CREATED), ("A", SOLD))
    await client.ended(await client.claimed(), second=0, retry=8)
    await client.happens(("B", CREATED), ("A", LISTED), second=1)

    others = await client.claimed(second=2)
    await client.ended(others, second=2)
    between = await client.claimed(second=3)
    due_again = await client.next_due(since=3)
    again = await client.claimed(second=8)
    await client.ended(again, second=8)
    after = await client.claimed(second=8)

    assert told(others) == [("B", CREATED)]
    assert told(between) == []
    assert due_again == at(8)
    assert told(again) == [("A", CREATED)]
    assert told(after) == [("A", SOLD)]


async def test_what_is_sent_once_more_holds_back_nothing_new_and_keeps_its_place_if_it_never_arrived(
    client: Client,
) -> None:
    principal = Principal(account_id=client.account_id, account_name="an account")
    await client.happens(("A", CREATED), ("B", CREATED), ("B", LISTED))
    first = await client.claimed()
    [arrived] = await client.ended([x for x in first if x.event.sku == "A"])
    [failed] = await client.ended([x for x in first if x.event.sku == "B"], retry=3600)
    assert told(await client.claimed(second=1)) == []
    async with client.db.transaction() as tx:
        await deliveries.redeliver(tx, principal=principal, attempt_id=arrived, now=at(2))
        await deliveries.redeliver(tx, principal=principal, attempt_id=failed, now=at(2))
    await client.happens(("A", SOLD), second=2)

    more = await client.claimed(second=2)
    await client.ended(more, second=2)
    last = await client.claimed(second=2)

    assert told(more) == [("A", SOLD), ("A", CREATED), ("B", CREATED)]
    assert told(last) == [("B", LISTED)]


async def test_an_endpoint_is_switched_off_after_many_failures_that_lasted_a_while(
    client: Client,
) -> None:
    for number in range(2 * FAILURES_BEFORE_OFF):
        await client.happens((f"SKU {number}", CREATED))
    await client.ended(await client.claimed(), second=10, retry=20)
    soon = await client.endpoint()
    await client.ended(await client.claimed(second=20, limit=1), second=309, retry=400)
    within = await client.endpoint()
    await client.ended(await client.claimed(second=20, limit=1), second=310, retry=400)
    late = await client.endpoint()

    assert (soon.active, soon.fail_count) == (True, 2 * FAILURES_BEFORE_OFF)
    assert within.active
    assert not late.active


async def test_one_success_restarts_the_count_of_failures_and_their_time(client: Client) -> None:
    for number in range(2 * FAILURES_BEFORE_OFF):
        await client.happens((f"SKU {number}", CREATED))
    await client.ended(await client.claimed(limit=FAILURES_BEFORE_OFF), second=0, retry=1000)
    await client.ended(await client.claimed(limit=1), second=299)
    await client.ended(await client.claimed(), second=400, retry=1000)

    endpoint = await client.endpoint()

    assert (endpoint.active, endpoint.fail_count) == (True, FAILURES_BEFORE_OFF - 1)
