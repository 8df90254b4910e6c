"""SIGTERM: finish what runs, give back the rest, and go."""

import asyncio
import signal
from pathlib import Path

import aiohttp
import psutil
import pytest

from saluhall.practice.partner import Hosted
from tests.cli.command import Saluhall, Server
from tests.conftest import StartHub
from tests.hub import Hub
from tests.images import jpeg
from tests.postgres import Postgres
from tests.safety.processes import processes_of, until_ended

CLAIMED = """
  select (select count(*) from images where claimed_by is not null)
       + (select count(*) from products where enhance_claimed_by is not null)
       + (select count(*) from listings where claimed_by is not null)
       + (select count(*) from deliveries where claimed_by is not null)
       + (select count(*) from connections where poll_claimed_by is not null) as count
"""
WAITING = "select count(*) as count from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"


async def count(hub: Hub, sql: str) -> int:
    async with hub.db.statement() as tx:
        return int(await tx.one(lambda row: row["count"], sql) or 0)


async def until_some(hub: Hub, sql: str) -> None:
    for _ in range(400):
        if await count(hub, sql):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(sql)


@pytest.mark.long
async def test_requests_under_way_are_answered_none_are_taken_and_unfinished_work_is_released(
    start_hub: StartHub,
) -> None:
    hub = await start_hub()
    shop = await hub.open_shop()
    await shop.put("HELD")
    hub.partner.images["/slow.jpg"] = Hosted(body=jpeg("slow"), delay_s=40)
    await shop.put("SLOW", imageUrls=[f"{hub.partner.url}/slow.jpg"])
    await until_some(hub, CLAIMED)

    async with hub.db.transaction() as tx:
        await tx.run("select from products where sku = 'HELD' for update")
        held = asyncio.create_task(shop.put("HELD", price=1000))
        await until_some(hub, WAITING)
        children = processes_of(hub)
        stopping = asyncio.create_task(hub.stop())
        await asyncio.sleep(1)
        with pytest.raises(aiohttp.ClientError):
            await hub.request("GET", "/healthz", headers={"connection": "close"})
        assert not held.done()

    await held
    assert await stopping == 0
    await until_ended(children)
    prices = await shop.rows(
        "select price from products where account_id = %(account_id)s and sku = 'HELD'"
    )
    assert [int(row["price"]) for row in prices] == [1000]

    assert await count(hub, CLAIMED) == 0
    assert await count(hub, "select count(*) from workers") == 0
    assert await count(hub, "select count(*) from images where due_at <= now()") == 1
    assert "Traceback" not in hub.log.read_text()


async def test_a_stop_during_the_start_is_a_stop(postgres: Postgres, tmp_path: Path) -> None:
    saluhall = Saluhall(tmp_path / "data", {"SALUHALL_DATABASE_URL": postgres.new_database()})

    for pause_s in (0.9, 1.4):
        server = Server(saluhall)
        await asyncio.sleep(pause_s)
        children = psutil.Process(server.process.pid).children(recursive=True)
        code = await asyncio.to_thread(server.stop)
        assert code in {0, -signal.SIGTERM}  # before Python is up the signal ends it by itself
        await until_ended(children)
