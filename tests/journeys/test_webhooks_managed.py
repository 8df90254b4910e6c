"""Webhook settings and endpoints as a partner's people manage them."""

import asyncio
import json
from typing import Any
from uuid import uuid4

import pytest

from saluhall.domain.webhooks.model import MAX_ENDPOINTS
from saluhall.practice.partner import Hosted
from tests.hub import Hub
from tests.journeys.endpoints import WEBHOOKS, made, rheo_signature

SETTINGS = "/integration/webhook-settings"
NOBODY = str(uuid4())


async def test_settings_begin_with_a_secret_and_take_an_address(hub: Hub) -> None:
    shop = await hub.open_shop()
    status, first = await shop.as_person("GET", SETTINGS)
    assert (status, first["webhookUrl"]) == (200, None)
    assert first["webhookSecret"].startswith("whsec_")

    url = hub.partner.url + shop.hook
    assert await shop.as_person("PUT", SETTINGS, {"webhookUrl": url}) == (200, {"success": True})
    assert await shop.as_person("GET", SETTINGS) == (200, {**first, "webhookUrl": url})
    await shop.put("A")
    await shop.patch("A", "status", {"status": "sold"})

    await shop.heard("item.sold", "A")
    [got] = shop.received()  # the two later types are for those who ask
    assert got.headers["x-rheo-signature"] == rheo_signature(first["webhookSecret"], got)


async def test_an_address_that_is_removed_hears_nothing_until_there_is_one_again(hub: Hub) -> None:
    shop = await hub.open_shop()
    await shop.listen(["item.created"])
    status, _ = await shop.as_person("PUT", SETTINGS, {"webhookUrl": None})
    await shop.put("A")
    await shop.settle()

    assert status == 200
    assert (await shop.as_person("GET", SETTINGS))[1]["webhookUrl"] is None
    assert (await shop.as_person("GET", WEBHOOKS))[1] == {"webhooks": []}
    url = hub.partner.url + shop.hook
    await shop.as_person("PUT", SETTINGS, {"webhookUrl": url})
    await shop.put("B")
    await shop.heard("item.created", "B")
    assert {e["data"]["externalId"] for e in shop.events()} == {"B"}


@pytest.mark.parametrize(
    "url",
    ["http://partner.example.com/hook", "https://169.254.169.254/latest", "https://10.0.0.7/", "x"],
)
async def test_an_address_that_must_not_be_called_is_refused(hub: Hub, url: str) -> None:
    shop = await hub.open_shop()
    endpoint = await made(shop)

    for method, path, field in (
        ("PUT", SETTINGS, "webhookUrl"),
        ("POST", WEBHOOKS, "url"),
        ("PATCH", f"{WEBHOOKS}/{endpoint['id']}", "url"),
    ):
        status, answer = await shop.as_person(method, path, {field: url})
        assert status == 422, answer
        assert [d["field"] for d in answer["details"]] == [field]
    assert (await shop.as_person("GET", SETTINGS))[1]["webhookUrl"] is None


async def test_loopback_is_refused_where_the_operator_does_not_allow_it(start_hub: Any) -> None:
    hub: Hub = await start_hub(SALUHALL_OUTBOUND_ALLOW="")
    shop = await hub.open_shop()

    status, answer = await shop.as_person("POST", WEBHOOKS, {"url": "https://127.0.0.1/hook"})

    assert (status, answer["details"][0]["field"]) == (422, "url")
    await shop.listen(["item.created"])  # as if it had been saved when it was allowed
    await shop.put("A")
    await shop.logged(1)
    assert shop.received() == []
    [attempt, *_] = (await shop.log())["deliveries"]
    assert attempt["status"] == "failed"
    [endpoint] = (await shop.as_person("GET", WEBHOOKS))[1]["webhooks"]
    status, result = await shop.as_person("POST", f"{WEBHOOKS}/{endpoint['id']}/test")
    assert (status, result["success"], result["httpStatus"]) == (200, False, None)


