"""A client of the Sellrapido dialect on one keep-alive connection, cheap enough to run beside what it measures."""

import asyncio

import msgspec

from bench.seller import Seller

PASSWORD = "a good password"
_BASE = "/sr_company_ws/api/v2"
_BLOCK = 1 << 20


class PartnerClient:
    """Sends the access token it signed in with."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.access = ""

    async def send(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        """Send a request and read its answer whole."""
        status, length = await self._ask(method, path, body)
        if length is None:
            raise RuntimeError(f"{method} {path}: the answer is a stream")
        return status, await self._reader.readexactly(length)

    async def _ask(self, method: str, path: str, body: bytes) -> tuple[int, int | None]:
        token = f"Authorization: Bearer {self.access}\r\n" if self.access else ""
        head = (
            f"{method} {_BASE}{path} HTTP/1.1\r\nHost: bench\r\n{token}"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self._writer.write(head.encode() + body)
        lines = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
        length = headers.get("content-length")
        return int(lines[0].split()[1]), None if length is None else int(length)


async def sign_in(port: int, seller: Seller) -> PartnerClient:
    """Connect and sign in as the seller's first user."""
    client = PartnerClient(*await asyncio.open_connection("127.0.0.1", port, limit=_BLOCK))
    credentials = {"username": seller.name, "password": PASSWORD}
    status, answer = await client.send("POST", "/auth/authorize", msgspec.json.encode(credentials))
    if status != 200:
        raise RuntimeError(f"signing in: {status}")
    client.access = msgspec.json.decode(answer)["access_token"]["token"]
    return client
