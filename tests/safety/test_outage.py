"""The database goes away and comes back: honest answers meanwhile, and nobody has to restart anything."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from saluhall.practice.partner import Partner
from saluhall.storage import Database
from saluhall.storage.embedded import EmbeddedPostgres
from tests.hub import Hub, Market, Shop
from tests.postgres import TESTED_VERSION, Postgres

VERSIONS = (16, 18)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[EmbeddedPostgres]:
    """A PostgreSQL of one's own, to stop and start, in the version that the other tests do not use."""
    [version] = (version for version in VERSIONS if version != TESTED_VERSION)
    server = EmbeddedPostgres(tmp_path / "own", version=version)
    yield server
    server.close()


@pytest.fixture
async def own_hub(
    database: EmbeddedPostgres, market: Market, partner: Partner, tmp_path: Path
) -> AsyncIterator[Hub]:
    (tmp_path / "hub").mkdir()
    started = Hub(url=database.url, folder=tmp_path / "hub", market=market, partner=partner, env={})
    await started.start()
    yield started
    await started.close()


async def status_of(hub: Hub, path: str) -> int:
    return (await hub.request("GET", path))[0]


async def until(hub: Hub, path: str, status: int) -> None:
    deadline = time.monotonic() + 60
    while await status_of(hub, path) != status:
        assert time.monotonic() < deadline, hub.log.read_text()[-3000:]
        await asyncio.sleep(0.1)


@pytest.mark.long
async def test_an_outage_is_said_and_ends_by_itself_on_the_other_version_of_postgresql_too(
    own_hub: Hub, database: EmbeddedPostgres
) -> None:
    hub, shop = own_hub, await own_hub.open_selling_shop()
    await shop.listed("BEFORE", imageUrls=[f"{hub.partner.url}/1.jpg"])
    await shop.patch("BEFORE", "price", {"price": 700})
    async with hub.db.statement() as tx:
        version = await tx.one(lambda row: row["v"], "select current_setting('server_version') v")
    assert str(version).partition(".")[0] in {str(v) for v in VERSIONS if v != TESTED_VERSION}

    before = len(hub.lines())
    database.stop()
    await until(hub, "/readyz", 503)
    assert await status_of(hub, "/healthz") == 200
    assert await status_of(hub, "/metrics") == 200
    headers = {"x-api-key": shop.api_key}
    asked = [hub.request("GET", shop.path("BEFORE"), headers=headers) for _ in range(3)]
    for status, told, body in await asyncio.gather(*asked):
        assert (status, told["retry-after"]) == (503, "1")
        assert json.loads(body) == {
            "error": "Service is busy, try again shortly",
            "code": "SERVICE_UNAVAILABLE",
            "statusCode": 503,
        }

    _, _, text = await hub.request("GET", "/metrics")
    assert 'saluhall_outages{kind="database"} 1.0' in text.decode()
    assert "saluhall_ready 0.0" in text.decode()

    database.start()
    await until(hub, "/readyz", 200)
    assert (await shop.get("BEFORE"))["traderaStatus"] == "active"
    await shop.listed("AFTER", imageUrls=[f"{hub.partner.url}/2.jpg"])
    await shop.delete("AFTER")
    await shop.heard("listing.ended", "AFTER")
    assert "this is a bug" not in hub.log.read_text()
    await _ended(hub, before)
    outage = [line for line in hub.lines()[before:] if line["level"] in {"warning", "error"}]
    events = sorted(line["event"] for line in outage)
    each = ["database available again", "database unavailable"]  # by the API and by the worker
    assert events == sorted(each * 2), "\n".join(map(str, outage))
    assert all(line["duration_s"] > 0 for line in outage if "again" in line["event"])


async def _ended(hub: Hub, before: int) -> None:
    deadline = time.monotonic() + 30
    while sum("again" in line["event"] for line in hub.lines()[before:]) < 2:
        assert time.monotonic() < deadline, hub.log.read_text()[-3000:]
        await asyncio.sleep(0.1)


READ_ONLY = "alter database {} set default_transaction_read_only = on"
CUT = """
  select pg_terminate_backend(pid, 5000) from pg_stat_activity
   where datname = %(name)s and pid <> pg_backend_pid()
"""


async def test_while_it_may_only_read_the_database_is_away_and_then_all_continues(
    shop: Shop, postgres: Postgres
) -> None:
    """As in a failover: connections lead to a server that takes no writes, and continue leading there when another one does."""
    hub = shop.hub
    await shop.put("WRITTEN")
    before = len(hub.lines())
    name = str(hub.env["SALUHALL_DATABASE_URL"]).partition("?")[0].rpartition("/")[2]
    async with Database(postgres.admin_url, connections=1) as admin, admin.statement() as tx:
        await tx.run(READ_ONLY.format(name))
        try:
            await tx.run(CUT, {"name": name})
            await until(hub, "/readyz", 503)
            _, told, body = await hub.request("GET", "/readyz")
            assert (told["retry-after"], json.loads(body)) == (
                "1",
                {"status": "database is read-only"},
            )
            for method, path in (
                ("GET", shop.path("WRITTEN")),
                ("PUT", shop.path("NOT")),
                ("POST", "/integration/v1/items/batch"),
                ("POST", "/auth/token"),
                ("POST", "/sr_company_ws/api/v2/auth/authorize"),
            ):
                status, told, _ = await hub.request(
                    method,
                    path,
                    headers={"x-api-key": shop.api_key, "authorization": "Bearer x"},
                    body=BODIES.get(path.rpartition("/")[2], b""),
                )
                assert (path, status, told.get("retry-after")) == (path, 503, "1")
            await asyncio.sleep(2)  # the worker has swept meanwhile, and found that it may not
        finally:
            await tx.run(f"alter database {name} reset all")

    started = time.monotonic()
    for _ in range(1000):
        status, _ = await shop.call("PUT", shop.path("AFTER"), json.loads(BODIES["NOT"]))
        if status == 202:
            break
    assert time.monotonic() - started < 2
    await shop.listed("LISTED", imageUrls=[f"{hub.partner.url}/2.jpg"])
    assert "this is a bug" not in json.dumps(hub.lines()[before:])


BODIES = {
    "NOT": b'{"title":"Title","price":100,"shippingCost":49}',
    "batch": b'{"items":[{"externalId":"B","title":"Title","price":100,"shippingCost":49}]}',
    "authorize": b'{"username":"somebody","password":"a good password"}',
    "token": b'{"username":"somebody","password":"a good password"}',
}


async def test_a_database_that_is_not_migrated_is_not_ready(hub: Hub) -> None:
    async with hub.db.transaction() as tx:
        await tx.run("alter table schema_migrations rename to forgotten")
    try:
        status, _, body = await hub.request("GET", "/readyz")
        assert (status, json.loads(body)) == (503, {"status": "not migrated"})
        assert await status_of(hub, "/healthz") == 200
        async with hub.db.transaction() as tx:
            await tx.run("create table schema_migrations (like forgotten)")  # none was applied
        assert await status_of(hub, "/readyz") == 503
    finally:
        async with hub.db.transaction() as tx:
            await tx.run("drop table if exists schema_migrations")
            await tx.run("alter table forgotten rename to schema_migrations")
