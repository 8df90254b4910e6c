"""restart-100k-s: `saluhall serve` on an embedded database with 100,000 due listings, until it works again; and its memory."""

import asyncio
import time
from pathlib import Path

import psycopg

from bench.figure import Figure, Result, middle, spread
from bench.figures.put_to_created import control
from bench.products import fill, want_listed
from bench.seller import TOKEN, USER_ID, open_account
from bench.stage import Process, Stage, free_port, until_ready
from saluhall.storage.embedded import EmbeddedPostgres

TARGET_S = 5.0
TARGET_MB = 300.0
ROUNDS = 5
LISTINGS = 100_000
WORKING_S = 8.0  # how long memory is watched while it works
_CONFIRMED = "select count(*) from listings where account_id = %s and state = 'live'"


async def measure(stage: Stage) -> list[Result]:
    """Fill a database, stop it, and start the hub on it; a few times over, each time from the command to the first listing live."""
    folder = stage.folder / "restart"
    owner = await _fill(stage, folder)
    times, peaks = [], []
    async with stage.sandbox() as market:
        await control(market, "POST", "/sandbox/sellers", {"userId": USER_ID, "token": TOKEN})
        env = stage.settings(SALUHALL_DATA_DIR=str(folder), SALUHALL_TRADERA_URL=market)
        for _ in range(ROUNDS):
            seconds, peak_mb = await _round(stage, env, folder, owner)
            times.append(seconds)
            peaks.append(peak_mb)
            print(
                f"  {seconds:.2f} s until the first is live, {peak_mb:.0f} MB at most", flush=True
            )
    return [
        Result(
            figure="restart-100k-s",
            ours=middle(times),
            reference=TARGET_S,
            ratio=middle(times) / TARGET_S,
            unit="s",
            target=TARGET_S,
            lower_is_better=True,
            note=f"embedded database start included; {spread(times)}",
        ),
        Result(
            figure="restart-100k-rss-mb",
            ours=max(peaks),
            reference=TARGET_MB,
            ratio=max(peaks) / TARGET_MB,
            unit="MB",
            target=TARGET_MB,
            lower_is_better=True,
            note="resident memory of all hub processes added up, PostgreSQL aside, at most",
        ),
    ]


async def _fill(stage: Stage, folder: Path) -> str:
    server = await asyncio.to_thread(EmbeddedPostgres, folder)
    try:
        seller = await open_account(stage, SALUHALL_DATABASE_URL=server.url)
        connection_id, owner = await seller.connect(), seller.account_id
        await fill(server.url, owner, count=LISTINGS)
        await want_listed(server.url, owner, connection_id)
    finally:
        await asyncio.to_thread(server.close)
    return owner


async def _round(
    stage: Stage, env: dict[str, str], folder: Path, account_id: str
) -> tuple[float, float]:
    port = free_port()
    async with stage.process(["saluhall", "serve", "--port", str(port)], env=env) as process:
        peaks = [0.0]
        watcher = asyncio.create_task(_watch(process, peaks))
        try:
            await until_ready(process, port)
            seconds = await _until_more_live(folder, account_id, process)
            await asyncio.sleep(WORKING_S)
        finally:
            watcher.cancel()
            await asyncio.gather(watcher, return_exceptions=True)
    return seconds, peaks[0]


async def _watch(process: Process, peaks: list[float]) -> None:
    while True:
        peaks[0] = max(peaks[0], process.rss_bytes() / 1e6)
        await asyncio.sleep(0.1)


async def _until_more_live(folder: Path, account_id: str, process: Process) -> float:
    """Wait until a listing becomes live that was not when we looked first; return the seconds since the start."""
    server = await asyncio.to_thread(
        EmbeddedPostgres, folder
    )  # a second handle: the hub started it
    try:
        async with await psycopg.AsyncConnection.connect(server.url, autocommit=True) as connection:

            async def count() -> int:
                row = await (await connection.execute(_CONFIRMED, [account_id])).fetchone()
                return int(row[0]) if row else 0

            first = await count()
            deadline = time.monotonic() + 60
            while await count() <= first:
                if time.monotonic() > deadline:
                    raise RuntimeError(f"nothing became live: {process.tail()}")
                await asyncio.sleep(0.02)
            return time.monotonic() - process.started_at
    finally:
        await asyncio.to_thread(server.close)


FIGURE = Figure(name="restart-100k-s", measure=measure, also=("restart-100k-rss-mb",))
