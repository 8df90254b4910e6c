"""A client with a catalog of its own."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from saluhall.domain.catalogs import operations as catalogs
from saluhall.kit.clock import utc_now
from tests.hub import Hub, Shop
from tests.sellrapido import Client


class ProductsClient:
    """Sends products in bulk, and extracts them."""

    def __init__(self, client: Client, catalog: int) -> None:
        self.client = client
        self.catalog = catalog

    @classmethod
    async def at(cls, hub: Hub) -> "ProductsClient":
        return await cls.of(await hub.open_shop())

    @classmethod
    async def of(cls, shop: Shop) -> "ProductsClient":
        client = await Client.signed_in(shop)
        async with shop.hub.db.transaction() as tx:
            catalog = await catalogs.create_catalog(
                tx, principal=shop.principal, name="Parts", code="PARTS", now=utc_now()
            )
        return cls(client, catalog)

    def row(self, sku: str, **fields: Any) -> dict[str, Any]:
        """A product that can be added."""
        return {"catalog": self.catalog, "sku": sku, "price1": 17.1, "quantity": 3, **fields}

    def change(self, sku: str, **fields: Any) -> dict[str, Any]:
        return {"catalog": self.catalog, "sku": sku, **fields}

    async def send(self, method: str, rows: object, path: str = "/product") -> tuple[int, Any]:
        status, _, answer = await self.client.call(method, path, rows)
        return status, answer

    async def added(self, *rows: Mapping[str, Any]) -> None:
        """POST rows that must all be stored."""
        status, answer = await self.send("POST", rows)
        assert (status, answer["errors"]) == (200, []), answer

    async def changed(self, *rows: Mapping[str, Any]) -> None:
        """PATCH rows that must all be stored."""
        status, answer = await self.send("PATCH", rows)
        assert (status, answer["errors"]) == (200, []), answer

    async def extract(self, **query: str) -> bytes:
        status, headers, body = await self.client.call("GET", f"/product?{urlencode(query)}")
        assert status == 200, body
        assert headers["content-type"] in {"application/csv;charset=UTF-8", "application/zip"}
        return bytes(body)

    async def shown(self, sku: str, fields: Sequence[str]) -> dict[str, str]:
        """What an extraction shows of a product."""
        query = {"fields": ",".join(("sku", *fields)), "field_separator": "\x1d"}
        lines = (await self.extract(**query)).decode().split("\n")
        [line] = [found for found in lines if found.split("\x1d")[0] == sku]
        return dict(zip(fields, line.split("\x1d")[1:], strict=True))

    async def numbers(self) -> dict[str, int]:
        """The numbers of the account's catalogs by their codes."""
        rows = await self.client.shop.rows(
            "select code, number from catalogs where account_id = %(account_id)s"
        )
        return {row["code"]: row["number"] for row in rows}


def messages(answer: Mapping[str, Any]) -> list[tuple[int, str]]:
    return [(error["index"], error["message"]) for error in answer["errors"]]


def as_json(value: object) -> bytes:
    return json.dumps(value).encode()
