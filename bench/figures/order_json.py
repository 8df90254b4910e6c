"""order-json: all orders of an account as JSON over HTTP against `psql` with the hub's own query; and the memory it takes."""

import asyncio
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg

from bench.figure import Figure, Result, middle, spread
from bench.figures.order_book import Client, fill
from bench.seller import Seller, open_account
from bench.stage import Process, Stage
from saluhall.dialects.sellrapido.order_layout import LAYOUT
from saluhall.domain.orders.extraction import json_statement
from saluhall.storage.embedded import binary

TARGET = 0.60
TARGET_GZIP = 0.90
TARGET_MB = 50.0
ROUNDS = 5
ORDERS = 100_000
_MIN_BYTES = 3000  # of one order: so that an answer cut short is no record
_MB = 1024 * 1024


async def measure(stage: Stage) -> list[Result]:
    """Alternate between the hub and psql on one database."""
    url = await stage.database()
    seller = await open_account(stage, SALUHALL_DATABASE_URL=url)
    await fill(url, seller.account_id, count=ORDERS)
    ours, theirs, ratios, grown, pressed = (list[float]() for _ in range(5))
    async with stage.server(stage.settings(SALUHALL_DATABASE_URL=url)) as (server, port):
        client = Client(port)
        await client.sign_in(seller)
        await client.download("/order?limit=1000")
        for _ in range(ROUNDS):
            seconds, grown_mb = await _download(client, server)
            ours.append(ORDERS / seconds)
            seconds, _ = await client.download("/order?limit=-1", accept_encoding="gzip")
            pressed.append(ORDERS / seconds)
            theirs.append(ORDERS / await _psql(url, seller, stage.folder))
            ratios.append(ours[-1] / theirs[-1])
            grown.append(grown_mb)
            print(
                f"  {ours[-1]:.0f} orders/s, gzip {pressed[-1]:.0f}, psql {theirs[-1]:.0f}, +{grown_mb:.0f} MB",
                flush=True,
            )
    return _results(ours, theirs, ratios, grown, pressed)


def _results(
    ours: list[float],
    theirs: list[float],
    ratios: list[float],
    grown: list[float],
    pressed: list[float],
) -> list[Result]:
    return [
        Result(
            figure="order-json",
            ours=middle(ours),
            reference=middle(theirs),
            ratio=middle(ratios),
            unit="ratio",
            target=TARGET,
            note=f"orders/s of {ORDERS:,} in one answer; ratio {spread(ratios)}",
        ),
        Result(
            figure="order-json-gzip",
            ours=middle(pressed),
            reference=middle(ours),
            ratio=middle([one / other for one, other in zip(pressed, ours, strict=True)]),
            unit="ratio",
            target=TARGET_GZIP,
            note=f"the same answer compressed; reference: orders/s without; {spread(pressed)}",
        ),
        Result(
            figure="order-json-growth-mb",
            ours=max(grown),
            reference=TARGET_MB,
            ratio=max(grown) / TARGET_MB,
            unit="MB",
            target=TARGET_MB,
            lower_is_better=True,
            note="resident memory of all hub processes while they answer, beyond before, at most",
        ),
    ]


async def _download(client: Client, server: Process) -> tuple[float, float]:
    """Download all orders once; return the seconds and by how much the hub's memory grew."""
    before = peak = server.rss_bytes()
    task = asyncio.create_task(client.download("/order?limit=-1"))
    while not task.done():
        peak = max(peak, server.rss_bytes())
        await asyncio.sleep(0.1)
    seconds, size = await task
    if size < ORDERS * _MIN_BYTES:
        raise RuntimeError(f"only {size} bytes for {ORDERS} orders")
    return seconds, (peak - before) / _MB


async def _psql(url: str, seller: Seller, folder: Path) -> float:
    """Let psql write the same text to a file of no size; return the seconds."""
    script = folder / "orders.sql"
    params = {"account_id": seller.account_id, "limit": None, "offset": 0}
    async with await psycopg.AsyncConnection.connect(url) as connection:
        query = psycopg.AsyncClientCursor(connection).mogrify(json_statement(LAYOUT, ()), params)
    script.write_text(f"copy ({query}) to stdout;\n")
    parts = urlsplit(url)
    tool = binary("psql")
    arguments = [
        "-X", "-q", "-o", "/dev/null", "-f", str(script), "-U", parts.username or "postgres",
        "-h", parts.hostname or parse_qs(parts.query)["host"][0], "-p", str(parts.port or 5432),
        parts.path.lstrip("/"),
    ]  # fmt: skip
    started = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        str(tool), "-v", "ON_ERROR_STOP=1", *arguments, stderr=asyncio.subprocess.PIPE
    )
    _, errors = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"psql failed: {errors.decode()[-2000:]}")
    return time.perf_counter() - started


FIGURE = Figure(
    name="order-json", measure=measure, also=("order-json-gzip", "order-json-growth-mb")
)
