"""item-batch: a batch of 500 new items over HTTP against COPY of the same rows into the same table, alternating."""

import time
from typing import Any

import aiohttp
import msgspec
import psycopg

from bench.bare_copy import copy_again
from bench.figure import Figure, Result, rate_beside
from bench.seller import Seller, open_account
from bench.stage import Stage

TARGET = 0.25
ROUNDS = 5
ROWS = 500


async def measure(stage: Stage) -> list[Result]:
    """Post batches of new items, each followed by its bare twin."""
    url = await stage.database()
    seller = await open_account(stage, SALUHALL_DATABASE_URL=url)
    posts, copies = list[float](), list[float]()
    async with (
        stage.server(stage.settings(SALUHALL_DATABASE_URL=url)) as (_, port),
        await psycopg.AsyncConnection.connect(url, autocommit=True) as connection,
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session,
    ):
        for number in range(-6, ROUNDS):
            prefix = f"R{number}-"
            post = await _post(session, seller, _items(prefix))
            copy = await copy_again(connection, seller.account_id, prefix, rows=ROWS)
            if number < 0:
                await connection.execute("vacuum analyze")
                continue
            posts.append(post)
            copies.append(copy)
            print(f"  {post * 1000:.1f} ms, COPY {copy * 1000:.1f} ms", flush=True)
    return [
        rate_beside(
            "item-batch", posts, copies, rows=ROWS, target=TARGET, what="COPY of the same rows"
        )
    ]


def _items(prefix: str) -> bytes:
    items = [
        {
            "externalId": f"{prefix}{n:05d}",
            "title": f"Volvo V70 headlight left {n}",
            "description": "Used, tested, ready to fit. " * 4,
            "price": 950.5 + n,
            "shippingCost": 149,
            "weightKg": 3.2,
            "currency": "SEK",
            "imageUrls": [],
            "domain": {
                "domain": "auto_parts",
                "vehicle": {"manufacturer": "Volvo", "model": "V70", "year": 2011},
                "part": {"name": "Headlight", "oemNumber": f"31420118-{n}"},
                "conditionGrade": "B",
            },
            "metadata": {"bin": "A-17", "erp": str(n)},
        }
        for n in range(ROWS)
    ]
    return msgspec.json.encode({"items": items})


async def _post(session: aiohttp.ClientSession, seller: Seller, body: bytes) -> float:
    headers = {"x-api-key": seller.api_key, "content-type": "application/json"}
    began = time.perf_counter()
    async with session.post("/integration/v1/items/batch", data=body, headers=headers) as answer:
        output: dict[str, Any] = msgspec.json.decode(await answer.read())
    seconds = time.perf_counter() - began
    if answer.status != 202 or output.get("accepted") != ROWS:
        raise RuntimeError(f"{answer.status}: {output}")
    return seconds


FIGURE = Figure(name="item-batch", measure=measure)
