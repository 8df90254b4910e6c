"""What the hub promises also holds behind the nginx and Caddy files of `deploy/`: `make test-proxies`."""

import io
import json
import socket
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import aiohttp
import pytest
import yarl

from tests.conftest import StartHub
from tests.dialects.sellrapido.products_client import ProductsClient
from tests.hub import Hub
from tests.proxies.proxy import Proxy, installed
from tests.sellrapido import V2

MAX_BODY = 32 * 1024 * 1024


class Client:
    """Sends requests through a proxy; `source` is the address that they come from."""

    def __init__(self, proxy: Proxy, hub: Hub) -> None:
        self.proxy, self.hub = proxy, hub

    async def request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        source: str = "127.0.0.2",
    ) -> tuple[int, Mapping[str, str], bytes]:
        connector = aiohttp.TCPConnector(
            ssl=self.proxy.context, local_addr=(source, 0), family=socket.AF_INET
        )
        url = yarl.URL(self.proxy.base + path, encoded=True)
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.request(
                method, url, data=io.BytesIO(body) if body else None, headers=headers
            ) as answer,
        ):
            return answer.status, answer.headers, await answer.read()


@pytest.fixture(params=["nginx", "caddy"])
async def client(
    request: pytest.FixtureRequest, start_hub: StartHub, tmp_path: Path
) -> AsyncIterator[Client]:
    name: str = request.param
    if installed(name) is None:
        pytest.skip(f"{name} is not installed: apt-get install nginx-light caddy")
    hub = await start_hub("--no-worker", SALUHALL_TRUSTED_PROXIES="127.0.0.1/32")
    folder = tmp_path / name
    folder.mkdir()
    proxy = Proxy(name, folder, hub_port=hub.port)
    yield Client(proxy, hub)
    proxy.stop()


async def test_requests_pass_through_unchanged(client: Client) -> None:
    await _an_id_with_slashes(client)
    products = await ProductsClient.at(client.hub)
    await _a_body_of_the_maximum_size(client, products)
    await _an_export(client, products)
    await _the_callers_address(client)
    assert (await client.request("GET", "/metrics"))[0] == 404


async def _an_id_with_slashes(client: Client) -> None:
    headers = {"x-api-key": client.hub.api_key, "content-type": "application/json"}
    body = b'{"title": "Brake caliper", "price": 950, "shippingCost": 49}'
    for path, external_id in (("A%2FB%201", "A/B 1"), ("%2F%2Fa%2F%2Fb", "//a//b")):
        item = f"/integration/v1/items/{path}"
        put, _, said = await client.request("PUT", item, headers=headers, body=body)
        assert put == 202, said
        status, _, said = await client.request("GET", item, headers=headers)
        assert (status, json.loads(said)["externalId"]) == (200, external_id)


async def _a_body_of_the_maximum_size(client: Client, products: ProductsClient) -> None:
    rows = json.dumps(
        [products.row(f"P-{n}", description="x" * 20_000) for n in range(500)]
    ).encode()
    headers = {
        "Authorization": f"Bearer {products.client.access}",
        "content-type": "application/json",
    }
    body = rows.ljust(MAX_BODY)
    status, _, said = await client.request("POST", f"{V2}/product", headers=headers, body=body)
    assert (status, json.loads(said)["errors"]) == (200, [])
    status, _, _ = await client.request("POST", f"{V2}/product", headers=headers, body=body + b" ")
    assert status == 413


async def _an_export(client: Client, products: ProductsClient) -> None:
    path = f"{V2}/product?fields=sku,description"
    headers = {"Authorization": f"Bearer {products.client.access}"}
    _, _, direct = await client.hub.request("GET", path, headers=headers)
    status, _, proxied = await client.request("GET", path, headers=headers)
    assert (status, proxied == direct) == (200, True)
    assert len(direct) > 500 * 20_000


async def _the_callers_address(client: Client) -> None:
    """One caller has failed to sign in too often: another is not slowed down, and a header changes nothing."""
    async with client.hub.db.transaction() as tx:
        await tx.run(
            "insert into sign_in_failures (subject, failures, failed_at) values (%(key)s, 1000, now())",
            {"key": "address:127.0.0.2"},
        )
    body = b'{"username": "nobody", "password": "x"}'
    forged = {"x-forwarded-for": "198.51.100.7"}
    for source, expected in (("127.0.0.2", 429), ("127.0.0.3", 401)):
        status, _, _ = await client.request(
            "POST", f"{V2}/auth/authorize", headers=forged, body=body, source=source
        )
        assert status == expected
