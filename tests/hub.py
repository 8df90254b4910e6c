"""A running hub to test from outside: `saluhall serve` as a process, with a database, a practice marketplace and a partner."""

import asyncio
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from fnmatch import fnmatchcase
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import aiohttp
import yarl

from saluhall.domain.accounts import operations as accounts
from saluhall.domain.accounts.model import Principal
from saluhall.domain.catalogs import operations as catalogs
from saluhall.domain.connections import operations as connections
from saluhall.domain.history.model import DELIVERED
from saluhall.domain.listings import outcomes
from saluhall.domain.webhooks import operations as webhooks
from saluhall.jobs.schedule import measure
from saluhall.kit.clock import utc_now
from saluhall.kit.http import Outbound
from saluhall.kit.ids import new_id
from saluhall.kit.secrets import Vault
from saluhall.sandbox.partner import Partner, Received
from saluhall.storage import Database

SECRET_KEY = "a key for tests"
ALL_EVENTS = tuple(sorted(DELIVERED))
_ITEMS = "/integration/v1/items/"


class Market:
    """The practice marketplace as a process, and its knobs."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "saluhall.sandbox", "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "SALUHALL_DIE_WITH_PARENT": "1"},
        )
        assert self._process.stdout is not None
        self.url: str = json.loads(self._process.stdout.readline())["url"]

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)
        if self._process.stdout is not None:
            self._process.stdout.close()

    async def control(self, method: str, path: str, body: object = None) -> Any:
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, f"{self.url}/sandbox{path}", json=body) as answer,
        ):
            text = await answer.text()
            assert answer.status < 400, text
            return json.loads(text) if text else None

    async def items(self) -> list[dict[str, Any]]:
        return list(await self.control("GET", "/items"))

    async def items_of(self, keys: Sequence[str]) -> list[dict[str, Any]]:
        """The items whose title is one of these (journeys give each item its own title)."""
        return [item for item in await self.items() if item["title"] in keys]

    async def calls(self) -> list[dict[str, Any]]:
        return list(await self.control("GET", "/calls"))

    async def bid(self, item_id: int, amount: int, bidder: str = "anna") -> None:
        await self.control("POST", f"/items/{item_id}/bids", {"amount": amount, "bidder": bidder})

    async def advance(self, seconds: int) -> None:
        await self.control("POST", "/clock", {"advance_s": seconds})

    async def item(self, item_id: int | str) -> dict[str, Any]:
        """One published item."""
        return next(item for item in await self.items() if item["itemId"] == int(item_id))

    async def faults(self, *faults: Mapping[str, Any]) -> None:
        """Order this trouble in place of all other; without arguments there is none."""
        await self.control("PUT", "/faults", list(faults))

    async def quota(self, calls_per_day: int | None) -> None:
        await self.control("PUT", "/quota", {"calls_per_day": calls_per_day})

    async def calls_to(self, path: str, method: str = "*") -> list[dict[str, Any]]:
        """The calls whose path this glob fits."""
        return [
            call
            for call in await self.calls()
            if method in {"*", call["method"]} and fnmatchcase(call["path"], path)
        ]

    async def seller(self, user_id: int, token: str, expires: str | None = None) -> None:
        body = {"userId": user_id, "token": token, **({"expires": expires} if expires else {})}
        await self.control("POST", "/sellers", body)


class Shop:
    """One account at the hub, seen by its integrator."""

    def __init__(self, hub: "Hub", *, by: Principal, api_key: str, user_id: int) -> None:
        self.hub = hub
        self.by = by
        self.api_key = api_key
        self.user_id = user_id
        self.secret = ""
        self.hook = f"/hook/{by.account_id}"

    async def call(
        self, method: str, path: str, body: object = None, *, api_key: str | None = None
    ) -> tuple[int, Any]:
        raw = b"" if body is None else json.dumps(body).encode()
        headers = {"x-api-key": api_key or self.api_key, "content-type": "application/json"}
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
        self, external_id: str, *, timeout_s: float = 20, **wanted: Any
    ) -> dict[str, Any]:
        """Wait until an item's status shows these values."""
        deadline = time.monotonic() + timeout_s
        while True:
            shown = await self.get(external_id)
            if all(shown.get(name) == value for name, value in wanted.items()):
                return shown
            assert time.monotonic() < deadline, f"wanted {wanted}, still {shown}"
            await asyncio.sleep(0.05)

    def received(self) -> list[Received]:
        return [r for r in self.hub.partner.received if r.path == self.hook]

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(r.body) for r in self.received()]

    async def heard(
        self, event_type: str, external_id: str, *, timeout_s: float = 20
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
        await self.hub.settle(owner=self.by.account_id)

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

    async def failures(self, external_id: str) -> list[str]:
        """Wait until nothing is due; return what every listing.failed about an item says."""
        return [e["data"]["error"] for e in await self.told("listing.failed", external_id)]

    async def history(self, external_id: str) -> list[dict[str, Any]]:
        """What happened to an item, oldest first: type, data."""
        return await self.rows(
            "select type, data from events where account_id = %(owner)s and sku = %(sku)s order by id",
            sku=external_id,
        )

    async def rows(self, sql: str, **params: Any) -> list[dict[str, Any]]:
        """Read the account's rows; `owner` is known to the statement."""
        async with self.hub.db.statement() as tx:
            return await tx.all(dict, sql, {"owner": self.by.account_id, **params})

    async def connect(self, token: str = "tok", *, known: bool = True, **options: Any) -> UUID:
        """Give the account its Tradera login; `known` also registers it at the marketplace."""
        if known:
            await self.hub.market.seller(self.user_id, token)
        expires_at: datetime | None = options.pop("expires_at", None)
        now = utc_now()
        async with self.hub.db.transaction() as tx:
            connection_id = await connections.connect(
                tx,
                by=self.by,
                channel="tradera",
                user_id=str(self.user_id),
                token=token,
                expires_at=expires_at,
                options=options,
                vault=Vault(SECRET_KEY),
                now=now,
            )
            await outcomes.resume(tx, self.by.account_id, connection_id, now=now)
        return connection_id

    async def listen(self, event_types: Sequence[str] = ALL_EVENTS) -> str:
        """Set the webhook address; return the secret."""
        async with self.hub.db.transaction() as tx:
            _, self.secret = await webhooks.set_main_endpoint(
                tx,
                by=self.by,
                url=self.hub.partner.url + self.hook,
                event_types=event_types,
                http=Outbound(allow=[ip_network("127.0.0.0/8")]),
                vault=Vault(SECRET_KEY),
                now=utc_now(),
            )
        return self.secret


class Hub:
    """`saluhall serve` on a database of its own. `request` sends raw paths; shops are opened through the domain."""

    def __init__(
        self,
        *,
        url: str,
        folder: Path,
        market: Market,
        partner: Partner,
        env: Mapping[str, str],
        args: Sequence[str] = (),
    ) -> None:
        self.market = market
        self.partner = partner
        self.db = Database(url, connections=2)
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.log = folder / "hub.log"
        self.args = args
        self._users = 1000
        self.env = {
            **os.environ,
            "SALUHALL_DATABASE_URL": url,
            "SALUHALL_DATA_DIR": str(folder / "data"),
            "SALUHALL_SECRET_KEY": SECRET_KEY,
            "SALUHALL_TRADERA_URL": market.url,
            "SALUHALL_TRADERA_CALLS_PER_DAY": "1000000",
            "SALUHALL_POLL_INTERVAL_S": "1",
            "SALUHALL_OUTBOUND_ALLOW": "127.0.0.0/8",
            "SALUHALL_OUTBOUND_CA_FILE": str(partner.ca_file),
            "SALUHALL_RATE_LIMITS": "off",
            **env,
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._session: aiohttp.ClientSession | None = None
        self._shop: Shop | None = None

    @property
    def api_key(self) -> str:
        assert self._shop is not None
        return self._shop.api_key

    async def start(self) -> None:
        """Start the server and wait until it is ready; open the first shop once."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "saluhall", "serve", "--port", str(self.port), *self.args],
                env=self.env,
                stdout=log,
                stderr=log,
            )
        if self._session is None:
            self._session = aiohttp.ClientSession()
            await self.db.__aenter__()
        deadline = time.monotonic() + 30
        while not await self._is_ready():
            assert time.monotonic() < deadline, self.log.read_text()[-4000:]
            assert self._process.poll() is None, self.log.read_text()[-4000:]
            await asyncio.sleep(0.05)
        if self._shop is None:
            self._shop = await self.open_shop()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def _is_ready(self) -> bool:
        try:
            status, _, _ = await self.request("GET", "/readyz")
        except aiohttp.ClientError:
            return False
        return status == 200

    async def stop(self) -> int:
        """Send SIGTERM; return the exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return await asyncio.to_thread(self._process.wait, 30)

    async def kill(self) -> None:
        """Kill -9 the server; what it started ends with it."""
        assert self._process is not None
        self._process.kill()
        await asyncio.to_thread(self._process.wait)

    async def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            await self.stop()
        if self._session is not None:
            await self._session.close()
            await self.db.__aexit__()

    async def request(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Send a request whose path is already encoded."""
        assert self._session is not None
        url = yarl.URL(self.base + path, encoded=True)
        async with self._session.request(
            method, url, data=io.BytesIO(body) if body else None, headers=dict(headers or {})
        ) as answer:
            found = {name.lower(): value for name, value in answer.headers.items()}
            return answer.status, found, await answer.read()

    async def open_shop(self) -> Shop:
        """Open an account with a key; it is not connected anywhere and listens nowhere."""
        self._users += 1
        name = f"shop-{new_id().hex}"
        now = utc_now()
        async with self.db.transaction() as tx:
            account_id = await accounts.create_account(
                tx, name=name, username=name, password="a good password", now=now
            )
            by = Principal(account_id=account_id, account_name=name)
            await catalogs.create_catalog(tx, by=by, name="RHEO", code="RHEO", now=now)
            api_key = await accounts.create_api_key(tx, by=by, name="test", now=now)
        return Shop(self, by=by, api_key=api_key, user_id=self._users)

    async def open_selling_shop(self) -> Shop:
        """Open an account that is connected to the marketplace and hears every event."""
        shop = await self.open_shop()
        await shop.connect()
        await shop.listen()
        return shop

    async def cli(self, *arguments: str) -> Any:
        """Run a command of the hub with --json beside the running server; return what it says."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "saluhall",
            *arguments,
            "--json",
            env=self.env,
            stdout=subprocess.PIPE,
        )
        told, _ = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == 0, told
        return json.loads(told)

    async def pass_time(self, minutes: int) -> None:
        """Let time pass for the hub: what is due in so many minutes is due now, and calls were made so much earlier."""
        async with self.db.transaction() as tx:
            for table, column in (
                ("listings", "due_at"),
                ("connections", "poll_due_at"),
                ("channel_budgets", "blocked_until"),
                ("channel_calls", "minute"),
            ):
                await tx.run(
                    f"update {table} set {column} = {column} - make_interval(mins => %(minutes)s)",
                    {"minutes": minutes},
                )

    async def settle(self, *, timeout_s: float = 30, owner: UUID | None = None) -> None:
        """Wait until nothing is due (polls aside), to one account or to all."""
        deadline = time.monotonic() + timeout_s
        while True:
            async with self.db.statement() as tx:
                found = await tx.one(
                    lambda row: row["pending"],
                    """
                    with a as (
                      select account_id from accounts where %(owner)s::uuid is null or account_id = %(owner)s)
                    select (select count(*) from images join a using (account_id) where due_at is not null)
                         + (select count(*) from products join a using (account_id) where enhance_due_at is not null)
                         + (select count(*) from listings join a using (account_id) where due_at is not null)
                         + (select count(*) from deliveries join a using (account_id) where due_at is not null)
                           as pending
                    """,
                    {"owner": owner},
                )
                due = await measure(tx, now=utc_now())
            if not found:
                return
            assert time.monotonic() < deadline, f"still due: {due}\n{self.log.read_text()[-4000:]}"
            await asyncio.sleep(0.05)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
