"""The stage of the demo: a marketplace, a partner and the hub, each for real and each on a free port of this machine."""

import asyncio
import json
import os
import socket
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from saluhall.cli.demo.narrator import NotTrue
from saluhall.kit.http import NoResponse, Outbound, Response
from saluhall.practice.partner import Partner

T = TypeVar("T")
_TIMEOUT_S = 60.0
_LOOK_EVERY_S = 0.05
_STOP_S = 40.0
_LOG_LINES = 25
_ERROR = 400
_READY = 200
_SELLRAPIDO = "/sr_company_ws/api/v2"
_JSON = {"content-type": "application/json"}
# A child that ends when we end, even by kill -9.
_BOUND = (
    "from saluhall.kit.process_setup import die_with_parent; die_with_parent();"
    "from saluhall.cli import main; main()"
)


async def until(what: str, look: Callable[[], Awaitable[T | None]]) -> T:
    """Look again and again until there is something to see. Raises NotTrue."""
    deadline = time.monotonic() + _TIMEOUT_S
    while (found := await look()) is None:
        if time.monotonic() > deadline:
            raise NotTrue(f"{what}: nothing of it in {_TIMEOUT_S:.0f} s")
        await asyncio.sleep(_LOOK_EVERY_S)
    return found


class Stage:
    """What plays along. `clear` ends all of it."""

    def __init__(self, *, scratch: Path, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.partner = Partner(scratch)
        self.api_key = ""
        self._access = ""
        self.base = ""
        self._market = ""
        self._log = scratch / "serve.log"
        self._http = Outbound()
        self._env: dict[str, str] = {}
        self._hub: Process | None = None
        self._sandbox: Process | None = None

    async def start_market(self) -> str:
        """Start the practice marketplace; return its address."""
        env = {**os.environ, "SALUHALL_DIE_WITH_PARENT": "1"}
        command = (sys.executable, "-m", "saluhall.practice.tradera", "--port", "0")
        self._sandbox = await asyncio.create_subprocess_exec(
            *command, stdout=PIPE, stderr=DEVNULL, env=env, start_new_session=True
        )
        assert self._sandbox.stdout is not None  # noqa: S101 - it is a pipe
        self._market = json.loads(await self._sandbox.stdout.readline())["url"]
        return self._market

    async def start_hub(self, more: Mapping[str, str]) -> str:
        """Start `saluhall serve` and wait until it is ready; return its address."""
        port = _free_port()
        self.base = f"http://127.0.0.1:{port}"
        # What the operator has set for the real hub must not reach this one: above all not the database.
        clean = {k: v for k, v in os.environ.items() if not k.startswith("SALUHALL_")}
        self._env = {
            **clean,
            "SALUHALL_DATA_DIR": str(self.data_dir),
            "SALUHALL_PUBLIC_URL": self.base,
            "SALUHALL_TRADERA_URL": self._market,
            "SALUHALL_OUTBOUND_ALLOW": "127.0.0.0/8",
            "SALUHALL_OUTBOUND_CA_FILE": str(self.partner.ca_file),
            **more,
        }
        command = (sys.executable, "-c", _BOUND, "serve", "--port", str(port))
        with self._log.open("ab") as log:
            self._hub = await asyncio.create_subprocess_exec(
                *command, stdout=log, stderr=log, env=self._env, start_new_session=True
            )
        await until("the server is ready", self._is_ready)
        return self.base

    async def _is_ready(self) -> bool | None:
        if self._hub is None or self._hub.returncode is not None:
            raise NotTrue("the server ended at its start")
        try:
            answer = await self._http.call("GET", f"{self.base}/readyz", timeout_s=10)
        except (NoResponse, TimeoutError):
            return None
        return True if answer.status == _READY else None

    async def command(self, *arguments: str) -> dict[str, Any]:
        """Run the command line as an operator would; return its JSON object. Raises NotTrue."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "saluhall", *arguments, "--json"),
            stdout=PIPE,
            stderr=PIPE,
            env=self._env,
        )
        try:
            out, err = await process.communicate()
        finally:
            await process.wait()  # it holds on to the database: never leave it behind
        if process.returncode != 0:
            raise NotTrue(f"saluhall {' '.join(arguments[:2])}: {err.decode()[-500:]}")
        return dict(json.loads(out))

    async def item(
        self, method: str, external_id: str, part: str = "", body: object = None
    ) -> tuple[int, dict[str, Any]]:
        """Call the item API as the partner's system would; return status and answer."""
        url = f"{self.base}/integration/v1/items/{quote(external_id, safe='')}{part}"
        headers = {"x-api-key": self.api_key, "content-type": "application/json"}
        answer = await self._call(method, url, body, headers)
        return answer.status, dict(json.loads(answer.body))

    async def sign_in(self, username: str, password: str) -> None:
        """Sign in at Sellrapido's API."""
        url = f"{self.base}{_SELLRAPIDO}/auth/authorize"
        answer = await self._call("POST", url, {"username": username, "password": password}, _JSON)
        self._access = str(json.loads(answer.body)["access_token"]["token"])

    async def products(self, method: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
        """Add or change products by Sellrapido's API."""
        headers = {**_JSON, "authorization": f"Bearer {self._access}"}
        url = f"{self.base}{_SELLRAPIDO}/product"
        return dict(json.loads((await self._call(method, url, rows, headers)).body))

    async def stock_of(self, sku: str) -> int:
        """Read from an extraction of Sellrapido's API how many units there are. Raises NotTrue."""
        url = f"{self.base}{_SELLRAPIDO}/product?fields=sku,quantity"
        headers = {"authorization": f"Bearer {self._access}"}
        for line in (await self._call("GET", url, None, headers)).body.decode().splitlines():
            if line.startswith(f"{sku}|"):
                return int(line.partition("|")[2])
        raise NotTrue(f"{sku} is not in the extraction")

    async def get(self, path: str) -> Response:
        """Get something of the hub's own."""
        return await self._call("GET", self.base + path, None, {})

    async def calls_left(self) -> int:
        """Read from the metrics how many calls the marketplace still takes. Raises NotTrue."""
        for line in (await self.get("/metrics")).body.decode().splitlines():
            if line.startswith("saluhall_channel_calls_left{"):
                return int(float(line.rpartition(" ")[2]))
        raise NotTrue("/metrics does not show the calls left")

    async def market(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        """Turn a knob of the marketplace. Raises NotTrue."""
        answer = await self._call(method, f"{self._market}/sandbox{path}", body, {})
        if answer.status >= _ERROR:
            raise NotTrue(f"the marketplace answered {answer.status}: {answer.body.decode()}")
        return json.loads(answer.body)

    async def _call(
        self, method: str, url: str, body: object, headers: Mapping[str, str]
    ) -> Response:
        raw = None if body is None else json.dumps(body).encode()
        return await self._http.call(method, url, body=raw, headers=headers, timeout_s=30)

    async def stop_hub(self) -> int:
        """Ask the server to stop; return its exit code."""
        hub, self._hub = self._hub, None
        return await _stop(hub) if hub is not None else 0

    async def clear(self) -> None:
        """End everything, in an order in which nobody misses anybody."""
        await self.stop_hub()
        if self._sandbox is not None:
            await _stop(self._sandbox)
        await self.partner.stop()
        await self._http.close()

    def log_tail(self) -> str:
        """Read the end of the server's log."""
        if not self._log.exists():
            return ""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-_LOG_LINES:])


async def _stop(process: Process) -> int:
    if process.returncode is None:
        process.terminate()
    try:
        async with asyncio.timeout(_STOP_S):
            return await process.wait()
    except TimeoutError:
        process.kill()
        return await process.wait()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
