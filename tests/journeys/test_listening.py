"""`saluhall listen` and `saluhall trigger`: webhooks while developing, without https, certificates or settings."""

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from saluhall.practice.partner import Received
from tests.hub import Hub, Shop
from tests.journeys.endpoints import WEBHOOKS, made, rheo_signature, standard_signature


@asynccontextmanager
async def listening(shop: Shop, *arguments: str) -> AsyncIterator[Process]:
    """Run the command until the endpoint is there; Ctrl-C at the end."""
    before = len(await endpoints(shop))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "saluhall", "listen", "--account", shop.principal.account_name),
        *arguments,
        env=shop.hub.env,
        stdout=PIPE,
        stderr=PIPE,
    )
    try:
        async with asyncio.timeout(30):
            while len(await endpoints(shop)) == before:
                assert process.returncode is None
                await asyncio.sleep(0.05)
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
            assert await asyncio.wait_for(process.wait(), 20) == 0


async def endpoints(shop: Shop) -> list[dict[str, object]]:
    status, answer = await shop.as_person("GET", WEBHOOKS)
    assert status == 200
    return [each for each in answer["webhooks"] if each["description"] == "saluhall listen"]


async def line_of(process: Process) -> str:
    assert process.stdout is not None
    return (await asyncio.wait_for(process.stdout.readline(), 30)).decode()


@asynccontextmanager
async def receiver_on_http(taken: list[Received]) -> AsyncIterator[str]:
    """An integrator's own program, which answers the first request badly."""

    async def take(request: web.Request) -> web.Response:
        headers = {name.lower(): text for name, text in request.headers.items()}
        taken.append(Received(at=0, path=request.path, headers=headers, body=await request.read()))
        return web.Response(status=503 if len(taken) == 1 else 204)

    app = web.Application()
    app.router.add_post("/hook", take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    await runner.cleanup()


async def test_a_real_sale_reaches_a_program_on_http_with_both_signatures_and_leaves_nothing(
    hub: Hub,
) -> None:
    shop = await hub.open_shop()
    await shop.connect()
    await shop.put("LAMP", autoPublishTradera=True)
    await shop.until("LAMP", traderaStatus="active")
    taken: list[Received] = []

    async with (
        receiver_on_http(taken) as url,
        listening(shop, "--forward-to", url) as forwarding,
        listening(shop, "--json", "--event-types", "item.sold") as printing,
    ):
        answer = await hub.cli("trigger", "item.sold", "--account", shop.principal.account_name)
        whole = json.loads(await line_of(printing))
        first, second = await line_of(forwarding), await line_of(forwarding)

    assert (answer["made"], answer["externalId"], answer["endpoints"]) == ("practice", "LAMP", 2)
    assert (whole["eventType"], whole["eventId"]) == ("item.sold", answer["eventId"])
    assert "test" not in whole["data"]
    assert (await shop.get("LAMP"))["traderaStatus"] == "sold"
    assert "item.sold  LAMP  950 SEK" in first
    assert first.split("->")[1].startswith(" 503 in ")
    assert second.split("->")[1].startswith(" 204 in "), "a bad answer is tried again, as ever"
    _, settings = await shop.as_person("GET", "/integration/webhook-settings")
    for got in taken:
        assert got.headers["x-rheo-signature"] == rheo_signature(settings["webhookSecret"], got)
        assert got.headers["webhook-signature"] == standard_signature(
            settings["webhookSecret"], got
        )
        assert json.loads(got.body) == whole
    assert await endpoints(shop) == []


async def test_a_test_event_is_marked_and_changes_nothing(hub: Hub) -> None:
    shop = await hub.open_shop()
    await made(shop, eventTypes=["item.sold"])
    await shop.put("LAMP")

    answer = await hub.cli(
        "trigger", "item.sold", "--account", shop.principal.account_name, "--sku", "LAMP"
    )
    event = await shop.heard("item.sold", "LAMP")

    assert (answer["made"], answer["endpoints"]) == ("test", 1)
    assert event["eventId"] == answer["eventId"]
    assert (event["data"]["test"], event["data"]["salePrice"]) == (True, 950)
    assert (await shop.get("LAMP"))["rheoStatus"] != "sold"
    _, history = await shop.call("GET", shop.path("LAMP") + "/history")
    assert [each["eventType"] for each in history["events"]] == ["item.created"]
    owner = {"account_id": shop.principal.account_id}
    async with hub.db.statement() as tx:
        assert not await tx.all(
            dict, "select 1 from sales where account_id = %(account_id)s", owner
        )


async def test_what_a_killed_listener_left_keeps_its_address_and_is_deleted_once_it_has_expired(
    hub: Hub,
) -> None:
    shop = await hub.open_shop()
    async with listening(shop) as killed:
        killed.kill()
        await killed.wait()
    await shop.put("A")
    [left] = await endpoints(shop)
    elsewhere = {"url": "https://elsewhere.example/hook"}
    status, refused = await shop.as_person("PATCH", f"{WEBHOOKS}/{left['id']}", elsewhere)
    assert (status, "cannot be changed" in str(refused)) == (422, True)
    async with hub.db.statement() as tx:
        await tx.run(
            "update endpoints set expires_at = now() - interval '1 second' where id = %(id)s",
            {"id": left["id"]},
        )
    await shop.put("B")
    await shop.settle()

    assert await endpoints(shop) == []
    pending = "select 1 from deliveries where account_id = %(account_id)s and due_at is not null"
    assert await shop.rows(pending) == []
