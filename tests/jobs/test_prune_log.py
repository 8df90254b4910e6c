"""The log of webhook deliveries forgets what is too old, with all that nothing asks for any more, and only that."""

import asyncio
import json
import time
from datetime import timedelta

import pytest

from saluhall.domain.accounts.model import Principal
from saluhall.domain.webhooks import deliveries, replays
from saluhall.domain.webhooks.model import AttemptNotFound
from saluhall.kit.clock import utc_now
from saluhall.kit.ids import new_id
from saluhall.storage import Database
from tests.conftest import StartHub
from tests.hub import Hub, Shop

LOG = "/integration/webhook-deliveries"
KEEP = timedelta(days=2)
ATTEMPTS = """
  insert into delivery_attempts (account_id, id, delivery_id, endpoint_id, event_id, success, at)
  select %(account_id)s, new_ulid(), new_ulid(), new_ulid(), new_ulid(), true, now() - n * interval '1 hour'
    from generate_series(1, %(hours)s) n
  returning id
"""
DELIVERIES = """
  insert into deliveries (account_id, id, endpoint_id, event_id, state, due_at, tried_at)
  select %(account_id)s, new_ulid(), new_ulid(), new_ulid(), %(state)s, %(due_at)s, now() - n * interval '1 hour'
    from generate_series(1, %(hours)s) n
  returning id
"""
REPLAYS = """
  insert into replays (account_id, id, endpoint_id, since, until, event_types, due_at, created_at)
  select %(account_id)s, new_ulid(), new_ulid(), now(), now(), '{}', %(due_at)s, now() - n * interval '1 hour'
    from generate_series(1, %(hours)s) n
  returning id
"""
PRUNE_NOW = (
    "update prunings set due_at = now() where %(account_id)s::uuid is not null returning kind"
)
LATER = "2999-01-01"


@pytest.fixture(scope="module")
async def hub(start_module_hub: StartHub) -> Hub:
    """A hub that keeps its log for two days."""
    return await start_module_hub(SALUHALL_WEBHOOK_LOG_DAYS="2")


async def pruned(shop: Shop) -> None:
    """Prune the log again, and wait until that is done; one that is under way already may have passed what is to go."""
    await no_pruning(shop)
    await shop.rows(PRUNE_NOW)
    await no_pruning(shop)


async def no_pruning(shop: Shop) -> None:
    """Wait until no pruning is due or under way."""
    due = "select 1 from prunings where %(account_id)s::uuid is not null and due_at <= now() + interval '15 minutes'"
    deadline = time.monotonic() + 75
    while await shop.rows(due):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)


async def count(shop: Shop, table: str) -> int:
    return len(await shop.rows(f"select 1 from {table} where account_id = %(account_id)s"))


async def test_what_is_old_is_pruned_however_much(hub: Hub) -> None:
    shop = await hub.open_shop()
    await shop.rows(ATTEMPTS, hours=12_000)
    await shop.rows(DELIVERIES, hours=12_000, state="delivered", due_at=None)
    await shop.rows(REPLAYS, hours=6_000, due_at=None)

    await pruned(shop)

    for table in ("delivery_attempts", "deliveries", "replays"):
        assert await count(shop, table) in {47, 48}, table


async def test_what_is_not_finished_stays_however_old(hub: Hub) -> None:
    shop = await hub.open_shop()
    await shop.rows(DELIVERIES, hours=100, state="due", due_at=LATER)
    await shop.rows(DELIVERIES, hours=100, state="held", due_at=None)
    await shop.rows(DELIVERIES, hours=100, state="exhausted", due_at=None)
    await shop.rows(REPLAYS, hours=100, due_at=LATER)

    await pruned(shop)

    left = "select state, count(*) as n from deliveries where account_id = %(account_id)s group by state"
    found = {row["state"]: row["n"] for row in await shop.rows(left)}
    assert (found["due"], found["held"]) == (100, 100)
    assert found["exhausted"] in {47, 48}
    assert await count(shop, "replays") == 100


async def age(shop: Shop, *, days: int) -> None:
    """Make what has happened to webhooks so many days older."""
    for table, column in (("delivery_attempts", "at"), ("deliveries", "tried_at")):
        await shop.rows(
            f"update {table} set {column} = {column} - make_interval(days => %(days)s)"
            " where account_id = %(account_id)s returning 1",
            days=days,
        )


