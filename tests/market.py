"""The practice marketplace as a process, and its knobs."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

import aiohttp


class Market:
    """The practice marketplace as a process, and its knobs."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "saluhall.practice.tradera", "--port", "0"],
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
        """The items with one of these titles (journeys give each item its own title)."""
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
        """The calls with a path that fits this glob."""
        return [
            call
            for call in await self.calls()
            if method in {"*", call["method"]} and fnmatchcase(call["path"], path)
        ]

    async def seller(self, user_id: int, token: str, expires: str | None = None) -> None:
        body = {"userId": user_id, "token": token, **({"expires": expires} if expires else {})}
        await self.control("POST", "/sellers", body)
