"""Orders to measure with, and a Sellrapido client that reads and changes them over HTTP."""

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from bench.seller import Seller

PASSWORD = "a good password"  # as `open_account` sets it
_BASE = "/sr_company_ws/api/v2"
_HEADER_END = b"\r\n\r\n"
_PRODUCT: dict[str, object] = {
    "number": 2054, "catalog_number": 14, "catalog_code": "CUSTOM", "catalog_name": "parts", "sku": "284", "ean": "",
    "isbn": "", "brand": "Fiat", "mpn": "x", "category1": "PARTS", "category2": "CAPS", "category3": "", "price": 3.0,
    "shipping_cost": 1.0, "vat_percent": 25.0, "cost": 0.0, "condition_text": "",
    "image_url": "https://images.example.com/18886479-1.jpg", "extras": {},
    "quantity": 10, "title": "7579570 cap", "delivery_days": 1,
}  # fmt: skip
_FILL = """
  with o as (
    insert into orders (account_id, external_id, number, channel, site, carrier, shipping_method, payment_method, placed_at,
                        buyer_id, shipping_price, fee, billing_name, billing_line1, billing_zip, billing_city,
                        billing_country, billing_phone, currency, total, status, previous_status, paid_at, tags,
                        site_country, created_at, changed_at)
    select %(account_id)s, n::text, '11-' || n, 'Tradera', 'Sweden', 'GLS', 'Standard parcel', 'Card',
           now() - n * interval '1 minute', 'buyer' || n, 5.0, 2.45, 'Anna Andersson', 'Storgatan 45',
           '41101', 'Göteborg', 'SWE', '031123456', 'SEK', 9.5, 'paid', 'pending', now(), array['menu-tags2'],
           'SWE', now(), now()
      from generate_series(1, %(count)s) n
    returning account_id, id
  )
  insert into order_lines (account_id, order_id, external_id, listing_external_id, catalog_number, sku, brand, title,
                           quantity, units_taken, unit_price, total, cost, tax_percent, product, created_at, changed_at)
  select account_id, id, id::text, '197139218223', 14, '284', 'Fiat', 'Fiat 7579570 cap Panda', 1, 1, 4.5,
         4.5, 3.0, 25.0, %(product)s::jsonb, now(), now()
    from o
"""


async def fill(url: str, account_id: str, *, count: int) -> None:
    """Give an account this many orders of one row each."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        product = json.dumps(_PRODUCT, separators=(",", ":"))
        await connection.execute(
            _FILL, {"account_id": account_id, "count": count, "product": product}
        )
        await connection.execute("vacuum analyze")


class Client:
    """Signed in at a hub; each call is a connection of its own, read in a thread at little cost."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._token = ""

    async def sign_in(self, seller: Seller) -> None:
        credentials = json.dumps({"username": seller.name, "password": PASSWORD}).encode()
        answer = await asyncio.to_thread(self._read, "POST", "/auth/authorize", credentials)
        self._token = json.loads(answer)["access_token"]["token"]

    async def download(self, path: str, *, accept_encoding: str = "identity") -> tuple[float, int]:
        """GET a path and throw the body away; return the seconds and the bytes."""
        return await asyncio.to_thread(self._download, path, accept_encoding)

    async def post(self, path: str, body: bytes) -> tuple[float, bytes]:
        """POST a body; return the seconds and the answer."""
        started = time.perf_counter()
        answer = await asyncio.to_thread(self._read, "POST", path, body)
        return time.perf_counter() - started, answer

    def _download(self, path: str, accept_encoding: str) -> tuple[float, int]:
        started, size = time.perf_counter(), 0
        with self._asked("GET", path, b"", accept_encoding) as connection:
            block = memoryview(bytearray(1 << 20))
            while count := connection.recv_into(block):
                size += count
        return time.perf_counter() - started, size

    def _read(self, method: str, path: str, body: bytes) -> bytes:
        with self._asked(method, path, body) as connection:
            answer = b"".join(iter(lambda: connection.recv(1 << 16), b""))
        head, _, content = answer.partition(_HEADER_END)
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(answer[:2000].decode(errors="replace"))
        return content

    @contextmanager
    def _asked(
        self, method: str, path: str, body: bytes, accept_encoding: str = "identity"
    ) -> Iterator[socket.socket]:
        head = (
            f"{method} {_BASE}{path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n"
            f"Authorization: Bearer {self._token}\r\nContent-Type: application/json\r\n"
            f"Accept-Encoding: {accept_encoding}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", self._port), timeout=120) as connection:
            connection.sendall(head.encode() + body)
            yield connection
