"""Each request is one line of the log, with what one looks for: what was asked, by whom, how long it took."""

import re
from typing import Any

import pytest

from saluhall.web.request_log import _is_logged
from tests.hub import Hub

ROUTE = "/integration/v1/items/{external_id}"


def lines_of(hub: Hub, request_id: str) -> list[dict[str, Any]]:
    found = [line for line in hub.lines() if line.get("request_id") == request_id]
    return [line for line in found if line["event"] == "request"]


async def test_a_request_is_one_line_with_route_status_duration_and_caller(hub: Hub) -> None:
    shop = await hub.open_shop()
    for method, path, request_id in (
        ("GET", shop.path("A/B"), "log-1"),
        ("GET", "/integration/v1/nothing", "log-2"),
        ("GET", "/images/none.jpg", "log-3"),
        ("GET", "/healthz", "log-4"),
    ):
        headers = {"x-api-key": shop.api_key, "x-request-id": request_id}
        await hub.request(method, path, headers=headers)

    [line] = lines_of(hub, "log-1")
    assert (line["method"], line["route"], line["status"], line["level"]) == (
        "GET",
        ROUTE,
        404,
        "info",
    )
    assert line["account_id"] == str(shop.principal.account_id)
    assert re.fullmatch(r"[0-9a-f-]{36}", line["key_id"])
    assert 0 < line["duration_ms"] < 60_000
    assert shop.api_key not in str(line)
    assert [(x["route"], x["status"]) for x in lines_of(hub, "log-2")] == [("none", 404)]
    assert [(x["route"], x["status"]) for x in lines_of(hub, "log-3")] == [("/images/{key}", 404)]
    assert lines_of(hub, "log-4") == []


async def test_an_events_id_is_the_same_in_the_log_the_webhook_and_the_feed(hub: Hub) -> None:
    shop = await hub.open_shop()
    await shop.listen()
    await shop.put("NAMED")
    heard = await shop.heard("item.created", "NAMED")

    logged = [line for line in hub.lines() if line.get("event_id") == heard["eventId"]]
    assert [line["event"] for line in logged] == ["product.created"]
    status, feed = await shop.call("GET", "/integration/events")
    assert status == 200
    assert heard["eventId"] in str(feed)


@pytest.mark.parametrize(
    ("setting", "route", "status", "seconds", "expected"),
    [
        ("on", ROUTE, 200, 0.01, True),
        ("on", "/readyz", 200, 0.01, False),
        ("on", "/readyz", 503, 0.01, True),
        ("slow", ROUTE, 200, 0.01, False),
        ("slow", ROUTE, 422, 0.01, False),
        ("slow", ROUTE, 429, 0.01, True),
        ("slow", ROUTE, 500, 0.01, True),
        ("slow", ROUTE, 200, 1.5, True),
        ("off", ROUTE, 500, 1.5, False),
    ],
)
def test_which_requests_are_logged_is_a_setting(
    setting: Any, route: str, status: int, seconds: float, *, expected: bool
) -> None:
    assert _is_logged(route, status, seconds, setting) is expected