async def test_the_whole_secret_is_shown_once(hub: Hub) -> None:
    shop = await hub.open_shop()
    new = await made(shop, eventTypes=["item.sold", "item.sold"], description="Stock")

    assert list(new) == [
        *("id", "url", "eventTypes", "scope", "active", "failCount", "secret"),
        *("secretHint", "createdAt", "updatedAt", "description"),
    ]
    assert new["secretHint"] == new["secret"][:9] + "…"
    assert new["eventTypes"] == ["item.sold"]
    _, listed = await shop.as_person("GET", WEBHOOKS)
    assert listed == {"webhooks": [{k: v for k, v in new.items() if k != "secret"}]}


async def test_another_accounts_endpoint_does_not_exist(hub: Hub) -> None:
    mine, other = await hub.open_shop(), await hub.open_shop()
    endpoint = await made(other)
    await other.put("A")
    await other.logged(1)
    attempt = (await other.log())["deliveries"][0]["id"]
    since = {"since": "2026-01-01T00:00:00Z"}

    for wrong in (endpoint["id"], NOBODY, "no-uuid"):
        for method, rest, body in (
            ("PATCH", "", {"active": False}),
            ("DELETE", "", None),
            ("POST", "/rotate-secret", None),
            ("POST", "/test", None),
            ("POST", "/replay", since),
        ):
            status, answer = await mine.as_person(method, f"{WEBHOOKS}/{wrong}{rest}", body)
            assert (status, answer["code"]) == (404, "NOT_FOUND"), (method, rest)
    for wrong in (attempt, NOBODY, "no-uuid"):
        path = f"/integration/webhook-deliveries/{wrong}/redeliver"
        assert (await mine.as_person("POST", path))[0] == 404
    assert (await mine.log())["deliveries"] == []
    [still] = (await other.as_person("GET", WEBHOOKS))[1]["webhooks"]
    assert still["active"]


async def test_what_is_wrong_with_an_endpoint_is_named(hub: Hub) -> None:
    shop = await hub.open_shop()
    bad = {
        "url": "ftp://x",
        "eventTypes": ["item.sold", "workflow.done"],
        "scope": "all",
        "description": "x" * 256,
    }

    status, answer = await shop.as_person("POST", WEBHOOKS, bad)

    assert status == 422
    assert {d["field"] for d in answer["details"]} == {
        *("url", "eventTypes.1", "scope", "description"),
    }
    status, answer = await shop.as_person(
        "POST", WEBHOOKS, {"url": hub.partner.url, "scope": "members"}
    )
    assert (status, answer["details"][0]["field"]) == (422, "scope")


async def test_an_account_has_fifty_endpoints_however_many_it_makes_at_once(hub: Hub) -> None:
    shop = await hub.open_shop()
    body = {"url": hub.partner.url}
    await shop.as_person("GET", WEBHOOKS)

    answers = await asyncio.gather(
        *(shop.as_person("POST", WEBHOOKS, body) for _ in range(MAX_ENDPOINTS + 5))
    )

    assert sorted(status for status, _ in answers) == [200] * MAX_ENDPOINTS + [409] * 5
    assert len((await shop.as_person("GET", WEBHOOKS))[1]["webhooks"]) == MAX_ENDPOINTS


async def test_switched_on_again_an_endpoint_gets_what_was_held_back(hub: Hub) -> None:
    shop = await hub.open_shop()
    endpoint = await made(shop)
    path = f"{WEBHOOKS}/{endpoint['id']}"
    status, off = await shop.as_person("PATCH", path, {"active": False})
    assert (status, off["active"]) == (200, False)
    await asyncio.gather(*(shop.put(name) for name in ("A", "B")))
    await shop.settle()
    assert shop.received() == []

    status, on = await shop.as_person("PATCH", path, {"active": True, "description": None})

    assert (status, on["active"], on["failCount"]) == (200, True, 0)
    for name in ("A", "B"):
        await shop.heard("item.created", name)


