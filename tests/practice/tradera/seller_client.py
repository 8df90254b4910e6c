"""What a seller and a tester say to the sandbox."""

import base64
import io
import json
import struct
import zlib
from dataclasses import dataclass, field
from typing import Any

import aiohttp

SELLER = {"userId": 300124, "token": "token-of-the-seller"}
HEADERS = {
    "X-App-Id": "5458",
    "X-App-Key": "key",
    "X-User-Id": "300124",
    "X-User-Token": "token-of-the-seller",
}


def auction(**changes: Any) -> dict[str, Any]:
    return {
        "title": "Volvo XC90 bromsok fram vänster",
        "description": "Begagnad, testad",
        "categoryId": 8290,
        "itemType": 1,
        "duration": 7,
        "startPrice": 950,
        "acceptedBidderId": 1,
        "shippingOptions": [{"cost": 149, "shippingProviderId": 1, "shippingProductId": 3}],
        "paymentOptionIds": [4096],
        "ownReferences": ["lst_1"],
    } | changes


def fixed(**changes: Any) -> dict[str, Any]:
    return auction(itemType=3, startPrice=0, buyItNowPrice=500) | changes


def png() -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + checksum

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")
    )


def image(data: bytes) -> dict[str, Any]:
    return {"imageData": base64.b64encode(data).decode(), "imageFormat": 2, "hasMega": True}


@dataclass
class Answer:
    status: int
    content: Any


@dataclass
class SellerClient:
    """The marketplace as a seller's system and a tester reach it."""

    http: aiohttp.ClientSession
    url: str
    headers: dict[str, str] = field(default_factory=lambda: dict(HEADERS))

    async def call(self, method: str, path: str, body: Any = None) -> Answer:
        async with self.http.request(
            method, self.url + path, data=self._data(body), headers=self.headers
        ) as response:
            text = await response.text()
            is_json = response.content_type == "application/json"
            return Answer(response.status, await response.json() if is_json else text)

    def _data(self, body: Any) -> io.BytesIO | None:
        return None if body is None else io.BytesIO(json.dumps(body).encode())

    async def good(self, method: str, path: str, body: Any = None) -> Any:
        answer = await self.call(method, path, body)
        assert answer.status == 200, (method, path, answer)
        return answer.content

    async def list(self, body: dict[str, Any]) -> int:
        queued = await self.good("POST", "/v4/listings/items", body | {"autoCommit": True})
        return int(queued["itemId"])

    async def item(self, item_id: int) -> Any:
        return await self.good("GET", f"/v4/listings/items/{item_id}")

    async def result(self, request_id: int) -> int | None:
        path = f"/v4/listings/request-results?requestIds={request_id}"
        found = await self.good("GET", path)
        return int(found[0]["resultCode"]) if found else None

    async def bid(self, item_id: int, amount: int, bidder: str) -> Any:
        body = {"amount": amount, "bidder": bidder}
        return await self.good("POST", f"/sandbox/items/{item_id}/bids", body)

    async def later(self, *, days: float) -> None:
        await self.good("POST", "/sandbox/clock", {"advance_s": days * 86_400})
