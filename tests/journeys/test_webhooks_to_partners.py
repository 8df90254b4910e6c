"""Webhooks as a partner takes them: signed, repeated on the schedule, held back when nobody listens."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from itertools import pairwise
from typing import Any

import pytest

from saluhall.practice.partner import Hosted, Received
from tests.hub import Hub, Shop

SCHEDULE_S = (1, 2, 4, 8)  # and 16, which a test does not wait for
OFF_AFTER = 15


async def _taken(shop: Shop, count: int, *, timeout_s: float = 40) -> list[Received]:
    """Wait until so many posts have arrived."""
    deadline = time.monotonic() + timeout_s
    while len(shop.received()) < count:
        assert time.monotonic() < deadline, [json.loads(r.body) for r in shop.received()]
        await asyncio.sleep(0.02)
    return shop.received()


async def _attempts(shop: Shop) -> list[dict[str, Any]]:
    return await shop.rows(
        "select success, http_status, error from delivery_attempts where account_id = %(account_id)s order by at"
    )


async def test_a_delivery_is_signed_twice_with_the_secret(hub: Hub) -> None:
    shop = await hub.open_shop()
    secret = await shop.listen(["item.sold"])
    await shop.put("A")
    await shop.patch("A", "status", {"status": "sold"})

    [got] = await _taken(shop, 1)

    rheo = hmac.new(secret.encode(), got.body, hashlib.sha256).hexdigest()
    assert got.headers["x-rheo-signature"] == f"sha256={rheo}"
    key = base64.b64decode(secret.removeprefix("whsec_"))
    assert len(key) == 32
    stamp = got.headers["webhook-timestamp"]
    message = f"{got.headers['webhook-id']}.{stamp}.".encode() + got.body
    standard = base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()
    assert got.headers["webhook-signature"] == f"v1,{standard}"
    assert abs(time.time() - int(stamp)) < 60
    assert got.headers["content-type"] == "application/json"
    body = json.loads(got.body)
    assert list(body) == ["eventId", "eventType", "timestamp", "data"]
    assert body["eventId"] == got.headers["webhook-id"]
    assert body["eventId"].startswith("evt_")


@pytest.mark.long
async def test_a_failing_receiver_is_tried_on_the_schedule_with_the_same_bytes(hub: Hub) -> None:
    failing, once = await hub.open_shop(), await hub.open_shop()
    hub.partner.hooks[failing.hook] = Hosted(status=500)
    hub.partner.hooks[once.hook] = Hosted(status=500)
    for shop in (failing, once):
        await shop.listen(["item.created"])
        await shop.put("A")

    await _taken(once, 1)
    del hub.partner.hooks[once.hook]
    got = await _taken(failing, 1 + len(SCHEDULE_S))

    gaps = [after.at - before.at for before, after in pairwise(got)]
    for gap, wanted in zip(gaps, SCHEDULE_S, strict=True):
        assert wanted * 0.95 <= gap <= wanted + 4, gaps
    assert len({r.body for r in got}) == len({r.headers["webhook-id"] for r in got}) == 1
    attempts = await _attempts(failing)
    assert [a["http_status"] for a in attempts[:4]] == [500] * 4
    assert [a["success"] for a in await _attempts(once)] == [False, True]
    assert len({r.body for r in once.received()}) == 1
    assert len(once.received()) == 2


async def test_a_dead_receiver_is_switched_off_and_what_waits_is_delivered_later(
    hub: Hub,
) -> None:
    shop = await hub.open_shop()
    hub.partner.hooks[shop.hook] = Hosted(status=503)
    await shop.listen(["item.created"])
    early = [f"EARLY {n}" for n in range(OFF_AFTER + 3)]
    await asyncio.gather(*(shop.put(name) for name in early))
    await shop.logged(OFF_AFTER)
    assert await shop.rows("select 1 from endpoints where account_id = %(account_id)s and active")
    await shop.rows(
        "update endpoints set failing_since = failing_since - interval '5 minutes'"
        " where account_id = %(account_id)s returning id"
    )
    [endpoint] = await _until_off(shop)
    assert endpoint["fail_count"] >= OFF_AFTER
    tries = len(shop.received())

    await asyncio.gather(*(shop.put(name) for name in ("LATE 1", "LATE 2")))
    await asyncio.sleep(2.5)
    assert len(shop.received()) == tries
    del hub.partner.hooks[shop.hook]
    await shop.listen(["item.created"])
    await shop.settle()

    heard = [json.loads(r.body) for r in shop.received()[tries:]]
    assert sorted(e["data"]["externalId"] for e in heard) == sorted([*early, "LATE 1", "LATE 2"])
    [endpoint] = await shop.rows(
        "select active, fail_count from endpoints where account_id = %(account_id)s"
    )
    assert (endpoint["active"], endpoint["fail_count"]) == (True, 0)


async def _until_off(shop: Shop) -> list[dict[str, Any]]:
    deadline = time.monotonic() + 30
    while True:
        endpoints = await shop.rows(
            "select active, fail_count from endpoints where account_id = %(account_id)s"
        )
        held = await shop.rows(
            "select 1 from deliveries where account_id = %(account_id)s and state = 'due'"
        )
        if not endpoints[0]["active"] and not held:
            return endpoints
        assert time.monotonic() < deadline, endpoints
        await asyncio.sleep(0.05)


@pytest.mark.long
async def test_events_of_an_item_arrive_in_their_order_also_after_failures(hub: Hub) -> None:
    shop = await hub.open_shop()
    hub.partner.hooks[shop.hook] = Hosted(status=500)
    await shop.listen(["item.created", "item.sold"])
    names = [f"PART {n}" for n in range(12)]
    await asyncio.gather(*(shop.put(name) for name in names))
    await asyncio.gather(*(shop.patch(name, "status", {"status": "sold"}) for name in names))
    await shop.logged(2 * len(names))
    assert {event["eventType"] for event in shop.events()} == {"item.created"}
    failed = len(shop.received())

    del hub.partner.hooks[shop.hook]
    await shop.put("another")
    await shop.heard("item.created", "another", timeout_s=5)
    await shop.settle()

    told: dict[str, list[str]] = {}
    for event in shop.events()[failed:]:
        told.setdefault(event["data"]["externalId"], []).append(event["eventType"])
    assert {name: told[name] for name in names} == {
        name: ["item.created", "item.sold"] for name in names
    }


async def test_a_redirect_is_a_failure_and_is_not_followed(hub: Hub) -> None:
    shop = await hub.open_shop()
    there = f"/elsewhere/{shop.principal.account_id}"
    hub.partner.hooks[shop.hook] = Hosted(status=307, headers={"location": hub.partner.url + there})
    await shop.listen(["item.created"])
    await shop.put("A")

    await _taken(shop, 2)
    del hub.partner.hooks[shop.hook]
    await shop.settle()

    assert not [r for r in hub.partner.received if r.path == there]
    attempts = await _attempts(shop)
    assert attempts[0] == {"success": False, "http_status": 307, "error": "HTTP 307"}
    assert attempts[-1]["success"]


async def test_only_what_was_asked_for_is_delivered_and_each_event_once(shop: Shop) -> None:
    await shop.listen(["item.created", "listing.created"])

    await shop.listed("A", imageUrls=[f"{shop.hub.partner.url}/1.jpg"])
    await shop.patch("A", "status", {"status": "sold"})
    await shop.until("A", traderaStatus="ended")
    await shop.settle()

    assert [e["eventType"] for e in shop.events()] == ["item.created", "listing.created"]
    assert len({e["eventId"] for e in shop.events()}) == 2
    assert {e["type"] for e in await shop.history("A")} >= {
        "images.ready",
        "product.sold",
        "listing.ended",
    }
