"""Behind PgBouncer in transaction mode all works as without it: nothing is kept in a session of the database."""

import ast
import asyncio
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from saluhall.practice.partner import Partner
from saluhall.storage.backup.archive import BackupRefused
from saluhall.storage.backup.dump import snapshot_of
from saluhall.storage.pool import Pool, is_pooled
from tests.architecture.source import python_files, tree_of
from tests.cluster.server import Server
from tests.hub import Hub, Market, free_port
from tests.pgbouncer import INSTALLED, MISSING, PgBouncer

FEWER_THAN_ASK = 3


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder that servers started by root can reach under another user."""
    with tempfile.TemporaryDirectory(prefix="saluhall-test-", ignore_cleanup_errors=True) as name:
        yield Path(name)


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    """A PostgreSQL that listens on a port, with an empty database."""
    if INSTALLED is None:
        pytest.skip(MISSING)
    server = Server(folder, port=free_port())
    server.initialise()
    server.start()
    server.run("create database saluhall")
    yield server
    server.kill()


@pytest.fixture(scope="module")
def pooler(server: Server, folder: Path) -> Iterator[PgBouncer]:
    """A PgBouncer before it, with fewer connections there than any one process of the hub opens."""
    pooler = PgBouncer(folder / "pooler", port=free_port(), default_pool_size=FEWER_THAN_ASK)
    pooler.lead_to("127.0.0.1", server.port)
    pooler.start()
    yield pooler
    pooler.stop()


async def test_the_main_job_runs_behind_a_pooler_and_nobody_meets_an_error(
    pooler: PgBouncer, market: Market, partner: Partner, tmp_path: Path
) -> None:
    hub = Hub(url=pooler.url, folder=tmp_path, market=market, partner=partner, env={})
    try:
        await hub.start()
        shop = await hub.open_selling_shop()
        await shop.listed("FIRST", imageUrls=[f"{partner.url}/1.jpg"])

        # More at once than there are connections, each statement often enough to be prepared where that is allowed.
        ids = [f"P{n}" for n in range(40)]
        await asyncio.gather(*[shop.put(sku) for sku in ids])
        for _ in range(4):
            await asyncio.gather(*[shop.get(sku) for sku in ids])
        await asyncio.gather(*[shop.patch(sku, "price", {"price": 5}) for sku in ids])
        await shop.settle()

        assert await hub.stop() == 0
        await hub.start()  # the next start finds no lock that a lent connection still holds
        assert (await shop.get("FIRST"))["traderaStatus"] == "active"
        lines = hub.lines()
        assert [line for line in lines if line.get("level") in {"error", "critical"}] == []
    finally:
        await hub.close()


async def test_a_pooler_is_noticed(server: Server, pooler: PgBouncer) -> None:
    assert await is_pooled(pooler.url)
    assert not await is_pooled(server.url())


async def test_a_server_that_dies_behind_a_pooler_costs_only_the_connection_that_used_it(
    pooler: PgBouncer,
) -> None:
    async with Pool(pooler.url, connections=3, timeout_s=5) as pool:
        before = [await pool.getconn() for _ in range(3)]
        for connection in before:
            await pool.putconn(connection)

        with pytest.raises(psycopg.OperationalError):
            async with pool.connection() as connection:
                await connection.execute("select pg_terminate_backend(pg_backend_pid())")

        after = [await pool.getconn() for _ in range(2)]
        for connection in after:
            await pool.putconn(connection)
    assert after == before[1:]  # a login costs a pooler milliseconds, and a hundred at once seconds


KEPT = re.compile(
    r"^\s*(set (?!local|transaction)\S|listen\b|prepare\b|declare\b|create temp)|pg_(try_)?advisory_(?!xact)"
)
# By what asks first whether a pooler stands between.
ALLOWED = {"set plan_cache_mode = force_generic_plan"} | {"listen", "listen:listen"}  # a command


def test_no_statement_leaves_anything_in_a_session() -> None:
    texts = (
        node.value
        for file in python_files("src")
        for node in ast.walk(tree_of(file))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    found = {text for text in texts if KEPT.search(text)}

    assert found - ALLOWED == set()


async def test_a_backup_does_not_go_through_a_pooler(pooler: PgBouncer) -> None:
    with pytest.raises(BackupRefused, match="set SALUHALL_DATABASE_DIRECT_URL"):
        async with snapshot_of(pooler.url):
            pass
