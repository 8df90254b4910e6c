"""Medusa 2 in production mode, by its admin batch endpoints."""

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from bench.peers import install
from bench.peers.client import Client, each, in_blocks
from bench.peers.peer import Peer
from bench.peers.running import place_of, serving
from bench.peers.work import BULK_CONNECTIONS, CONNECTIONS, ORDERS, PRODUCTS, Product
from bench.stage import Stage, free_port

_MAIL, _PASSWORD = "bench@example.com", "a good password"
_BATCH = 100
_PAGE = 125
_IDS = "fields=id,variants.id,variants.sku,variants.inventory_items.inventory_item_id"
_PRODUCT = (
    "fields=id,title,description,status,variants.id,variants.sku,variants.prices.amount,"
    "variants.prices.currency_code,variants.inventory_items.inventory.location_levels.stocked_quantity"
)
_ORDER = "fields=id,display_id,status,email,currency_code,created_at,total,*items,*shipping_address,*shipping_methods"


class _Ids(msgspec.Struct, frozen=True):
    product: str
    variant: str
    item: str


class Medusa(Peer):
    """One server process with the modules that are its default, on the database by its socket."""

    name = "medusa"
    rows: ClassVar = {
        "read-products": PRODUCTS,
        "read-orders": ORDERS,
        "create-one": 24,
        "create-bulk": 400,
        "change": 500,
    }
    setup = (
        "`medusa start`, NODE_ENV=production, 1 process, admin pages off, modules in memory; POST product, then its stock level; "
        f"products/batch and location-levels/batch of {_BATCH}, {BULK_CONNECTIONS} calls at once; pages of {_PAGE}, only the fields needed"
    )

    def __init__(self, client: Client, version: str, location: str) -> None:
        self._client = client
        self._location = location
        self._ids: dict[str, _Ids] = {}
        self.version = version

    @classmethod
    @asynccontextmanager
    async def start(cls, stage: Stage) -> AsyncIterator["Medusa"]:
        folder, node = await install.node_project("medusa")
        env = _environment(await stage.empty_database())
        medusa = [node, "node_modules/.bin/medusa"]
        await install.run([*medusa, "db:migrate"], folder=folder, env=env)
        await install.run([*medusa, "user", "-e", _MAIL, "-p", _PASSWORD], folder=folder, env=env)
        await install.run([*medusa, "exec", "./seed.js", str(ORDERS)], folder=folder, env=env)
        port = free_port()
        command = [*medusa, "start", "-H", "127.0.0.1", "-p", str(port)]
        running = serving(stage, command, port=port, folder=folder, env=env, ready="/health")
        async with running as client:
            signed_in = await client.ask(
                "POST", "/auth/user/emailpass", {"email": _MAIL, "password": _PASSWORD}
            )
            client.headers = {"Authorization": f"Bearer {signed_in.json()['token']}"}
            locations = (await client.ask("GET", "/admin/stock-locations")).json()
            yield cls(client, _version(folder), locations["stock_locations"][0]["id"])

    async def seed(self, products: Sequence[Product], *, orders: int) -> None:
        """Create the products; the orders were made before the start. Raises ValueError for another number."""
        if orders != ORDERS:
            raise ValueError(f"{ORDERS} orders were made")
        await self.create_in_bulk(products)

    async def create_one_by_one(self, products: Sequence[Product]) -> None:
        async def post(one: Product) -> None:
            path = f"/admin/products?{_IDS}"
            ids = _ids_of((await self._client.ask("POST", path, _new(one))).json()["product"])
            level = {"location_id": self._location, "stocked_quantity": one.quantity}
            path = f"/admin/inventory-items/{ids.item}/location-levels?fields=id"
            await self._client.ask("POST", path, level)

        await each(products, post, connections=CONNECTIONS)

    async def create_in_bulk(self, products: Sequence[Product]) -> None:
        async def post(block: Sequence[Product]) -> None:
            body = {"create": [_new(one) for one in block]}
            answer = await self._client.ask("POST", f"/admin/products/batch?{_IDS}", body)
            created = answer.json()["created"]
            self._ids.update((p["variants"][0]["sku"], _ids_of(p)) for p in created)
            await self._levels("create", block)

        await each(in_blocks(products, _BATCH), post, connections=BULK_CONNECTIONS)

    async def change(self, products: Sequence[Product]) -> None:
        async def post(block: Sequence[Product]) -> None:
            body = {"update": [self._priced(one) for one in block]}
            await self._client.ask("POST", "/admin/products/batch?fields=id", body)
            await self._levels("update", block)

        await each(in_blocks(products, _BATCH), post, connections=BULK_CONNECTIONS)

    def _priced(self, one: Product) -> dict[str, Any]:
        ids = self._ids[one.sku]
        return {"id": ids.product, "variants": [{"id": ids.variant, "prices": _prices(one)}]}

    async def _levels(self, how: str, block: Sequence[Product]) -> None:
        levels = [
            {
                "inventory_item_id": self._ids[one.sku].item,
                "location_id": self._location,
                "stocked_quantity": one.quantity,
            }
            for one in block
        ]
        path = "/admin/inventory-items/location-levels/batch"
        await self._client.ask("POST", path, {how: levels})

    async def read_products(self) -> list[bytes]:
        return await self._pages("products", _PRODUCT, PRODUCTS)

    def count_products(self, bodies: Sequence[bytes]) -> int:
        return sum(
            variant["prices"][0]["amount"] > 0
            and item["inventory"]["location_levels"][0]["stocked_quantity"] > 0
            for body in bodies
            for product in msgspec.json.decode(body)["products"]
            for variant in product["variants"]
            for item in variant["inventory_items"]
        )

    async def read_orders(self) -> list[bytes]:
        return await self._pages("orders", _ORDER, ORDERS)

    def count_orders(self, bodies: Sequence[bytes]) -> int:
        return sum(
            len(order["items"]) for body in bodies for order in msgspec.json.decode(body)["orders"]
        )

    async def _pages(self, what: str, fields: str, count: int) -> list[bytes]:
        bodies = list[bytes]()

        async def get(first: int) -> None:
            path = f"/admin/{what}?limit={_PAGE}&offset={first}&{fields}"
            bodies.append((await self._client.ask("GET", path)).body)

        await each(range(0, count, _PAGE), get, connections=BULK_CONNECTIONS)
        return bodies


