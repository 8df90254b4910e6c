"""GET /limits: each caller sees the own limits, and nobody else's."""

from typing import Any

from saluhall.domain.accounts.model import MAX_KEYS
from saluhall.domain.webhooks.model import MAX_ENDPOINTS
from tests.hub import Hub, Shop


async def limits_of(shop: Shop, **more: Any) -> dict[str, dict[str, Any]]:
    status, answer = await shop.call("GET", "/limits", **more)
    assert status == 200, answer
    return {limit["name"]: limit for limit in answer["limits"]}


async def test_a_key_sees_rates_keys_endpoints_and_calls_of_its_account(hub: Hub) -> None:
    shop = await hub.open_selling_shop()

    found = await limits_of(shop)

    assert found["API keys"]["limit"] == MAX_KEYS
    assert (found["API keys"]["used"], found["API keys"]["left"]) == (1, MAX_KEYS - 1)
    endpoints = found["webhook endpoints"]
    assert (endpoints["limit"], endpoints["used"]) == (MAX_ENDPOINTS, 1)
    assert endpoints["beyond"] == "409 Too many webhook endpoints: delete one first"
    price = found["requests a second: price"]
    assert (price["countsFor"], price["limit"], price["left"]) == ("key", 20, 20)
    assert "requests a second: management" not in found
    calls = found["calls in 24 hours: tradera"]
    assert (calls["countsFor"], calls["limit"]) == ("hub", 1_000_000)
    assert calls["used"] + calls["left"] == calls["limit"]


async def test_another_account_sees_nothing_of_it_and_a_stranger_is_refused(hub: Hub) -> None:
    shop, other = await hub.open_selling_shop(), await hub.open_shop()

    found = await limits_of(other)
    status, _ = await other.call("GET", "/limits", api_key="rheo_live_unknown")

    assert (await limits_of(shop))["webhook endpoints"]["used"] == 1
    assert found["webhook endpoints"]["used"] == 0
    assert not [name for name in found if name.startswith("calls")]
    assert status == 401


async def test_a_person_sees_the_rates_of_people(hub: Hub) -> None:
    shop = await hub.open_shop()

    status, answer = await shop.as_person("GET", "/limits")

    found = {limit["name"]: limit for limit in answer["limits"]}
    assert status == 200
    assert found["requests a second: management"]["countsFor"] == "user"
    assert "requests a second: price" not in found
