"""What `saluhall serve` starts is started again, however it ends, and two of them do not disturb each other."""

import asyncio
import json
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import aiohttp
import psutil
import pytest

from saluhall.storage.embedded.locks import Locks
from tests.cli.command import Saluhall, Server
from tests.conftest import StartHub
from tests.hub import Hub
from tests.safety.processes import processes_of

_TIMEOUT_S = 60.0


def until(what: str, true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _TIMEOUT_S
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def counted(server: Server) -> bool:
    return "saluhall_requests_total{" in server.read("/metrics")[1]


async def kill_the_api(hub: Hub) -> None:
    known = {process.pid for process in processes_of(hub)}
    for process in processes_of(hub):
        process.kill()
    deadline = time.monotonic() + _TIMEOUT_S
    while not {p.pid for p in processes_of(hub) if p.status() != psutil.STATUS_ZOMBIE} - known:
        assert time.monotonic() < deadline, hub.log.read_text()
        await asyncio.sleep(0.02)


async def until_ready(hub: Hub) -> None:
    deadline = time.monotonic() + _TIMEOUT_S
    while True:
        assert time.monotonic() < deadline, hub.log.read_text()
        with suppress(aiohttp.ClientError):
            if (await hub.request("GET", "/readyz"))[0] == 200:
                return
        await asyncio.sleep(0.05)


async def test_an_api_process_that_dies_again_and_again_is_started_again(
    start_hub: StartHub,
) -> None:
    hub = await start_hub("--no-worker")

    for _ in range(3):
        await kill_the_api(hub)

    await until_ready(hub)
    assert await hub.stop() == 0


def test_a_killed_database_comes_back_and_two_servers_share_one(tmp_path: Path) -> None:
    saluhall = Saluhall(tmp_path / "data")
    with saluhall.serving("--no-worker") as first:
        first.get("/integration/v1/items/1")
        with saluhall.serving("--no-worker") as second:
            assert counted(first)  # the second counts elsewhere
            [postgres] = saluhall.postgres()
            os.kill(
                postgres.pid, signal.SIGKILL
            )  # psutil takes it for another when the clock is set
            until("another PostgreSQL", lambda: saluhall.postgres() not in ([], [postgres]))
            for server in (first, second):
                server.until_ready()
            assert second.stop() == 0
        assert first.read("/readyz")[0] == 200
        assert counted(first)
        assert first.stop() == 0
    assert saluhall.postgres() == []


@pytest.mark.long
def test_while_the_database_recovers_the_hub_is_alive_and_not_ready(tmp_path: Path) -> None:
    saluhall = Saluhall(tmp_path / "data")
    saluhall.json("migrate")
    with Locks(saluhall.data_dir / "postgres").turn(lambda: None):
        server = Server(saluhall, "--no-worker")
        until("an answer", lambda: server.get("/healthz") == 200)
        assert server.read("/readyz") == (503, '{"status":"recovering"}')
        status, body = server.read("/integration/v1/items/1")
        assert (status, json.loads(body)["code"]) == (503, "SERVICE_UNAVAILABLE")
    try:
        server.until_ready()
        assert server.log.count("waiting for") == 1
    finally:
        server.end()

    with Locks(saluhall.data_dir / "postgres").turn(lambda: None):
        server = Server(saluhall, "--no-worker")
        until("an answer", lambda: server.get("/healthz") == 200)
        server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(_TIMEOUT_S) == 0  # it need not wait until the end
    assert saluhall.postgres() == []
