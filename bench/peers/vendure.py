"""Vendure 3 in production mode, by its admin API."""

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from bench.peers import install
from bench.peers.client import Answer, Client, Unexpected, each, in_blocks
from bench.peers.peer import Peer
from bench.peers.running import place_of, serving
from bench.peers.work import BULK_CONNECTIONS, CONNECTIONS, ORDERS, PRODUCTS, Product
from bench.stage import Stage, free_port

_PATH = "/admin-api"
_BATCH = 50
_PAGE = 125
_LOGIN = "mutation($name:String!,$password:String!){login(username:$name,password:$password){__typename}}"
_NEW = "mutation($product:CreateProductInput!){createProduct(input:$product){id}}"
_VARIANTS = (
    "mutation($variants:[CreateProductVariantInput!]!){createProductVariants(input:$variants){id}}"
)
_CHANGE = (
    "mutation($variants:[UpdateProductVariantInput!]!){updateProductVariants(input:$variants){id}}"
)
_IMPORT = "mutation($file:Upload!){importProducts(csvFile:$file){errors imported}}"
_HEADING = (
    "name,slug,description,assets,facets,optionGroups,optionValues,sku,price,taxCategory,stockOnHand,"
    "trackInventory,variantAssets,variantFacets\n"
)
_BOUNDARY = "an-end-of-a-part"
_PRODUCTS = """query($skip:Int!,$take:Int!){productVariants(options:{skip:$skip,take:$take,sort:{id:ASC}}){
  items{id sku name price stockOnHand product{id name description}}}}"""
_ORDERS = """query($skip:Int!,$take:Int!){orders(options:{skip:$skip,take:$take,sort:{id:ASC}}){
  items{id code state orderPlacedAt currencyCode totalWithTax shippingWithTax customer{emailAddress}
    shippingAddress{fullName streetLine1 postalCode city countryCode phoneNumber}
    lines{id quantity unitPriceWithTax linePriceWithTax productVariant{sku name}}}}}"""


