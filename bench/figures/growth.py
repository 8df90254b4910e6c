"""growth-*: what a row costs in a table of a million products (or orders) against one of ten thousand, size by size in turn.

`GROWTH_ROWS=100000` in the environment leaves larger tables out, `GROWTH_ROWS=10000000` also exports that many products, and
`GROWTH_ONLY="growth-bulk-patch"` measures some of the results alone.
"""

import os
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from uuid import UUID

import aiohttp
import psycopg

from bench import products
from bench.figure import Figure, Result, middle, spread
from bench.figures import bulk_products, list_pages, order_book
from bench.figures.item_put import BODY
from bench.load import Order, send
from bench.partner_client import sign_in
from bench.seller import Seller, open_account
from bench.stage import Stage
from saluhall.domain.listings import record
from saluhall.jobs.sync_connection import SYNC_CONNECTION
from saluhall.kit.clock import utc_now
from saluhall.kit.ids import new_id
from saluhall.storage import Database

TARGET = 1.5
ROUNDS = 5
MAX_ROWS = int(os.environ.get("GROWTH_ROWS", "1000000"))
SIZES = tuple(size for size in (10_000, 100_000, 1_000_000) if size <= MAX_ROWS)
ONLY = frozenset(os.environ.get("GROWTH_ONLY", "").split())  # names of results; none: all
PUTS = 500
CLAIMED = 50  # at once, as a pass does
CLAIMS = 20
_SWEEPS = 12
_NEED_ORDERS = frozenset({"growth-order-export", "growth-due-rows", "growth-sweep"})  # and listings
_ORDERS = 100_000  # in an answer, at most: the newest ones
_MIN_BYTES = {"/product": 100, "/order": 3000}  # of a row: an answer cut short is no record


