"""list-deep-page: a page of 1000 items at the millionth one against the first page, alternating, over HTTP."""

import time
from datetime import UTC
from typing import Any
from uuid import UUID

import aiohttp
import msgspec
import psycopg

from bench.figure import Figure, Result, middle, spread
from bench.products import fill
from bench.seller import Seller, open_account
from bench.stage import Stage
from saluhall.dialects.rheo.cursors import text_from_position
from saluhall.domain.listings.page_model import START, Filter, Position

TARGET = 1.5
ROUNDS = 9
ROWS = 1_001_000
LIMIT = 1000
_AT = """
  select changed_at, id from products where account_id = %(account_id)s
   order by changed_at, id offset %(rows)s limit 1
"""


async def measure(stage: Stage) -> list[Result]:
    """Fill the catalog, then read the first page after the count, and a deep one, in turn."""
    url = await stage.database()
    seller = await open_account(stage, SALUHALL_DATABASE_URL=url)
    await fill(url, seller.account_id, count=ROWS)
    deep = await place_of(url, seller, after=ROWS - LIMIT)
    firsts, deeps, counted = list[float](), list[float](), list[float]()
    async with (
        stage.server(stage.settings(SALUHALL_DATABASE_URL=url)) as (_, port),
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session,
    ):
        for number in range(-3, ROUNDS):
            times = [
                await read_page(session, seller, START, at_least=ROWS),
                await read_page(session, seller, deep, at_least=ROWS),
                await read_page(session, seller, None, at_least=ROWS),
            ]
            if number < 0:
                continue
            for kept, seconds in zip((firsts, deeps, counted), times, strict=True):
                kept.append(seconds)
            print("  " + ", ".join(f"{seconds * 1000:.1f} ms" for seconds in times), flush=True)
    ratios = [last / first for first, last in zip(firsts, deeps, strict=True)]
    return [
        Result(
            figure="list-deep-page",
            ours=middle(deeps) * 1000,
            reference=middle(firsts) * 1000,
            ratio=middle(ratios),
            unit="ratio",
            target=TARGET,
            lower_is_better=True,
            note=f"ms for {LIMIT} items; ratio {spread(ratios)}; with the count {middle(counted) * 1000:.0f} ms",
        )
    ]


async def place_of(url: str, seller: Seller, *, after: int) -> Position:
    """Find the place in the list behind so many products."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        cursor = await connection.execute(_AT, {"account_id": seller.account_id, "rows": after - 1})
        row = await cursor.fetchone()
    if row is None:
        raise RuntimeError("the catalog is not filled")
    return Position(row[0].astimezone(UTC), UUID(str(row[1])))


async def read_page(
    session: aiohttp.ClientSession, seller: Seller, after: Position | None, *, at_least: int
) -> float:
    """Read a page; without a place it is the first one, which also has the total. Raises RuntimeError when it is not whole."""
    query = {"limit": str(LIMIT)}
    if after is not None:
        query["cursor"] = text_from_position(after, total=at_least, wanted=Filter())
    began = time.perf_counter()
    async with session.get(
        "/integration/v1/items", params=query, headers={"x-api-key": seller.api_key}
    ) as answer:
        output: dict[str, Any] = msgspec.json.decode(await answer.read())
    seconds = time.perf_counter() - began
    if answer.status != 200 or len(output["items"]) != LIMIT or output["total"] < at_least:
        raise RuntimeError(f"{answer.status}: {len(output.get('items', ()))} items")
    return seconds


FIGURE = Figure(name="list-deep-page", measure=measure)