class Vendure(Peer):
    """One server process without plugins, on the database by its socket."""

    name = "vendure"
    rows: ClassVar = {
        "read-products": PRODUCTS,
        "read-orders": ORDERS,
        "create-one": 40,
        "create-bulk": 200,
        "change": 150,
    }
    setup = (
        "core alone, NODE_ENV=production, 1 process; createProduct, then createProductVariants; importProducts with CSV of "
        f"{_BATCH}; updateProductVariants of {_BATCH}; {BULK_CONNECTIONS} calls at once; productVariants and orders in pages of {_PAGE}"
    )

    def __init__(self, client: Client, version: str) -> None:
        self._client = client
        self._ids: dict[str, str] = {}
        self.version = version

    @classmethod
    @asynccontextmanager
    async def start(cls, stage: Stage) -> AsyncIterator["Vendure"]:
        folder, node = await install.node_project("vendure")
        place = place_of(await stage.empty_database())
        port, secret = free_port(), os.urandom(32).hex()
        env = {
            "DATABASE_SOCKET": place.socket,
            "DATABASE_NAME": place.name,
            "DATABASE_USER": place.user,
            "PEER_SECRET": secret,
            "NODE_ENV": "production",
        }
        await install.run([node, "seed.js", str(ORDERS)], folder=folder, env=env)
        env["PORT"] = str(port)
        command = [node, "serve.js"]
        running = serving(stage, command, port=port, folder=folder, env=env, ready="/health")
        async with running as client:
            peer = cls(client, _version(folder))
            answer = await peer._say(_LOGIN, {"name": "bench", "password": secret})
            token = answer.fields["vendure-auth-token"]
            client.headers = {"Authorization": f"Bearer {token}"}
            yield peer

    async def _say(self, query: str, variables: dict[str, Any]) -> Answer:
        """Send a query. Raises Unexpected when it is answered with an error."""
        value = {"query": query, "variables": variables}
        return _good(await self._client.ask("POST", _PATH, value))

    async def seed(self, products: Sequence[Product], *, orders: int) -> None:
        """Import the products and learn their ids; the orders were made before the start. Raises ValueError for another number."""
        if orders != ORDERS:
            raise ValueError(f"{ORDERS} orders were made")
        await self.create_in_bulk(products)
        for body in await self.read_products():
            items = msgspec.json.decode(body)["data"]["productVariants"]["items"]
            self._ids.update((item["sku"], item["id"]) for item in items)

    async def create_one_by_one(self, products: Sequence[Product]) -> None:
        async def post(one: Product) -> None:
            names = {"languageCode": "en", "name": one.title}
            described = {**names, "slug": one.sku.lower(), "description": one.description}
            product = {"enabled": True, "translations": [described]}
            answer = await self._say(_NEW, {"product": product})
            variant = {
                "productId": answer.json()["data"]["createProduct"]["id"],
                "sku": one.sku,
                "price": _cents(one),
                "stockOnHand": one.quantity,
                "translations": [names],
            }
            await self._say(_VARIANTS, {"variants": [variant]})

        await each(products, post, connections=CONNECTIONS)

    async def create_in_bulk(self, products: Sequence[Product]) -> None:
        async def post(block: Sequence[Product]) -> None:
            kind = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}
            answer = _good(await self._client.send("POST", _PATH, _upload(block), kind))
            output = answer.json()["data"]["importProducts"]
            if output["errors"] or output["imported"] != len(block):
                raise Unexpected(f"{output['imported']} of {len(block)}: {output['errors'][:3]}")

        await each(in_blocks(products, _BATCH), post, connections=BULK_CONNECTIONS)

    async def change(self, products: Sequence[Product]) -> None:
        async def post(block: Sequence[Product]) -> None:
            variants = [
                {"id": self._ids[one.sku], "price": _cents(one), "stockOnHand": one.quantity}
                for one in block
            ]
            await self._say(_CHANGE, {"variants": variants})

        await each(in_blocks(products, _BATCH), post, connections=BULK_CONNECTIONS)

    async def read_products(self) -> list[bytes]:
        return await self._pages(_PRODUCTS, PRODUCTS)

    def count_products(self, bodies: Sequence[bytes]) -> int:
        return sum(
            item["price"] > 0 and item["stockOnHand"] > 0
            for body in bodies
            for item in msgspec.json.decode(body)["data"]["productVariants"]["items"]
        )

    async def read_orders(self) -> list[bytes]:
        return await self._pages(_ORDERS, ORDERS)

    def count_orders(self, bodies: Sequence[bytes]) -> int:
        return sum(
            len(order["lines"])
            for body in bodies
            for order in msgspec.json.decode(body)["data"]["orders"]["items"]
        )

    async def _pages(self, query: str, count: int) -> list[bytes]:
        bodies = list[bytes]()

        async def get(first: int) -> None:
            bodies.append((await self._say(query, {"skip": first, "take": _PAGE})).body)

        await each(range(0, count, _PAGE), get, connections=BULK_CONNECTIONS)
        return bodies


def _good(answer: Answer) -> Answer:
    if answer.status != 200 or answer.body.startswith(b'{"errors"'):
        raise Unexpected(f"{answer.status}: {answer.body[:1000].decode(errors='replace')}")
    return answer


def _cents(one: Product) -> int:
    return round(one.price * 100)


def _upload(block: Sequence[Product]) -> bytes:
    """Write the body of an upload by GraphQL: the query, what the file is for, and the file."""
    lines = [
        f'{one.title},{one.sku.lower()},"{one.description}",,,,,{one.sku},{one.price},standard,{one.quantity},true,,\n'
        for one in block
    ]
    query = msgspec.json.encode({"query": _IMPORT, "variables": {"file": None}}).decode()
    parts = {
        'name="operations"': query,
        'name="map"': '{"0":["variables.file"]}',
        'name="0"; filename="products.csv"\r\nContent-Type: text/csv': _HEADING + "".join(lines),
    }
    text = "".join(
        f"--{_BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n\r\n{content}\r\n"
        for head, content in parts.items()
    )
    return f"{text}--{_BOUNDARY}--\r\n".encode()


def _version(folder: Path) -> str:
    pins: dict[str, Any] = msgspec.json.decode((folder / "package.json").read_bytes())
    return str(pins["dependencies"]["@vendure/core"])
