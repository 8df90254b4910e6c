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
    "fieldConstraints": None, "product_id": 2054, "catalog_id": 14, "catalog_code": "CUSTOM",
    "catalog_name": "parts", "sku": "284", "sku_noprefix": None, "brand": "Fiat", "mpn": "x",
    "catalog_category1": "PARTS", "catalog_category2": "CAPS", "price1": 3.0, "price_shipping1": 1.0,
    "url_image1": "https://images.example.com/18886479-1.jpg", "on_demand": False,
    **{f"extra{n}": "" for n in range(1, 10)}, **{f"price{n}": 0.0 for n in range(2, 7)},
    **{f"price_shipping{n}": 0.0 for n in range(2, 7)}, "variations": [], "compatibility": {},
    "attributes": {}, "quantity": 10.0, "is_sro": True, "title": "7579570 cap", "delivery_days": 1,
}  # fmt: skip
_FILL = """
  with h as (
    insert into order_heads (account_id, remote_id, code, code_number, marketplace_code, channel_code,
                             courier_code, shipping_code, payment_code, date_order, buyer_user_id,
                             shipping_price, marketplace_fee, buyer_name, buyer_address1, buyer_zip,
                             buyer_city, buyer_country, buyer_phone, currency, price, status, status_old,
                             date_payment, tracking, tags, marketplace_country, created, modified)
    select %(account_id)s, n::text, '11-' || n, n, 'Tradera', 'Sweden', 'GLS', 'Standard parcel', 'Card',
           now() - n * interval '1 minute', 'buyer' || n, 5.0, 2.45, 'Anna Andersson', 'Storgatan 45',
           '41101', 'Göteborg', 'SWE', '031123456', 'SEK', 9.5, 'accepted', 'standby', now(), '',
           'menu-tags2;', 'SWE', now(), now()
      from generate_series(1, %(count)s) n
    returning account_id, id
  )
  insert into order_rows (account_id, order_id, transaction_id, product_id, sku, brand, title, quantity,
                          stock_unloaded, price, price_total, price_cost, vat_perc, product_info,
                          created, modified)
  select account_id, id, id::text, '197139218223', '14_284', 'Fiat', 'Fiat 7579570 cap Panda', 1, 1, 4.5,
         4.5, 3.0, 25.0, %(product)s::json, now(), now()
    from h
"""


async def fill(url: str, owner: str, *, count: int) -> None:
    """Give an account this many orders of one row each."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        product = json.dumps(_PRODUCT, separators=(",", ":"))
        await connection.execute(_FILL, {"account_id": owner, "count": count, "product": product})
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

    async def download(self, path: str) -> tuple[float, int]:
        """GET a path and throw the body away; return the seconds and the bytes."""
        return await asyncio.to_thread(self._download, path)

    async def post(self, path: str, body: bytes) -> tuple[float, bytes]:
        """POST a body; return the seconds and the answer."""
        started = time.perf_counter()
        answer = await asyncio.to_thread(self._read, "POST", path, body)
        return time.perf_counter() - started, answer

    def _download(self, path: str) -> tuple[float, int]:
        started, size = time.perf_counter(), 0
        with self._asked("GET", path, b"") as connection:
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
    def _asked(self, method: str, path: str, body: bytes) -> Iterator[socket.socket]:
        head = (
            f"{method} {_BASE}{path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n"
            f"Authorization: Bearer {self._token}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", self._port), timeout=120) as connection:
            connection.sendall(head.encode() + body)
            yield connection
