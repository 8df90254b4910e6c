"""Ours: the hub as `saluhall serve` runs it by default, rate limits off."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import ClassVar

import msgspec
import psycopg

from bench.figures import order_book
from bench.figures.bulk_products import catalog_of
from bench.partner_client import PASSWORD
from bench.peers.client import Client, Unexpected, each, in_blocks
from bench.peers.peer import Peer
from bench.peers.work import BULK_CONNECTIONS, CONNECTIONS, Product
from bench.seller import Seller, open_account
from bench.stage import Stage

_API = "/sr_company_ws/api/v2"
_BATCH = 1000


class Hub(Peer):
    """One account; single products by Rheo's PUT, everything else by Sellrapido's routes."""

    name = "saluhall"
    rows: ClassVar = {
        "read-products": 100_000,
        "read-orders": 10_000,
        "create-one": 1500,
        "create-bulk": 20_000,
        "change": 30_000,
    }
    setup = (
        "`saluhall serve`, 1 API process and 1 worker; PUT item; POST and PATCH of 1000 products, "
        f"{BULK_CONNECTIONS} calls at once; product export as CSV; GET order?limit=-1"
    )

    def __init__(self, client: Client, seller: Seller, url: str, catalog: int) -> None:
        self._client = client
        self._seller = seller
        self._url = url
        self._catalog = catalog
        self.version = version("saluhall")

    @classmethod
    @asynccontextmanager
    async def start(cls, stage: Stage) -> AsyncIterator["Hub"]:
        url = await stage.database()
        seller = await open_account(stage, SALUHALL_DATABASE_URL=url)
        async with await psycopg.AsyncConnection.connect(url) as connection:
            catalog = await catalog_of(connection, seller.account_id)
        async with stage.server(stage.settings(SALUHALL_DATABASE_URL=url)) as (_, port):
            client = Client(port)
            try:
                yield cls(client, seller, url, catalog)
            finally:
                client.close()

    async def freshen(self) -> None:
        """Sign in again: an access token is good for a quarter of an hour."""
        self._client.headers = {}
        answer = await self._client.ask(
            "POST",
            f"{_API}/auth/authorize",
            {"username": self._seller.name, "password": PASSWORD},
        )
        token = answer.json()["access_token"]["token"]
        self._client.headers = {
            "Authorization": f"Bearer {token}",
            "x-api-key": self._seller.api_key,
        }

    async def seed(self, products: Sequence[Product], *, orders: int) -> None:
        await self.freshen()
        await self.create_in_bulk(products)
        await order_book.fill(self._url, self._seller.account_id, count=orders)

    async def create_one_by_one(self, products: Sequence[Product]) -> None:
        async def put(one: Product) -> None:
            item = {
                "title": one.title,
                "description": one.description,
                "price": one.price,
                "currency": "SEK",
                "domain": "auto_parts",
            }
            await self._client.ask("PUT", f"/integration/v1/items/{one.sku}", item, status=202)

        await each(products, put, connections=CONNECTIONS)

    async def create_in_bulk(self, products: Sequence[Product]) -> None:
        async def post(block: Sequence[Product]) -> None:
            rows = [
                {
                    "catalog": self._catalog,
                    "sku": one.sku,
                    "title": one.title,
                    "description": one.description,
                    "price1": one.price,
                    "quantity": one.quantity,
                }
                for one in block
            ]
            answer = await self._client.ask("POST", f"{_API}/product", rows)
            _all_of(block, answer.json()["created_items"])

        await each(in_blocks(products, _BATCH), post, connections=BULK_CONNECTIONS)

    async def change(self, products: Sequence[Product]) -> None:
        async def patch(block: Sequence[Product]) -> None:
            rows = [
                {
                    "catalog": self._catalog,
                    "sku": one.sku,
                    "price1": one.price,
                    "quantity": one.quantity,
                }
                for one in block
            ]
            answer = await self._client.ask("PATCH", f"{_API}/product", rows)
            _all_of(block, answer.json()["updated_items"])

        await each(in_blocks(products, _BATCH), patch, connections=BULK_CONNECTIONS)

    async def read_products(self) -> list[bytes]:
        return [(await self._client.ask("GET", f"{_API}/product")).body]

    def count_products(self, bodies: Sequence[bytes]) -> int:
        head, *lines = b"".join(bodies).decode().splitlines()
        names = head.split("|")
        price, stock = names.index("price1"), names.index("quantity")
        rows = [line.split("|") for line in lines]
        return sum(1 for row in rows if float(row[price]) > 0 and int(row[stock]) > 0)

    async def read_orders(self) -> list[bytes]:
        return [(await self._client.ask("GET", f"{_API}/order?limit=-1")).body]

    def count_orders(self, bodies: Sequence[bytes]) -> int:
        return sum(
            len(order["rows"]) for body in bodies for order in msgspec.json.decode(body)["orders"]
        )


def _all_of(block: Sequence[Product], stored: Sequence[object]) -> None:
    if len(stored) != len(block):
        raise Unexpected(f"{len(stored)} of {len(block)} products were stored")
