"""bulk-post, bulk-patch: 1000 products over HTTP against bare SQL that does the same on the same table, alternating."""

import time
from collections.abc import Sequence
from typing import Any

import msgspec
import psycopg

from bench.bare_copy import copy_again
from bench.figure import Figure, Result, rate_beside
from bench.partner_client import PartnerClient, sign_in
from bench.seller import open_account
from bench.stage import Stage

TARGET = 0.40
ROUNDS = 9
ROWS = 1000
_SEEN = """
  create temp table seen as
  select p.catalog_id, p.sku, p.price + 1 as price, p.quantity + 1 as quantity
    from products p where p.account_id = %s and p.sku like %s
"""
_BARE_UPDATE = """
  update products p set price = t.price, quantity = t.quantity
    from seen t where p.account_id = %s and p.catalog_id = t.catalog_id and p.sku = t.sku
"""


async def measure(stage: Stage) -> list[Result]:
    """POST new products and PATCH their prices and quantities, each round followed by its bare twin."""
    url = await stage.database()
    seller = await open_account(stage, SALUHALL_DATABASE_URL=url)
    posts, copies, patches, updates = list[float](), list[float](), list[float](), list[float]()
    async with (
        stage.server(stage.settings(SALUHALL_DATABASE_URL=url)) as (_, port),
        await psycopg.AsyncConnection.connect(url, autocommit=True) as connection,
    ):
        client = await sign_in(port, seller)
        catalog = await catalog_of(connection, seller.account_id)
        for number in range(-2, ROUNDS):
            prefix = f"R{number}-"
            skus = [f"{prefix}{n:05d}" for n in range(ROWS)]
            times = [
                await timed(client, "POST", new_products(catalog, prefix)),
                await copy_again(connection, seller.account_id, prefix, rows=ROWS),
                await timed(client, "PATCH", changes_of(catalog, skus, number)),
                await _update(connection, seller.account_id, prefix),
            ]
            if number < 0:
                await connection.execute("vacuum analyze")
                continue
            for kept, seconds in zip((posts, copies, patches, updates), times, strict=True):
                kept.append(seconds)
            print("  " + ", ".join(f"{seconds * 1000:.1f} ms" for seconds in times), flush=True)
    return [
        rate_beside(
            "bulk-post", posts, copies, rows=ROWS, target=TARGET, what="COPY of the same rows"
        ),
        rate_beside(
            "bulk-patch",
            patches,
            updates,
            rows=ROWS,
            target=TARGET,
            what="UPDATE ... FROM a filled table",
        ),
    ]


def new_products(catalog: int, prefix: str) -> bytes:
    """Write the body of so many new products."""
    rows = [
        {
            "catalog": catalog,
            "sku": f"{prefix}{n:05d}",
            "title": f"Volvo V70 headlight left {n}",
            "description": "Used, tested, ready to fit. " * 4,
            "price1": 17.1 + n,
            "quantity": 5,
            "brand": "Volvo",
            "ean": f"73{n:011d}",
            "mpn": f"31420118-{n}",
            "price_shipping1": 4.9,
            "vat_perc": 25,
            "catalog_category1": "Car parts > Lights",
            "delivery_days": 3,
        }
        for n in range(ROWS)
    ]
    return msgspec.json.encode(rows)


def changes_of(catalog: int, skus: Sequence[str], number: int) -> bytes:
    """Write the body that changes prices and quantities; another number makes other prices."""
    rows = [
        {"catalog": catalog, "sku": sku, "price1": 20.5 + number + n, "quantity": 4}
        for n, sku in enumerate(skus)
    ]
    return msgspec.json.encode(rows)


async def timed(client: PartnerClient, method: str, body: bytes) -> float:
    """Send products; return the seconds. Raises RuntimeError when not all were stored."""
    began = time.perf_counter()
    status, answer = await client.send(method, "/product", body)
    seconds = time.perf_counter() - began
    output: dict[str, Any] = msgspec.json.decode(answer)
    stored = output.get("created_items") or output.get("updated_items") or ()
    if status != 200 or len(stored) != ROWS:
        raise RuntimeError(f"{method}: {status}, {len(stored)} of {ROWS} stored")
    return seconds


async def catalog_of(connection: psycopg.AsyncConnection[Any], account_id: str) -> int:
    """Find the number of an account's catalog."""
    cursor = await connection.execute(
        "select number from catalogs where account_id = %s", [account_id]
    )
    row = await cursor.fetchone()
    if row is None:
        raise RuntimeError("the account has no catalog")
    return int(row[0])


async def _update(connection: psycopg.AsyncConnection[Any], account_id: str, prefix: str) -> float:
    """Change price and quantity of the copied rows, which nobody else has touched."""
    await connection.execute("drop table if exists seen")
    await connection.execute(
        _SEEN.replace("%s and", "%s::uuid and"), [account_id, f"copy-{prefix}%"], prepare=False
    )
    await connection.execute("analyze seen")
    began = time.perf_counter()
    touched = (await connection.execute(_BARE_UPDATE, [account_id])).rowcount
    seconds = time.perf_counter() - began
    if touched != ROWS:
        raise RuntimeError(f"only {touched} of {ROWS} were changed")
    return seconds


FIGURE = Figure(name="bulk-post", measure=measure, also=("bulk-patch",))
