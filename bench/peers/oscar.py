"""django-oscar with django-oscar-api, under gunicorn with threads and as many processes as it recommends."""

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

import msgspec

from bench.peers import install
from bench.peers.client import Client, each
from bench.peers.peer import Peer
from bench.peers.running import place_of, serving
from bench.peers.work import BULK_CONNECTIONS, CONNECTIONS, ORDERS, PRODUCTS, Product
from bench.stage import Stage, free_port

_API = "/api/admin"
_PAGE = 100
_PARTNER = "/api/admin/partners/1/"


class Oscar(Peer):
    """Its admin API, with DRF's tokens: the cheapest authentication that it documents."""

    name = "oscar"
    rows: ClassVar = {
        "read-products": PRODUCTS,
        "read-orders": ORDERS,
        "create-one": 60,
        "change": 300,
    }
    cannot: ClassVar = {"create-bulk": "no call takes more than one product"}
    setup = (
        "gunicorn with 2 processes a core and one more, 4 threads each, kept database connections, token "
        f"authentication, no middleware; POST product; PATCH stock record; pages of {_PAGE}, {BULK_CONNECTIONS} at once; "
        "orders come without their lines, which cost one more call each"
    )

    def __init__(self, client: Client, version: str) -> None:
        self._client = client
        self._records: dict[str, str] = {}
        self.version = version

    @classmethod
    @asynccontextmanager
    async def start(cls, stage: Stage) -> AsyncIterator["Oscar"]:
        folder, tools = await install.python_project("oscar")
        place = place_of(await stage.empty_database())
        env = {
            "DATABASE_SOCKET": place.socket,
            "DATABASE_NAME": place.name,
            "DATABASE_USER": place.user,
            "PEER_SECRET": os.urandom(32).hex(),
            "PYTHONPATH": str(folder),
        }
        seed = [str(tools / "python"), "shop_seed.py", str(ORDERS)]
        token = (await install.run(seed, folder=folder, env=env)).split()[-1]
        port = free_port()
        command = [
            *[str(tools / "gunicorn"), "shop_wsgi", "--bind", f"127.0.0.1:{port}"],
            *["--worker-class", "gthread", "--threads", "4", "--keep-alive", "60"],
            *["--workers", str(2 * (os.cpu_count() or 1) + 1), "--timeout", "300"],
        ]
        running = serving(stage, command, port=port, folder=folder, env=env, ready="/ready")
        async with running as client:
            client.headers = {"Authorization": f"Token {token}"}
            yield cls(client, _version(folder))

    async def seed(self, products: Sequence[Product], *, orders: int) -> None:
        """Create the products; the orders were made with the tables. Raises ValueError for another number."""
        if orders != ORDERS:
            raise ValueError(f"{ORDERS} orders were made")
        await self.create_one_by_one(products)

    async def create_one_by_one(self, products: Sequence[Product]) -> None:
        async def post(one: Product) -> None:
            stock = {
                "partner": _PARTNER,
                "partner_sku": one.sku,
                "price_currency": "SEK",
                "price": str(one.price),
                "num_in_stock": one.quantity,
            }
            product = {
                "product_class": "part",
                "structure": "standalone",
                "upc": one.sku,
                "slug": one.sku.lower(),
                "title": one.title,
                "description": one.description,
                "stockrecords": [stock],
            }
            answer = await self._client.ask("POST", f"{_API}/products/", product, status=201)
            (record,) = answer.json()["stockrecords"]
            self._records[one.sku] = urlsplit(record["url"]).path

        await each(products, post, connections=CONNECTIONS)

    async def change(self, products: Sequence[Product]) -> None:
        async def patch(one: Product) -> None:
            value = {"price": str(one.price), "num_in_stock": one.quantity}
            await self._client.ask("PATCH", self._records[one.sku], value)

        await each(products, patch, connections=CONNECTIONS)

    async def read_products(self) -> list[bytes]:
        return await self._pages("products", PRODUCTS)

    def count_products(self, bodies: Sequence[bytes]) -> int:
        return sum(
            float(record["price"]) > 0 and record["num_in_stock"] > 0
            for body in bodies
            for product in msgspec.json.decode(body)["results"]
            for record in product["stockrecords"]
        )

    async def read_orders(self) -> list[bytes]:
        return await self._pages("orders", ORDERS)

    def count_orders(self, bodies: Sequence[bytes]) -> int:
        return sum(len(msgspec.json.decode(body)["results"]) for body in bodies)

    async def _pages(self, what: str, count: int) -> list[bytes]:
        bodies = list[bytes]()

        async def get(first: int) -> None:
            path = f"{_API}/{what}/?limit={_PAGE}&offset={first}"
            bodies.append((await self._client.ask("GET", path)).body)

        await each(range(0, count, _PAGE), get, connections=BULK_CONNECTIONS)
        return bodies


def _version(folder: Path) -> str:
    pins = dict(line.split("==") for line in (folder / "requirements.txt").read_text().split())
    return f"{pins['django-oscar']}, API {pins['django-oscar-api']}, Django {pins['Django']}"
