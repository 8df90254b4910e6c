"""A client written for Sellrapido's API, at a hub."""

import json
from collections.abc import Mapping
from typing import Any

from saluhall.domain.accounts import operations as accounts
from saluhall.kit.clock import utc_now
from tests.hub import Hub, Shop

V1 = "/sr_company_ws/api"
V2 = "/sr_company_ws/api/v2"
PASSWORD = "a good password"
JSON_TYPE = "application/json;charset=UTF-8"

Answer = tuple[int, Mapping[str, str], Any]


class Client:
    """Signs in as a shop's first user; `call` sends the access token, `key_call` the older generation's key."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.username = shop.principal.account_name
        self.access = ""
        self.refresh = ""
        self._key = ""

    @classmethod
    async def signed_in(cls, shop: Shop) -> "Client":
        client = cls(shop)
        await client.sign_in()
        return client

    async def sign_in(self) -> None:
        credentials = {"username": self.username, "password": PASSWORD}
        status, _, tokens = await post(self.shop.hub, f"{V2}/auth/authorize", credentials)
        assert status == 200, tokens
        self.keep(tokens)

    def keep(self, tokens: Mapping[str, Any]) -> None:
        """Continue with the tokens of an answer."""
        self.access = tokens["access_token"]["token"]
        self.refresh = tokens.get("refresh_token", {}).get("token", self.refresh)

    async def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Call a path under the second generation's base; JSON answers are read."""
        given = {"Authorization": f"Bearer {self.access}", **(headers or {})}
        return await send(self.shop.hub, method, V2 + path, body, headers=given)

    async def key_call(self, method: str, path: str, body: object = None) -> Answer:
        """Call a path under the first generation's base; `{key}` in it is filled in."""
        filled = path.replace("{key}", await self.key())
        return await send(self.shop.hub, method, V1 + filled, body)

    async def key(self) -> str:
        if not self._key:
            async with self.shop.hub.db.transaction() as tx:
                made = await accounts.create_legacy_key(
                    tx, principal=self.shop.principal, now=utc_now()
                )
            self._key = str(made)
        return self._key


async def post(hub: Hub, path: str, body: object) -> Answer:
    return await send(hub, "POST", path, body)


async def send(
    hub: Hub,
    method: str,
    path: str,
    body: object = None,
    *,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Send JSON as the real client does (bytes as they are); an answer in JSON is read."""
    raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    given = {"Content-Type": "application/json; charset=utf-8", **(headers or {})}
    status, found, answer = await hub.request(method, path, headers=given, body=raw)
    is_json = found.get("content-type", "").startswith("application/json")
    return status, found, json.loads(answer) if is_json and answer else answer
