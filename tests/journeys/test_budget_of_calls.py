"""The calls an application may make in a day: spent where they matter, never overspent, and shown."""

import asyncio

import pytest

from saluhall.kit.clock import iso_from_instant, utc_now
from tests.conftest import StartHub
from tests.hub import Hub, Market, Shop


async def _shown(shop: Shop) -> dict[str, int]:
    listed = await shop.hub.cli("connection", "list", "--account", shop.principal.account_name)
    [connection] = listed["connections"]
    return dict(connection["budget"])


async def _calm(hub: Hub, *, for_s: float = 6) -> int:
    """Wait until no call is under way, no verdict is to be asked for, and none was made for a while; return how many there were."""
    calls = -1
    for _ in range(30):
        if calls == (calls := len(await hub.market.calls())) and not await _in_flight(hub):
            break
        await asyncio.sleep(for_s)
    return calls


async def _in_flight(hub: Hub) -> int:
    async with hub.db.statement() as tx:
        found = await tx.one(
            lambda row: int(row["found"]),
            """
            select (select count(*) from images where due_at is not null)
                 + (select count(*) from listings where claimed_by is not null or state = 'submitted') as found
            """,
        )
    return found or 0


async def test_a_shell_without_the_setting_shows_the_limit_of_the_running_workers(
    hub: Hub,
) -> None:
    shop = await hub.open_shop()
    await shop.connect()

    listed = await hub.cli(
        *("connection", "list", "--account", shop.principal.account_name),
        without={"SALUHALL_TRADERA_CALLS_PER_DAY"},
    )

    budget = listed["connections"][0]["budget"]
    assert budget["calls_per_day"] == 1_000_000
    assert budget["left"] == 1_000_000 - budget["used"]


@pytest.mark.long
async def test_a_small_budget_is_never_overspent_and_keeps_calls_for_what_matters(
    start_hub: StartHub,
) -> None:
    hub = await start_hub(SALUHALL_TRADERA_CALLS_PER_DAY="40")
    shop = await hub.open_selling_shop()
    names = [f"ITEM {n}" for n in range(18)]

    await asyncio.gather(*(shop.put(name, autoPublishTradera=True) for name in names))
    used = await _calm(hub)
    listed = [name for name in names if (await shop.get(name))["traderaStatus"] == "active"]
    assert 6 <= len(listed) < len(names)
    assert 28 <= used <= 36
    shown = await _shown(shop)
    assert (shown["calls_per_day"], shown["used"], shown["left"]) == (40, used, 40 - used)
    listed_connections = await hub.cli(
        "connection", "list", "--account", shop.principal.account_name
    )
    [connection] = listed_connections["connections"]
    assert (connection["state"], connection["waits_for"]) == ("connected", "calls")
    assert connection["next_try_at"] > iso_from_instant(utc_now())
    assert connection["reason"].startswith("The calls to Tradera are used up: ")
    begun = [line for line in hub.lines() if line["event"] == "calls used up"]
    assert [(line["name"], line["level"]) for line in begun] == [("tradera", "warning")]

    await shop.patch(listed[0], "price", {"price": 500})
    await shop.patch(listed[1], "status", {"status": "not_listed"})
    await asyncio.gather(
        shop.heard("listing.ended", listed[1]), shop.until(listed[1], traderaStatus="ended")
    )
    after = await _calm(hub)

    prices = {ad["title"]: ad["startPrice"] for ad in await shop.ads()}
    assert prices[f"Part {listed[0]}"] == 500
    assert used + 2 <= after <= 40
    for name in set(names) - set(listed):
        shown_item = await shop.get(name)
        assert shown_item["traderaStatus"] == "pending_sync"
        assert shown_item["traderaError"].startswith("The calls to Tradera are used up: ")
        assert shown_item["traderaNextTryAt"] > iso_from_instant(utc_now())
        assert not [e for e in shop.events() if e["eventType"] == "listing.failed"]

    await hub.pass_time(25 * 60)
    waiting = [name for name in names if name not in listed]
    await asyncio.gather(*(shop.heard("listing.created", name) for name in waiting[:3]))
    assert len(await hub.market.calls()) <= after + 40
    assert len({ad["title"] for ad in await shop.ads()}) == len(await shop.ads())
    shown_item = await shop.get(waiting[0])
    assert (shown_item["traderaError"], "traderaNextTryAt" in shown_item) == (None, False)


@pytest.mark.long
async def test_a_marketplace_that_says_stop_is_left_alone_until_its_time(
    shop: Shop, calm_market: Market
) -> None:
    hub = shop.hub
    await shop.listed("FIRST")
    await calm_market.quota(0)
    before = len(await calm_market.calls())

    async def refusals() -> int:
        return sum(call["status"] == 429 for call in (await calm_market.calls())[before:])

    names = [f"ITEM {n}" for n in range(20)]
    await asyncio.gather(*(shop.put(name, autoPublishTradera=True) for name in names))
    async with asyncio.timeout(60):
        while not (refused := await refusals()):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.1)
    await asyncio.sleep(2)  # enough for many more, if it tried again

    assert refused <= await refusals() <= len(names)  # those under way, no loop
    listed = await hub.cli("connection", "list", "--account", shop.principal.account_name)
    assert listed["connections"][0]["budget"]["blocked_until"] is not None
    assert listed["connections"][0]["state"] == "connected"
    assert not [e for e in shop.events() if e["eventType"] == "listing.failed"]

    await calm_market.quota(None)
    await hub.pass_time(3)
    await asyncio.gather(*(shop.heard("listing.created", name) for name in names))
    assert len(await shop.ads()) == len(names) + 1
