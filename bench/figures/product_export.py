"""product-export: the CSV of 300,000 products over HTTP against `psql` with COPY of the same query; and the server's memory."""

import asyncio
import os
import time
from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

import psycopg

from bench.figure import Figure, Result, rate_beside
from bench.figures.order_book import Client
from bench.products import fill
from bench.seller import open_account
from bench.stage import Process, Stage
from saluhall.dialects.sellrapido.export import DEFAULT_FIELDS
from saluhall.dialects.sellrapido.product_fields import SHOWN
from saluhall.domain.accounts.model import Principal
from saluhall.domain.products import extraction
from saluhall.domain.products.extraction import Layout
from saluhall.storage.embedded import binary

TARGET = 0.90
TARGET_MB = 50.0
ROUNDS = 9
PRODUCTS = 300_000
_AS_THE_HUB = "-c parallel_tuple_cost=0.01"


async def measure(stage: Stage) -> list[Result]:
    """Read the extraction and let psql copy, planned by the server's settings and by the hub's, alternating on one database."""
    url = await stage.database()
    seller = await open_account(stage, SALUHALL_DATABASE_URL=url)
    await fill(url, seller.account_id, count=PRODUCTS, images=True)
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        statement = _copy_statement(connection, seller.account_id)
    ours, theirs, alike, growths = list[float](), list[float](), list[float](), list[float]()
    async with stage.server(stage.settings(SALUHALL_DATABASE_URL=url)) as (server, port):
        client = Client(port)
        await client.sign_in(seller)
        await client.download("/product?fields=sku")
        for _ in range(ROUNDS):
            before, peaks = server.rss_bytes(), [0.0]
            watcher = asyncio.create_task(_watch(server, peaks))
            seconds, size = await client.download("/product")
            ours.append(seconds)
            watcher.cancel()
            if size < PRODUCTS * 100:
                raise RuntimeError(f"only {size} bytes")
            growths.append((peaks[0] - before) / 1e6)
            theirs.append(await _psql(url, statement))
            alike.append(await _psql(url, statement, options=_AS_THE_HUB))
            print(
                f"  {size / 1e6:.0f} MB in {ours[-1]:.2f} s, psql {theirs[-1]:.2f} s,"
                f" with the hub's setting {alike[-1]:.2f} s, memory grew by {growths[-1]:.1f} MB",
                flush=True,
            )
    return _results(ours, theirs, alike, max(growths))


def _results(
    ours: Sequence[float], theirs: Sequence[float], alike: Sequence[float], growth_mb: float
) -> list[Result]:
    same = "psql with COPY of the same query"
    many = f"{same}, by several processes as the hub has it"
    beside = partial(rate_beside, rows=PRODUCTS, target=TARGET)
    return [
        beside("product-export", ours, theirs, what=f"{same}, by the server's settings"),
        beside("product-export-alike", ours, alike, what=many),
        Result(
            figure="product-export-growth-mb",
            ours=growth_mb,
            reference=TARGET_MB,
            ratio=growth_mb / TARGET_MB,
            unit="MB",
            target=TARGET_MB,
            lower_is_better=True,
            note="resident memory of all hub processes, PostgreSQL aside, while it streams",
        ),
    ]


def _copy_statement(connection: psycopg.AsyncConnection[Any], account_id: str) -> str:
    layout = Layout(
        columns={name: SHOWN[name] for name in DEFAULT_FIELDS},
        field_separator="|",
        row_separator="\n",
    )
    principal = Principal(account_id=UUID(account_id), account_name="")
    query, params = extraction.query_of_lines(principal=principal, layout=layout)
    cursor = psycopg.AsyncClientCursor(connection)
    return f"copy ({cursor.mogrify(query, params)}) to stdout"


async def _watch(server: Process, peaks: list[float]) -> None:
    while True:
        peaks[0] = max(peaks[0], server.rss_bytes())
        await asyncio.sleep(0.05)


async def _psql(url: str, statement: str, *, options: str = "") -> float:
    tool = binary("psql")
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        str(tool),
        *(url, "-q", "-X", "-c", statement),
        env={**os.environ, "PGOPTIONS": options},
        stdout=asyncio.subprocess.DEVNULL,
    )
    if await process.wait():
        raise RuntimeError("psql failed")
    return time.perf_counter() - began


FIGURE = Figure(
    name="product-export",
    measure=measure,
    also=("product-export-alike", "product-export-growth-mb"),
)
