"""Lists over HTTP: pages, cursors, and what belongs to other accounts."""

from typing import Any
from urllib.parse import quote

import pytest

from saluhall.dialect import Invalid
from saluhall.dialects.rheo.translate_lists import (
    cursor_from_query,
    filter_from_query,
    limit_from_query,
)
from saluhall.domain.listings.page_model import Filter
from tests.hub import Hub, Shop

ITEMS = "/integration/v1/items"


async def get(shop: Shop, query: str = "") -> dict[str, Any]:
    status, answer = await shop.call("GET", ITEMS + query)
    assert status == 200, answer
    return dict(answer)


async def test_pages_follow_each_other_and_the_total_stays(hub: Hub) -> None:
    shop, other = await hub.open_shop(), await hub.open_shop()
    items = [{"externalId": f"S{n:02d}", "title": "Part", "price": n + 1} for n in range(25)]
    for owner in (shop, other):
        status, _ = await owner.call("POST", ITEMS + "/batch", {"items": items})
        assert status == 202

    found, cursor = [], ""
    for _ in range(3):
        page = await get(shop, f"?limit=10&cursor={cursor}")
        found += page["items"]
        cursor = page["nextCursor"]
        assert page["total"] == 25
    assert cursor is None
    assert sorted(item["externalId"] for item in found) == [i["externalId"] for i in items]
    assert {i["rheoItemId"] for i in found}.isdisjoint(
        i["rheoItemId"] for i in (await get(other))["items"]
    )


async def test_what_changed_since_the_latest_change_seen_is_all_that_is_new(hub: Hub) -> None:
    shop = await hub.open_shop()
    for name in ("A", "B"):
        await shop.put(name)
    latest = (await get(shop))["items"][-1]["updatedAt"]

    await shop.patch("A", "price", {"price": 7})

    page = await get(shop, f"?updated_since={quote(latest, safe='')}")
    assert [(i["externalId"], i["price"]) for i in page["items"]][-1] == ("A", 7)
    assert page["total"] == len(page["items"]) <= 2


async def test_a_cursor_is_good_for_its_own_question_only(hub: Hub) -> None:
    shop = await hub.open_shop()
    for name in ("A", "B"):
        await shop.put(name)
    cursor = (await get(shop, "?limit=1"))["nextCursor"]

    status, answer = await shop.call("GET", f"{ITEMS}?limit=1&status=active&cursor={cursor}")

    assert (status, answer["details"][0]["field"]) == (422, "cursor")
    assert len((await get(shop, f"?limit=5&cursor={cursor}"))["items"]) == 1


async def test_another_accounts_container_has_no_children_here(hub: Hub) -> None:
    anna, eve = await hub.open_shop(), await hub.open_shop()
    await anna.put("BOX", type="container")
    await anna.put("IN", parentExternalId="BOX")

    assert (await get(eve, "?parent_external_id=BOX"))["total"] == 0
    for what in ("children", "summary", "history"):
        status, answer = await eve.call("GET", f"{ITEMS}/BOX/{what}")
        assert (status, answer["code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    "text",
    [
        "2026-05-26T10:00:00Z",
        "2026-05-26T10:00:00.000Z",
        "2026-05-26T10:00:00.0000009+00:00",
        "2026-05-26T10:00:00.0000009 00:00",
        "2026-05-26T12:00:00+02:00",
        "2026-05-26T10:00:00",
    ],
)
def test_an_instant_may_be_written_as_every_client_writes_it(text: str) -> None:
    since = filter_from_query({"updated_since": text}).changed_since

    assert since is not None
    assert since.isoformat() == "2026-05-26T10:00:00+00:00"


@pytest.mark.parametrize(
    "cursor", ["x", "AAAA", "ö", "\0", "lM8", "k5bA", "9" * 5000, "%%%", "gA==", "lP8AAAA"]
)
def test_whatever_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(Invalid):
        cursor_from_query({"cursor": cursor}, wanted=Filter())


@pytest.mark.parametrize("limit", ["0", "-1", "x", "1.5", "٣", "9" * 30, " 1", "1e3"])
def test_whatever_is_no_limit_is_refused(limit: str) -> None:
    with pytest.raises(Invalid):
        limit_from_query({"limit": limit})


@pytest.mark.parametrize(
    "query",
    [
        {"updated_since": "0001-01-01T00:00:00+14:00"},
        {"updated_since": "2026-13-01"},
        {"parent_external_id": "a\0b"},
        {"catalogSystem": "x" * 256, "catalogCode": "1"},
        {"catalogCode": "7118"},
    ],
    ids=lambda query: next(iter(query)),
)
def test_whatever_is_no_filter_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        filter_from_query(query)
