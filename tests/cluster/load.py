"""Integrators that write without a pause, come back, go to the other machine when one is away, and record every response."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from itertools import count
from typing import Self

import aiohttp
from msgspec import Struct

_PAUSE_S = 0.15
_TIMEOUT_S = 15.0
_ACCEPTED = 202


class Item(Struct):
    """What was accepted of an item: the price, and the price that is being asked for without an answer yet."""

    price: int
    asked: int


class Load:
    """`writers` integrators of one account; `items` is what was accepted, `acknowledged` when (monotonic).

    `name` makes the items its own.
    """

    def __init__(
        self, bases: Sequence[str], *, api_key: str, image: str, writers: int, name: str
    ) -> None:
        self.items: dict[str, Item] = {}
        self.acknowledged: list[float] = []
        self.slowest_s = 0.0
        self.answers: Counter[str] = Counter()
        self.wrong: list[str] = []
        self._prefix = name.split(maxsplit=1)[0][0] + str(int(time.time()))[-5:]
        self._bases, self._image, self._writers = bases, image, writers
        self._headers = {"x-api-key": api_key}
        self._stopping = asyncio.Event()
        self._numbers = count()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_TIMEOUT_S))
        self._tasks = [asyncio.create_task(self._write(n)) for n in range(self._writers)]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stopping.set()
        await asyncio.gather(*self._tasks)
        await self._session.close()

    async def _write(self, turn: int) -> None:
        """Put an item that is to be listed; change the price of an earlier one; again."""
        mine: list[str] = []
        while not self._stopping.is_set():
            number = next(self._numbers)
            sku, price = f"{self._prefix}-{number}", 100 + number % 100
            body = {
                "title": f"Part {sku}",
                "price": price,
                "shippingCost": 49,
                "autoPublishTradera": True,
                "imageUrls": [self._image],
            }
            self.items[sku] = Item(price=0, asked=price)
            await self._until_accepted("PUT", sku, body, turn)
            self.items[sku].price = price
            mine.append(sku)
            earlier = mine[len(mine) // 2]
            self.items[earlier].asked = price + 1000
            await self._until_accepted("PATCH", earlier, {"price": price + 1000}, turn)
            self.items[earlier].price = price + 1000
            await asyncio.sleep(_PAUSE_S)

    async def _until_accepted(
        self, method: str, sku: str, body: dict[str, object], turn: int
    ) -> None:
        """Send the same again until it is accepted, as a careful client does."""
        path = f"/integration/v1/items/{sku}" + ("/price" if method == "PATCH" else "")
        for attempt in count(turn):
            started = time.monotonic()
            try:
                async with self._session.request(
                    method,
                    self._bases[attempt % len(self._bases)] + path,
                    json=body,
                    headers=self._headers,
                ) as answer:
                    text = await answer.text()
                    status, wait = answer.status, answer.headers.get("retry-after")
            except (aiohttp.ClientError, TimeoutError) as error:
                self.answers[type(error).__name__] += 1
                await asyncio.sleep(0.1)
                continue
            self.slowest_s = max(self.slowest_s, time.monotonic() - started)
            self.answers[str(status)] += 1
            if status == _ACCEPTED:
                self.acknowledged.append(time.monotonic())
                return
            if status != 503 or wait is None:
                self.wrong.append(f"{method} {path}: {status} (Retry-After {wait}) {text[:200]}")
            # Sooner than asked for: it is the test that wants to know when it continues.
            await asyncio.sleep(0.1)

    def first_after(self, instant: float) -> float:
        """Return how many seconds after an instant (monotonic) the first write was acknowledged; infinity when none was."""
        return min((at - instant for at in self.acknowledged if at > instant), default=float("inf"))