class Hub:
    """A server with an account that has a number of products and orders; each method returns the seconds for a row."""

    def __init__(self, size: int, url: str, port: int, seller: Seller, connection_id: str) -> None:
        self.size = size
        self.url = url
        self.port = port
        self.seller = seller
        self.connection_id = UUID(connection_id)
        self.chance = random.Random(size)  # noqa: S311 - any rows will do
        self.calls: Mapping[str, Callable[[], Awaitable[float]]] = {
            "growth-item-put": self.put_new,
            "growth-item-put-again": self.put_again,
            "growth-bulk-post": self.post,
            "growth-bulk-patch": self.patch,
            "growth-bulk-patch-scattered": self.patch_scattered,
            "growth-list-page": self.read_page,
            "growth-list-first-page": self.read_first_page,
            "growth-product-export": self.export_products,
            "growth-order-export": self.export_orders,
            "growth-due-rows": self.claim,
            "growth-sweep": self.sweep,
        }

    async def put_new(self) -> float:
        """PUT items that are not there."""
        return await self._put(new_id().hex)

    async def put_again(self) -> float:
        """PUT items that are there, each from another part of the table."""
        return await self._put(f"PART-{self.chance.randrange(products.HEAPS)}")

    async def _put(self, prefix: str) -> float:
        order = Order(
            port=self.port, api_key=self.seller.api_key, prefix=prefix, body=BODY, count=PUTS
        )
        report = await send(order)
        if len(report.answered) != PUTS:
            raise RuntimeError(f"only {len(report.answered)} of {PUTS} PUTs were accepted")
        return report.elapsed_s / PUTS

    async def post(self) -> float:
        """POST new products."""
        return await self._bulk("POST", ())

    async def patch(self) -> float:
        """PATCH products that were stored one after the other."""
        first = self.chance.randrange(1, self.size - bulk_products.ROWS)
        return await self._bulk("PATCH", range(first, first + bulk_products.ROWS))

    async def patch_scattered(self) -> float:
        """PATCH products from all over the table."""
        return await self._bulk(
            "PATCH", self.chance.sample(range(1, self.size), bulk_products.ROWS)
        )

    async def _bulk(self, method: str, numbers: Sequence[int]) -> float:
        client = await sign_in(self.port, self.seller)
        async with await psycopg.AsyncConnection.connect(self.url) as connection:
            catalog = await bulk_products.catalog_of(connection, self.seller.account_id)
        skus = [products.sku_of(n) for n in numbers]
        body = (
            bulk_products.new_products(catalog, new_id().hex)
            if method == "POST"
            else bulk_products.changes_of(catalog, skus, self.chance.randrange(1000))
        )
        return await bulk_products.timed(client, method, body) / bulk_products.ROWS

    async def read_page(self) -> float:
        """Read a page from the middle of the list."""
        after = self.chance.randrange(self.size // 2, self.size - list_pages.LIMIT)
        place = await list_pages.place_of(self.url, self.seller, after=after)
        async with aiohttp.ClientSession(f"http://127.0.0.1:{self.port}") as session:
            return (
                await list_pages.read_page(session, self.seller, place, at_least=self.size)
                / list_pages.LIMIT
            )

    async def read_first_page(self) -> float:
        """Read the first page, which also has the total."""
        async with aiohttp.ClientSession(f"http://127.0.0.1:{self.port}") as session:
            return (
                await list_pages.read_page(session, self.seller, None, at_least=self.size)
                / list_pages.LIMIT
            )

    async def export_products(self) -> float:
        """Read all products as CSV."""
        return await self._export("/product", self.size)

    async def export_orders(self) -> float:
        """Read the newest orders as JSON."""
        return await self._export("/order", min(self.size, _ORDERS), query=f"?limit={_ORDERS}")

    async def _export(self, path: str, rows: int, *, query: str = "") -> float:
        client = order_book.Client(self.port)
        await client.sign_in(self.seller)
        seconds, size = await client.download(path + query)
        if size < rows * _MIN_BYTES[path]:
            raise RuntimeError(f"only {size} bytes for {rows} rows")
        return seconds / rows

    async def claim(self) -> float:
        """Claim due listings, some at a time, as a worker does; all of them are due."""
        worker = new_id()
        async with Database(self.url, connections=1) as db:
            began = time.perf_counter()
            for _ in range(CLAIMS):
                async with db.transaction() as tx:
                    claimed = await record.claim_due(
                        tx,
                        UUID(self.seller.account_id),
                        self.connection_id,
                        worker=worker,
                        limit=CLAIMED,
                        lease=timedelta(hours=1),
                        now=utc_now(),
                    )
                if len(claimed) != CLAIMED:
                    raise RuntimeError(f"only {len(claimed)} listings claimed")
            return (time.perf_counter() - began) / (CLAIMS * CLAIMED)

    async def sweep(self) -> float:
        """Look which connections have due listings, as a worker does once a second."""
        given = {"now": utc_now()}
        async with Database(self.url, connections=1) as db, db.statement() as tx:
            # Until the driver has prepared it, as in a worker that has run for a while.
            for _ in range(_SWEEPS):
                await tx.all(dict, SYNC_CONNECTION.rows.due_keys, given)
            began = time.perf_counter()
            found = await tx.all(dict, SYNC_CONNECTION.rows.due_keys, given)
            seconds = time.perf_counter() - began
        if len(found) != 1:
            raise RuntimeError(f"{len(found)} connections have due listings")
        return seconds


async def measure(stage: Stage) -> list[Result]:
    """Fill a database for each size, then ask them all for the same in turn, round by round."""
    times: dict[str, list[Sequence[float]]] = {}
    async with AsyncExitStack() as stack:
        orders = not ONLY or not ONLY.isdisjoint(_NEED_ORDERS)
        hubs = [await _open(stage, stack, size, orders=orders) for size in SIZES]
        for number in range(-1, ROUNDS):
            for name in ONLY or hubs[0].calls:
                row = [await hub.calls[name]() for hub in hubs]
                if number >= 0:
                    times.setdefault(name, []).append(row)
                    print(f"  {name} " + ", ".join(f"{s * 1000:.4g}" for s in row), flush=True)
    results = [_result(name, rows) for name, rows in times.items()]
    if SIZES[-1] < MAX_ROWS:
        results.append(await _export_more(stage))
    return results


async def _open(stage: Stage, stack: AsyncExitStack, size: int, *, orders: bool = True) -> Hub:
    url = await stage.database()
    seller = await open_account(stage, SALUHALL_DATABASE_URL=url)
    connection_id = await seller.connect()
    began = time.monotonic()
    await products.fill(url, seller.account_id, count=size, images=True)
    if orders:
        await products.want_listed(url, seller.account_id, connection_id)
        await order_book.fill(url, seller.account_id, count=size)
    print(f"  {size:,} rows filled in {time.monotonic() - began:.0f} s", flush=True)
    env = stage.settings(SALUHALL_DATABASE_URL=url)
    _, port = await stack.enter_async_context(stage.server(env, worker=False))
    return Hub(size, url, port, seller, connection_id)


async def _export_more(stage: Stage) -> Result:
    """Export far more products than that, beside the smallest table."""
    rows = list[Sequence[float]]()
    async with AsyncExitStack() as stack:
        hubs = [await _open(stage, stack, size, orders=False) for size in (SIZES[0], MAX_ROWS)]
        for _ in range(ROUNDS):
            rows.append([await hub.export_products() for hub in hubs])
            print("  " + ", ".join(f"{s * 1000:.4g}" for s in rows[-1]), flush=True)
    return _result("growth-product-export-most", rows, sizes=(SIZES[0], MAX_ROWS))


def _result(name: str, rows: Sequence[Sequence[float]], sizes: Sequence[int] = SIZES) -> Result:
    ratios = [row[-1] / row[0] for row in rows]
    middles = (f"{middle(column) * 1000:.4g}" for column in zip(*rows, strict=True))
    return Result(
        figure=name,
        ours=middle([row[-1] for row in rows]) * 1000,
        reference=middle([row[0] for row in rows]) * 1000,
        ratio=middle(ratios),
        unit="ratio",
        target=TARGET,
        lower_is_better=True,
        note=f"ms a row at {', '.join(f'{size:,}' for size in sizes)}: {', '.join(middles)}; {spread(ratios)}",
    )


FIGURE = Figure(
    name="growth",
    measure=measure,
    also=(
        "growth-item-put",
        "growth-item-put-again",
        "growth-bulk-post",
        "growth-bulk-patch",
        "growth-bulk-patch-scattered",
        "growth-list-page",
        "growth-list-first-page",
        "growth-product-export",
        "growth-product-export-most",
        "growth-order-export",
        "growth-due-rows",
        "growth-sweep",
    ),
)
