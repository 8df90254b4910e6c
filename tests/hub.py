"""A running hub to test from outside: `saluhall serve` as a process, with a database, a practice marketplace and a partner."""

import asyncio
import io
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import yarl

from saluhall.dialects.rheo.keys import KEY_PREFIX
from saluhall.domain.accounts import operations as accounts
from saluhall.domain.accounts.model import Principal
from saluhall.domain.catalogs import operations as catalogs
from saluhall.jobs.due import measure
from saluhall.kit.clock import utc_now
from saluhall.kit.ids import new_id
from saluhall.practice.partner import Partner
from saluhall.storage import Database
from tests.market import Market
from tests.shop import SECRET_KEY, Shop

__all__ = ["Hub", "Market", "Shop", "free_port"]


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
            "SALUHALL_LOG_REQUESTS": "on",
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
        await self.attach()
        deadline = time.monotonic() + 75
        while not await self._is_ready():
            assert time.monotonic() < deadline, self.log.read_text()[-4000:]
            assert self._process.poll() is None, self.log.read_text()[-4000:]
            await asyncio.sleep(0.05)
        if self._shop is None:
            self._shop = await self.open_shop()

    async def attach(self) -> None:
        """Open what `request` and `db` need; by itself, for a server that somebody else has started at `base`."""
        if self._session is None:
            self._session = aiohttp.ClientSession()
            await self.db.__aenter__()

    def lines(self) -> list[dict[str, Any]]:
        """Read what the hub has logged."""
        # Not by `splitlines`: what clients send may have other ends of lines in it.
        return [
            json.loads(line)
            for line in self.log.read_text().rpartition("\n")[0].split("\n")
            if line[:1] == "{"
        ]

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
        """Send a request with an encoded path."""
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
            principal = Principal(account_id=account_id, account_name=name)
            await catalogs.create_catalog(
                tx, principal=principal, name="RHEO", code="RHEO", now=now
            )
            api_key = await accounts.create_api_key(
                tx, principal=principal, name="test", prefix=KEY_PREFIX, now=now
            )
        return Shop(self, principal=principal, api_key=api_key, user_id=self._users)

    async def open_selling_shop(self) -> Shop:
        """Open an account that is connected to the marketplace and hears every event.

        It alone is polled from now on: looked at every second, the shops of all tests before would keep the hub busy.
        """
        async with self.db.statement() as tx:
            await tx.run("update connections set poll_due_at = null where poll_due_at is not null")
        shop = await self.open_shop()
        await shop.connect()
        await shop.listen()
        return shop

    async def cli(self, *arguments: str, code: int = 0, without: Collection[str] = ()) -> Any:
        """Run a command of the hub with --json beside the running server, without some of its variables; return what it says.

        It must end with this exit code.
        """
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "saluhall",
            *arguments,
            "--json",
            env={name: text for name, text in self.env.items() if name not in without},
            stdout=subprocess.PIPE,
        )
        output, _ = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == code, output
        return json.loads(output)

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

    async def settle(self, *, timeout_s: float = 75, account_id: UUID | None = None) -> None:
        """Wait until nothing is due (polls aside), to one account or to all."""
        deadline = time.monotonic() + timeout_s
        while True:
            async with self.db.statement() as tx:
                found = await tx.one(
                    lambda row: row["pending"],
                    """
                    with a as (
                      select account_id from accounts where %(account_id)s::uuid is null or account_id = %(account_id)s)
                    select (select count(*) from images join a using (account_id) where due_at is not null)
                         + (select count(*) from products join a using (account_id) where enhance_due_at is not null)
                         + (select count(*) from listings join a using (account_id) where due_at is not null)
                         + (select count(*) from deliveries join a using (account_id)
                           where due_at < now() + interval '4 minutes') -- not what is tried again much later
                           as pending
                    """,
                    {"account_id": account_id},
                )
                due = await measure(tx, now=utc_now())
            if not found:
                return
            assert time.monotonic() < deadline, f"still due: {due}\n{self.log.read_text()[-4000:]}"
            await asyncio.sleep(0.05)


def free_port() -> int:
    """Find a port that nobody else gets: below those that the system gives away, and apart for each process."""
    for port in _ports:
        with socket.socket() as found, suppress(OSError):
            found.bind(("0.0.0.0", port))  # noqa: S104 - some servers listen at all addresses
            return port
    raise OSError("no port is free")


_SPAN = 1000
_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 4
_first_port = 12_000 + (os.getppid() % 5 * 4 + _worker) * _SPAN
_ports = itertools.cycle(range(_first_port, _first_port + _SPAN))