def _new(one: Product) -> dict[str, Any]:
    variant = {
        "title": "Only",
        "sku": one.sku,
        "prices": _prices(one),
        "options": {"Kind": "Only"},
    }
    return {
        "title": one.title,
        "description": one.description,
        "status": "published",
        "options": [{"title": "Kind", "values": ["Only"]}],
        "variants": [variant],
    }


def _prices(one: Product) -> list[dict[str, Any]]:
    return [{"currency_code": "sek", "amount": one.price}]


def _ids_of(product: Any) -> _Ids:
    (variant,) = product["variants"]
    (link,) = variant["inventory_items"]
    return _Ids(product=product["id"], variant=variant["id"], item=link["inventory_item_id"])


def _environment(url: str) -> dict[str, str]:
    """Both of Medusa's ways to its database lead to the socket: its runtime reads the URL, its migrations the folder."""
    place = place_of(url)
    return {
        "DATABASE_URL": f"postgresql://{place.user}@localhost/{place.name}?host={place.socket}",
        "DATABASE_SOCKET": place.socket,
        "PEER_SECRET": os.urandom(32).hex(),
        "MEDUSA_DISABLE_TELEMETRY": "true",
        "XDG_CONFIG_HOME": str(install.cache_folder() / "config"),
        "NODE_ENV": "production",
        "LOG_LEVEL": "warn",
    }


def _version(folder: Path) -> str:
    pins: dict[str, Any] = msgspec.json.decode((folder / "package.json").read_bytes())
    return str(pins["dependencies"]["@medusajs/medusa"])
