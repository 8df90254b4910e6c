"""The log of deliveries, and telling once more: one event, or all since a day."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from saluhall.practice.partner import Hosted
from tests.hub import Hub, Shop

WEBHOOKS = "/integration/webhooks"
LOG = "/integration/webhook-deliveries"
LONG_AGO = "2001-01-01T00:00:00Z"


async def endpoint_of(shop: Shop) -> str:
    _, answer = await shop.as_person("GET", WEBHOOKS)
    return str(answer["webhooks"][0]["id"])


async def replayed(shop: Shop, **body: Any) -> dict[str, Any]:
    path = f"{WEBHOOKS}/{await endpoint_of(shop)}/replay"
    status, answer = await shop.as_person("POST", path, {"since": LONG_AGO, **body})
    assert status == 202, answer
    return dict(answer)


async def replay_ended(shop: Shop, *, timeout_s: float = 60) -> None:
    deadline = time.monotonic() + timeout_s
    running = "select 1 from replays where account_id = %(account_id)s and due_at is not null"
    while await shop.rows(running):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
    await shop.settle()


async def write_events(shop: Shop, count: int) -> None:
    """Let so many things have happened before anybody listened."""
    await shop.rows(
        """
        insert into events (account_id, id, type, at, product_id, sku, data)
        select %(account_id)s, new_ulid(), 'product.created', now(), new_ulid(), 'PART-' || n, '{"kind": "item"}'
          from generate_series(1, %(count)s) n
        returning id
        """,
        count=count,
    )


async def test_the_log_tells_each_attempt_and_can_be_searched(hub: Hub) -> None:
    shop = await hub.open_shop()
    hub.partner.hooks[shop.hook] = Hosted(status=500)
    await shop.listen(["item.created", "item.sold"])
    await shop.put("A")
    await shop.logged(1)
    del hub.partner.hooks[shop.hook]
    await shop.settle()
    await shop.put("B")
    await shop.patch("B", "status", {"status": "sold"})
    await shop.settle()

    lines = (await shop.log())["deliveries"]

    assert [line["status"] for line in lines[:3]] == ["success"] * 3
    first = lines[-1]
    assert list(first) == [
        *("id", "externalId", "eventType", "status", "errorMessage", "createdAt"),
        *("endpointId", "eventId", "httpStatus"),
    ]
    assert (first["externalId"], first["status"], first["errorMessage"]) == (
        "A",
        "failed",
        "HTTP 500",
    )
    found = (await shop.log("?status=failed"))["deliveries"]
    assert found
    assert {line["externalId"] for line in found} == {"A"}
    assert len((await shop.log("?eventType=item.sold"))["deliveries"]) == 1
    assert len((await shop.log("?externalId=B"))["deliveries"]) == 2
    assert len((await shop.log(f"?endpointId={first['endpointId']}"))["deliveries"]) == len(lines)
    assert (await shop.log("?since=2999-01-01T00:00:00Z"))["deliveries"] == []
    assert (await shop.log("?until=2001-01-01"))["deliveries"] == []
    paged, cursor = [], ""
    while cursor is not None:
        page = await shop.log(f"?limit=2&cursor={cursor}")
        paged += page["deliveries"]
        cursor = page["nextCursor"]
    assert paged == lines


@pytest.mark.parametrize(
    "field", ["status", "eventType", "endpointId", "cursor", "since", "until", "limit"]
)
async def test_a_question_to_the_log_that_makes_no_sense_is_refused(hub: Hub, field: str) -> None:
    shop = await hub.open_shop()

    status, answer = await shop.as_person("GET", f"{LOG}?{field}=nonsense")

    assert status == 422
    assert [d["field"] for d in answer["details"]] == [field]


async def test_a_delivery_can_be_sent_once_more(hub: Hub) -> None:
    shop = await hub.open_shop()
    await shop.listen(["item.created"])
    await shop.put("A")
    await shop.settle()
    [line] = (await shop.log())["deliveries"]

    status, answer = await shop.as_person("POST", f"{LOG}/{line['id']}/redeliver")
    await shop.settle()

    assert (status, answer["eventId"]) == (202, line["eventId"])
    first, second = shop.received()
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert len((await shop.log())["deliveries"]) == 2


async def test_a_replay_sends_the_same_events_once_more(hub: Hub) -> None:
    shop = await hub.open_shop()
    await shop.listen(["item.created", "item.sold"])
    await asyncio.gather(*(shop.put(name) for name in "ABC"))
    await shop.patch("A", "status", {"status": "sold"})
    await shop.settle()
    first = Counter(r.body for r in shop.received())
    assert len(first) == 4

    answer = await replayed(shop)
    await replay_ended(shop)
    assert (answer["events"], answer["eventsExact"]) == (4, True)
    assert Counter(r.body for r in shop.received()) == dict.fromkeys(first, 2)

    await replayed(shop, eventTypes=["item.sold"])
    await replay_ended(shop)
    last = json.loads(shop.received()[-1].body)
    assert (last["eventType"], len(shop.received())) == ("item.sold", 9)


async def test_a_replay_that_makes_no_sense_is_refused(hub: Hub) -> None:
    shop = await hub.open_shop()
    await shop.listen(["item.created"])
    path = f"{WEBHOOKS}/{await endpoint_of(shop)}/replay"

    for body, fields in (
        ({}, ["since"]),
        ({"since": "yesterday"}, ["since"]),
        ({"since": LONG_AGO, "until": "0001-01-01T00:00:00+10:00"}, ["until"]),
        ({"since": LONG_AGO, "until": LONG_AGO}, ["since"]),
        ({"since": LONG_AGO, "eventTypes": ["workflow.done"]}, ["eventTypes.0"]),
    ):
        status, answer = await shop.as_person("POST", path, body)
        assert (status, [d["field"] for d in answer["details"]]) == (422, fields), body


async def test_one_replay_at_a_time_goes_to_an_endpoint(hub: Hub) -> None:
    shop = await hub.open_shop()
    await shop.listen(["item.created"])
    await write_events(shop, 3)
    endpoint = await endpoint_of(shop)
    await shop.as_person("PATCH", f"{WEBHOOKS}/{endpoint}", {"active": False})
    await replayed(shop)

    status, answer = await shop.as_person(
        "POST", f"{WEBHOOKS}/{endpoint}/replay", {"since": LONG_AGO}
    )
    assert (status, answer["code"]) == (409, "REPLAY_RUNNING")
    assert shop.received() == []  # it waits for the endpoint

    assert (await shop.as_person("DELETE", f"{WEBHOOKS}/{endpoint}"))[0] == 204
    await replay_ended(shop)
    assert shop.received() == []


async def test_a_failing_replay_never_switches_its_endpoint_off(hub: Hub) -> None:
    shop = await hub.open_shop()
    await write_events(shop, 40)
    hub.partner.hooks[shop.hook] = Hosted(status=500)
    await shop.listen(["item.created"])

    await replayed(shop)
    await shop.logged(60)

    [endpoint] = (await shop.as_person("GET", WEBHOOKS))[1]["webhooks"]
    assert (endpoint["active"], endpoint["failCount"]) == (True, 0)
    del hub.partner.hooks[shop.hook]
    await replay_ended(shop)
    assert len({r.body for r in shop.received()}) == 40


@pytest.mark.long
async def test_a_replay_continues_after_a_kill_and_skips_nothing(
    start_hub: Callable[..., Awaitable[Hub]],
) -> None:
    hub = await start_hub(SALUHALL_WEBHOOK_REPLAY_PER_S="400")
    shop = await hub.open_shop()
    await write_events(shop, 1500)
    await shop.listen(["item.created"])
    answer = await replayed(shop)
    await shop.until_received(300)

    await hub.kill()
    assert len({r.body for r in shop.received()}) < answer["events"] == 1500
    await hub.start()
    await replay_ended(shop)

    assert {e["data"]["externalId"] for e in shop.events()} == {f"PART-{n}" for n in range(1, 1501)}


async def test_the_feed_tells_what_webhooks_told_byte_for_byte(hub: Hub) -> None:
    shop = await hub.open_shop()
    await shop.listen(["item.created", "item.sold"])
    await asyncio.gather(*(shop.put(name) for name in "ABC"))
    await shop.patch("A", "status", {"status": "sold"})
    await shop.settle()
    told = {r.body.decode() for r in shop.received()}

    events: list[dict[str, Any]] = []
    cursor, raw = "", ""
    deadline = time.monotonic() + 30
    while len(events) < len(told):
        assert time.monotonic() < deadline
        path = f"/integration/events?limit=2&after={cursor}"
        status, _, body = await hub.request("GET", path, headers={"x-api-key": shop.api_key})
        assert status == 200
        page = json.loads(body)
        events += page["events"]
        raw += body.decode()
        cursor = page["nextCursor"] or ""
    assert all(event in raw for event in told)
    assert len(events) == len(told) == 4
    status, page = await shop.call("GET", f"/integration/events?after={cursor}")
    assert (status, page) == (200, {"events": [], "nextCursor": cursor})

    assert (await shop.call("GET", "/integration/events?after=x"))[0] == 422
    assert (await shop.call("GET", "/integration/events?limit=0"))[0] == 422
    assert (await shop.call("GET", "/integration/events", api_key="rheo_live_x"))[0] == 401


async def test_later_retries_follow_the_quick_ones(hub: Hub) -> None:
    shop = await hub.open_shop()
    hub.partner.hooks[shop.hook] = Hosted(status=500)
    await shop.listen(["item.created"])
    await shop.put("A")

    skip_quick_ones = """
      update deliveries set attempts = 5 where account_id = %(account_id)s and attempts < 5 and claimed_by is null
      returning id
    """
    later = """
      select 1 from deliveries
       where account_id = %(account_id)s and attempts = 6 and due_at > now() + interval '3 minutes'
    """
    deadline = time.monotonic() + 60
    while not await shop.rows(later):
        assert time.monotonic() < deadline
        await shop.rows(skip_quick_ones)
        await asyncio.sleep(0.05)
    del hub.partner.hooks[shop.hook]
    await shop.rows(
        "update deliveries set due_at = now() where account_id = %(account_id)s returning id"
    )
    await shop.settle()
    assert (await shop.log())["deliveries"][0]["status"] == "success"
