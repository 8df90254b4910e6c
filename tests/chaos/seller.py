"""A seller whose client sends each write until it is answered, and the writes of one item one after the other."""

import asyncio
import json
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
from msgspec import Struct, field

from tests.chaos.ledger import Ledger
from tests.chaos.moves import ChangePrice, Delete, Put, PutBatch, Restock, SetStatus, Write, name_of
from tests.chaos.receiver import IMAGES
from tests.shop import Shop

_PAUSE_S = 0.3
_TIMEOUT_S = 60.0
_TRY_AGAIN = {429, 503}
_BROKEN = 500


class Answers(Struct, kw_only=True):
    """What clients were answered, and when a write was accepted."""

    statuses: Counter[str] = field(default_factory=Counter)
    odd: list[str] = field(default_factory=list)
    accepted_at: list[float] = field(default_factory=list)

    def longest_pause_s(self) -> float:
        """Tell how long at most no write was accepted."""
        pairs = zip(self.accepted_at, self.accepted_at[1:], strict=False)
        return max((later - earlier for earlier, later in pairs), default=0)


class Seller:
    """One account, its clients for both partner APIs, and the ledger of what they were promised."""

    def __init__(
        self,
        number: int,
        shop: Shop,
        *,
        legacy_key: str,
        catalog: int,
        ledger: Ledger,
        answers: Answers,
    ) -> None:
        self.number = number
        self.shop = shop
        self._legacy_key = legacy_key
        self._catalog = catalog
        self._ledger = ledger
        self._answers = answers
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def write(self, move: Write) -> None:
        """Make a write and note what was promised."""
        skus = [put.sku for put in move.puts] if isinstance(move, PutBatch) else [move.sku]
        begun = self._ledger.begin(f"{name_of(move)} of {', '.join(skus)}")
        async with AsyncExitStack() as stack:
            for sku in sorted(skus):
                await stack.enter_async_context(self._locks[sku])
            for sku in skus:
                self._ledger.trace((self.number, sku), f"{move} is sent")
            try:
                await self._make(move)
            finally:
                self._ledger.answer(begun)
            for sku in skus:
                self._ledger.trace((self.number, sku), f"{name_of(move)} is answered")

    async def _make(self, move: Write) -> None:
        match move:
            case Put():
                await self._put(move)
            case PutBatch(puts=puts):
                await self._put_batch(puts)
            case ChangePrice():
                await self._change_price(move)
            case SetStatus(sku=sku, status=status):
                await self._send("PATCH", f"{self.shop.path(sku)}/status", {"status": status})
                self._ledger.want((self.number, sku), status)
            case Delete(sku=sku):
                await self._send("DELETE", self.shop.path(sku), gone_is_fine=True)
                self._ledger.want((self.number, sku), "deleted")
            case Restock(sku=sku):
                await self._restock(sku)

    async def _put(self, put: Put) -> None:
        answer = await self._send("PUT", self.shop.path(put.sku), self._body(put))
        self._promise(put, str(answer["itemId"]))

    async def _put_batch(self, puts: Sequence[Put]) -> None:
        items = [{"externalId": put.sku, **self._body(put)} for put in puts]
        answer = await self._send("POST", "/integration/v1/items/batch", {"items": items})
        if answer["errors"]:
            self._answers.odd.append(f"batch: {answer['errors']}")
        for put in puts:
            shown = await self.show(put.sku)  # a batch does not tell the ids
            self._promise(put, str(shown["rheoItemId"]) if shown else "lost")

    def _body(self, put: Put) -> dict[str, Any]:
        body: dict[str, Any] = {
            "title": put.title,
            "price": put.price,
            "shippingCost": 49,
            "autoPublishTradera": True,
        }
        if put.images:
            body["imageUrls"] = [self.shop.hub.partner.url + path for path in IMAGES[: put.images]]
        return body

    def _promise(self, put: Put, item_id: str) -> None:
        self._ledger.put(
            (self.number, put.sku),
            item_id=item_id,
            title=put.title,
            price=put.price,
            images=put.images,
        )

    async def _change_price(self, move: ChangePrice) -> None:
        if move.dialect == "rheo":
            path = f"{self.shop.path(move.sku)}/price"
            await self._send("PATCH", path, {"price": move.price})
        else:
            await self._change_row(move.sku, price1=move.price)
        self._ledger.price((self.number, move.sku), move.price)

    async def _restock(self, sku: str) -> None:
        shown = await self.show(sku)
        if shown is not None and shown["rheoStatus"] == "sold":
            await self._change_row(sku, quantity=1)
            self._ledger.restock((self.number, sku))

    async def _change_row(self, sku: str, **change: int) -> None:
        row = {"catalog": self._catalog, "sku": sku, **change}
        path = f"/sr_company_ws/api/product/{self._legacy_key}"
        answer = await self._send("PATCH", path, [row])
        if answer["errors"]:
            self._answers.odd.append(f"PATCH {row}: {answer['errors']}")

    async def show(self, sku: str) -> dict[str, Any] | None:
        """Read an item; None when there is none."""
        answer = await self._send("GET", self.shop.path(sku), gone_is_fine=True)
        return None if answer is None else dict(answer)

    async def feed(self) -> list[dict[str, Any]]:
        """Read all events."""
        events: list[dict[str, Any]] = []
        path = "/integration/events?limit=1000"
        after = ""
        while True:
            page = await self._send("GET", path + after)
            if not page["events"]:
                return events
            events += page["events"]
            after = f"&after={page['nextCursor']}"

    async def order_codes(self) -> list[str]:
        """List the marketplace's ids of the orders that the hub has."""
        answer = await self._send("GET", self._export("order", "%7B%22limit%22%3A-1%7D"))
        return [str(order["head"]["code"]) for order in answer["orders"]]

    async def stock(self) -> list[tuple[str, int]]:
        """List the quantity of each product."""
        wanted = "%7B%22fields%22%3A%5B%22sku%22%2C%22quantity%22%5D%7D"
        text = await self._send("GET", self._export("product", wanted))
        rows = (line.split("|") for line in str(text).splitlines()[1:])
        return [(sku, int(quantity)) for sku, quantity in rows]

    def _export(self, what: str, body: str) -> str:
        return f"/sr_company_ws/api/export/{what}/{self._legacy_key}?body={body}"

    async def _send(
        self, method: str, path: str, body: object = None, *, gone_is_fine: bool = False
    ) -> Any:
        """Send a request until it is answered; None for a 404 that is fine."""
        while True:
            status, answer = await self._try(method, path, body)
            if status is not None and status < _BROKEN and status not in _TRY_AGAIN:
                break
            await asyncio.sleep(_PAUSE_S)
        if status == 404 and gone_is_fine:
            return None
        if status not in {200, 202}:
            raise Refused(f"{method} {path} with {body}: {status} {answer}")
        if method != "GET":
            self._answers.accepted_at.append(time.monotonic())
        return answer

    async def _try(self, method: str, path: str, body: object) -> tuple[int | None, Any]:
        headers = {"x-api-key": self.shop.api_key, "content-type": "application/json"}
        raw = b"" if body is None else json.dumps(body).encode()
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                status, found, answer = await self.shop.hub.request(
                    method, path, headers=headers, body=raw
                )
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            self._answers.statuses[f"none ({type(error).__name__})"] += 1
            return None, None
        self._answers.statuses[str(status)] += 1
        if status >= _BROKEN and status not in _TRY_AGAIN:
            self._answers.odd.append(f"{method} {path}: {status} {answer[:120]!r}")
        is_json = found.get("content-type", "").startswith("application/json")
        return status, json.loads(answer) if is_json and answer else answer.decode()


class Refused(Exception):
    """A write that must be accepted was refused."""
