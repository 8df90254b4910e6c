"""One account at a running hub, seen by its integrator."""

import asyncio
import json
import time
from collections.abc import Sequence
from datetime import datetime
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import UUID

from saluhall.dialects.rheo.event_words import VOCABULARY
from saluhall.domain.accounts.model import Principal
from saluhall.domain.connections import operations as connections
from saluhall.domain.listings import suspension
from saluhall.domain.webhooks import operations as webhooks
from saluhall.kit.clock import utc_now
from saluhall.kit.http import Outbound
from saluhall.kit.secrets import Vault
from saluhall.practice.partner import Received

if TYPE_CHECKING:
    from tests.hub import Hub


SECRET_KEY = "a key for tests, as long as it must be"
PASSWORD = "a good password"
ALL_EVENTS = tuple(sorted(set(VOCABULARY.words.values())))
_ITEMS = "/integration/v1/items/"


class Shop:
    """One account at the hub, seen by its integrator."""

    def __init__(self, hub: "Hub", *, principal: Principal, api_key: str, user_id: int) -> None:
        self.hub = hub
        self.principal = principal
        self.api_key = api_key
        self.user_id = user_id
        self.secret = ""
        self.access = self.refresh = ""
        self.hook = f"/hook/{principal.account_id}"

    async def call(
        self, method: str, path: str, body: object = None, *, api_key: str | None = None
    ) -> tuple[int, Any]:
        raw = b"" if body is None else json.dumps(body).encode()
        headers = {"x-api-key": api_key or self.api_key, "content-type": "application/json"}
        status, _, answer = await self.hub.request(method, path, headers=headers, body=raw)
        return status, json.loads(answer) if answer else None

    async def sign_in(self) -> None:
        """Get tokens for the account's first user."""
        given = json.dumps({"username": self.principal.account_name, "password": PASSWORD}).encode()
        status, _, answer = await self.hub.request("POST", "/auth/token", body=given)
        assert status == 200, answer
        tokens = json.loads(answer)
        self.access = tokens["access_token"]["token"]
        self.refresh = tokens["refresh_token"]["token"]

    async def as_person(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Call a route as the account's first user, who signs in at the first call."""
        if not self.access:
            await self.sign_in()
        raw = b"" if body is None else json.dumps(body).encode()
        headers = {"authorization": f"Bearer {self.access}", "content-type": "application/json"}
        status, _, answer = await self.hub.request(method, path, headers=headers, body=raw)
        return status, json.loads(answer) if answer else None

    async def put(self, external_id: str, **item: Any) -> str:
        """PUT an item that must be accepted; return its id."""
        body = {"title": f"Part {external_id}", "price": 950, "shippingCost": 49, **item}
        status, answer = await self.call("PUT", self.path(external_id), body)
        assert status == 202, answer
        return str(answer["itemId"])

    async def get(self, external_id: str) -> dict[str, Any]:
        status, answer = await self.call("GET", self.path(external_id))
        assert status == 200, answer
        return dict(answer)

    async def patch(self, external_id: str, what: str, body: object) -> None:
        status, answer = await self.call("PATCH", f"{self.path(external_id)}/{what}", body)
        assert status == 202, answer

    async def delete(self, external_id: str) -> None:
        status, answer = await self.call("DELETE", self.path(external_id))
        assert status == 202, answer

    @staticmethod
    def path(external_id: str) -> str:
        return _ITEMS + quote(external_id, safe="")

    async def until(
        self, external_id: str, *, timeout_s: float = 75, **wanted: Any
    ) -> dict[str, Any]:
        """Wait until an item's status shows these values."""
        deadline = time.monotonic() + timeout_s
        while True:
            shown = await self.get(external_id)
            if all(shown.get(name) == value for name, value in wanted.items()):
                return shown
            assert time.monotonic() < deadline, f"wanted {wanted}, still {shown}"
            await asyncio.sleep(0.05)

    async def log(self, query: str = "") -> dict[str, Any]:
        """Read the log of webhook deliveries."""
        status, answer = await self.as_person("GET", f"/integration/webhook-deliveries{query}")
        assert status == 200, answer
        return dict(answer)

    async def logged(self, count: int, *, timeout_s: float = 75) -> None:
        """Wait until the log has so many lines."""
        deadline = time.monotonic() + timeout_s
        lines = "select 1 from delivery_attempts where account_id = %(account_id)s"
        while (found := len(await self.rows(lines))) < count:
            assert time.monotonic() < deadline, f"wanted {count} lines, found {found}"
            await asyncio.sleep(0.05)

    async def until_received(self, count: int, *, timeout_s: float = 75) -> None:
        """Wait until so many webhooks have arrived."""
        deadline = time.monotonic() + timeout_s
        while len(self.received()) < count:
            assert time.monotonic() < deadline, self.events()
            await asyncio.sleep(0.02)

    def received(self) -> list[Received]:
        return [r for r in self.hub.partner.received if r.path == self.hook]

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(r.body) for r in self.received()]

    async def heard(
        self, event_type: str, external_id: str, *, timeout_s: float = 75
    ) -> dict[str, Any]:
        """Wait for an event about an item; return its envelope."""
        deadline = time.monotonic() + timeout_s
        while True:
            for event in self.events():
                if (event["eventType"], event["data"]["externalId"]) == (event_type, external_id):
                    return event
            heard = [(e["eventType"], e["data"]) for e in self.events()]
            assert time.monotonic() < deadline, f"no {event_type} for {external_id} in {heard}"
            await asyncio.sleep(0.05)

    async def settle(self) -> None:
        """Wait until nothing of this account is due."""
        await self.hub.settle(account_id=self.principal.account_id)

    async def told(self, event_type: str, external_id: str) -> list[dict[str, Any]]:
        """Wait until nothing is due; return all events of a type about an item."""
        await self.settle()
        return [
            event
            for event in self.events()
            if (event["eventType"], event["data"]["externalId"]) == (event_type, external_id)
        ]

    async def listed(self, external_id: str, **item: Any) -> int:
        """PUT an item with auto publish and wait until it is listed; return its ad id."""
        await self.put(external_id, autoPublishTradera=True, **item)
        created = await self.heard("listing.created", external_id)
        return int(created["data"]["traderaAdId"])

    async def ads(self) -> list[dict[str, Any]]:
        """What the account has had on the marketplace, ended ones too."""
        items = await self.hub.market.items()
        return [item for item in items if item["sellerId"] == self.user_id]

    async def calls(self, path: str = "*", method: str = "*") -> list[dict[str, Any]]:
        """The calls the marketplace got on behalf of this account whose path this glob fits."""
        calls = await self.hub.market.calls_to(path, method)
        return [call for call in calls if call["user"] == str(self.user_id)]

    async def until_called(self, path: str, method: str, *, timeout_s: float = 30) -> None:
        """Wait until the marketplace has got such a call on behalf of this account."""
        deadline = time.monotonic() + timeout_s
        while not await self.calls(path, method):
            assert time.monotonic() < deadline, f"no {method} {path}"
            await asyncio.sleep(0.02)

    async def failures(self, external_id: str) -> list[str]:
        """Wait until nothing is due; return what every listing.failed about an item says."""
        return [e["data"]["error"] for e in await self.told("listing.failed", external_id)]

    async def history(self, external_id: str) -> list[dict[str, Any]]:
        """What happened to an item, oldest first: type, data."""
        return await self.rows(
            "select type, data from events where account_id = %(account_id)s and sku = %(sku)s order by id",
            sku=external_id,
        )

    async def rows(self, sql: str, **params: Any) -> list[dict[str, Any]]:
        """Read the account's rows; `owner` is known to the statement."""
        async with self.hub.db.statement() as tx:
            return await tx.all(dict, sql, {"account_id": self.principal.account_id, **params})

    async def connect(self, token: str = "tok", *, known: bool = True, **options: Any) -> UUID:
        """Give the account its Tradera login; `known` also registers it at the marketplace."""
        if known:
            await self.hub.market.seller(self.user_id, token)
        expires_at: datetime | None = options.pop("expires_at", None)
        now = utc_now()
        async with self.hub.db.transaction() as tx:
            connection_id = await connections.connect(
                tx,
                principal=self.principal,
                channel="tradera",
                user_id=str(self.user_id),
                token=token,
                expires_at=expires_at,
                options=options,
                vault=Vault(SECRET_KEY),
                now=now,
            )
            await suspension.resume(tx, self.principal.account_id, connection_id, now=now)
        return connection_id

    async def listen(self, event_types: Sequence[str] = ALL_EVENTS) -> str:
        """Set the webhook address; return the secret."""
        async with self.hub.db.transaction() as tx:
            _, self.secret = await webhooks.set_main_endpoint(
                tx,
                principal=self.principal,
                url=self.hub.partner.url + self.hook,
                subscription=VOCABULARY.subscription(event_types),
                http=Outbound(allow=[ip_network("127.0.0.0/8")]),
                vault=Vault(SECRET_KEY),
                now=utc_now(),
            )
        return self.secret