async def test_what_the_log_has_can_be_sent_again_however_long_ago_it_was_first(hub: Hub) -> None:
    shop = await hub.open_shop()
    await shop.listen(["item.created"])
    await shop.put("A")
    await shop.put("B")
    await shop.settle()
    await age(shop, days=1)
    lines = {line["externalId"]: line["id"] for line in (await shop.log())["deliveries"]}
    assert (await shop.as_person("POST", f"{LOG}/{lines['A']}/redeliver"))[0] == 202
    await shop.settle()
    await age(shop, days=1)

    await pruned(shop)

    [line] = (await shop.log())["deliveries"]
    assert line["externalId"] == "A"
    assert await count(shop, "deliveries") == 1
    assert (await shop.as_person("POST", f"{LOG}/{line['id']}/redeliver"))[0] == 202
    assert (await shop.as_person("POST", f"{LOG}/{lines['B']}/redeliver"))[0] == 404
    await shop.settle()
    assert [event["data"]["externalId"] for event in shop.events()][2:] == ["A", "A"]


async def test_events_without_deliveries_are_in_the_feed_and_can_be_replayed(
    hub: Hub,
) -> None:
    shop = await hub.open_shop()
    await shop.listen(["item.created"])
    await shop.put("A")
    await shop.settle()
    await age(shop, days=3)
    await pruned(shop)
    assert (await shop.log())["deliveries"] == []
    assert await count(shop, "deliveries") == 0

    _, feed = await shop.call("GET", "/integration/events")
    _, listed = await shop.as_person("GET", "/integration/webhooks")
    path = f"/integration/webhooks/{listed['webhooks'][0]['id']}/replay"
    status, _ = await shop.as_person("POST", path, {"since": "2001-01-01T00:00:00Z"})
    assert status == 202
    await shop.until_received(2)

    first, again = shop.received()
    assert first.body == again.body
    assert [event["eventId"] for event in feed["events"]] == [json.loads(again.body)["eventId"]]


async def test_a_delivery_that_is_being_sent_once_more_is_not_forgotten(db: Database) -> None:
    """Another transaction holds it: the pruning continues without it, and does not wait."""
    now = utc_now()
    insert = """
      insert into deliveries (account_id, id, endpoint_id, event_id, state, tried_at)
      select new_ulid(), new_ulid(), new_ulid(), new_ulid(), 'delivered', %(at)s from generate_series(1, 3)
    """
    async with db.transaction() as tx:
        await tx.run(insert, {"at": now - 2 * KEEP})
    async with db.transaction() as sending:
        await sending.run(
            "update deliveries set due_at = now() where id = (select min(id::text)::uuid from deliveries)"
        )
        async with db.transaction() as tx:
            assert await deliveries.forget_finished(tx, keep=KEEP, limit=10, now=now) == 2
    async with db.transaction() as tx:
        assert await deliveries.forget_finished(tx, keep=KEEP, limit=10, now=now) == 0
        assert await replays.forget_done(tx, keep=KEEP, limit=10, now=now) == 0


KEPT_ATTEMPT = """
  with e as (
    insert into endpoints (account_id, id, dialect, url, secret, event_types, created_at, updated_at)
    values (%(account_id)s, new_ulid(), 'rheo', 'https://a.example', '', '{}', now(), now()) returning account_id, id
  ), d as (
    insert into deliveries (account_id, id, endpoint_id, event_id, state)
    select account_id, new_ulid(), id, new_ulid(), 'delivered' from e returning *
  )
  insert into delivery_attempts (account_id, id, delivery_id, endpoint_id, event_id, success, at)
  select account_id, new_ulid(), id, endpoint_id, event_id, true, now() from d
  returning id
"""
WAITING = (
    "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
)


async def test_what_is_forgotten_at_that_moment_is_not_promised_once_more(db: Database) -> None:
    principal = Principal(account_id=new_id(), account_name="anna")
    async with db.transaction() as tx:
        attempt = await tx.one(
            lambda row: row["id"], KEPT_ATTEMPT, {"account_id": principal.account_id}
        )
    assert attempt is not None

    async def ask() -> None:
        async with db.transaction() as tx:
            await deliveries.redeliver(tx, principal=principal, attempt_id=attempt, now=utc_now())

    async with db.transaction() as pruning:
        now = utc_now() + 2 * KEEP
        assert await deliveries.forget_finished(pruning, keep=KEEP, limit=10, now=now) == 1
        asking = asyncio.create_task(ask())
        async with db.statement() as tx:
            while not asking.done():
                if await tx.all(dict, WAITING):
                    break
                await asyncio.sleep(0.02)
    with pytest.raises(AttemptNotFound):
        await asking