async def test_a_change_of_address_holds_for_what_is_being_retried(hub: Hub) -> None:
    shop = await hub.open_shop()
    hub.partner.hooks[shop.hook] = Hosted(status=500)
    endpoint = await made(shop)
    await shop.put("A")
    await shop.logged(1)
    there = f"/moved/{shop.principal.account_id}"

    path = f"{WEBHOOKS}/{endpoint['id']}"
    status, _ = await shop.as_person("PATCH", path, {"url": hub.partner.url + there})
    await shop.settle()

    assert status == 200
    moved = [r for r in hub.partner.received if r.path == there]
    assert [json.loads(r.body)["data"]["externalId"] for r in moved] == ["A"]
    assert moved[0].body == shop.received()[0].body


async def test_a_deleted_endpoint_hears_no_more_and_its_log_stays(hub: Hub) -> None:
    shop = await hub.open_shop()
    hub.partner.hooks[shop.hook] = Hosted(status=500, delay_s=0.3)
    endpoint = await made(shop)
    await asyncio.gather(*(shop.put(name) for name in "ABCD"))
    await shop.until_received(1)

    status, _ = await shop.as_person("DELETE", f"{WEBHOOKS}/{endpoint['id']}")
    assert status == 204
    await shop.put("E")
    await shop.settle()

    assert (await shop.as_person("DELETE", f"{WEBHOOKS}/{endpoint['id']}"))[0] == 404
    assert (await shop.as_person("GET", WEBHOOKS))[1] == {"webhooks": []}
    await shop.logged(1)
    lines = (await shop.log())["deliveries"]
    assert {line["endpointId"] for line in lines} == {endpoint["id"]}
    assert "E" not in {line["externalId"] for line in lines}
    again = f"/integration/webhook-deliveries/{lines[0]['id']}/redeliver"
    assert (await shop.as_person("POST", again))[0] == 404


@pytest.mark.parametrize(
    ("hosted", "status", "success"),
    [
        (Hosted(status=204), 204, True),
        (Hosted(status=500), 500, False),
        (Hosted(status=302, headers={"location": "https://169.254.169.254/"}), 302, False),
    ],
    ids=["well", "broken", "redirecting"],
)
async def test_a_test_event_tells_what_the_receiver_said(
    hub: Hub,
    hosted: Hosted,
    status: int,
    success: bool,  # noqa: FBT001 - a parameter of the table
) -> None:
    shop = await hub.open_shop()
    endpoint = await made(shop)
    hub.partner.hooks[shop.hook] = hosted

    code, result = await shop.as_person("POST", f"{WEBHOOKS}/{endpoint['id']}/test")

    assert code == 200
    assert (result["success"], result["httpStatus"]) == (success, status)
    assert result["latencyMs"] >= 0
    [got] = shop.received()
    event = json.loads(got.body)
    assert (event["eventId"], event["eventType"]) == (result["eventId"], "item.created")
    assert (event["data"]["externalId"], event["data"]["test"]) == ("TEST_EVENT", True)
    assert got.headers["x-rheo-signature"] == rheo_signature(endpoint["secret"], got)
    [shown] = (await shop.as_person("GET", WEBHOOKS))[1]["webhooks"]
    assert (shown["failCount"], shown["active"]) == (0, True)
    assert (await shop.log())["deliveries"] == []


async def test_a_test_event_to_nobody_says_so(hub: Hub) -> None:
    shop = await hub.open_shop()
    endpoint = await made(shop, url="https://127.0.0.1:9/hook")

    status, result = await shop.as_person("POST", f"{WEBHOOKS}/{endpoint['id']}/test")

    assert (status, result["success"], result["httpStatus"]) == (200, False, None)
    assert "127.0.0.1:9" in result["errorMessage"]
