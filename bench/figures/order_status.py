"""order-status-1000-s: the status of 1000 orders changed in one call over HTTP."""

import json

import psycopg

from bench.figure import Figure, Result, middle, spread
from bench.figures.order_book import Client, fill
from bench.seller import open_account
from bench.stage import Stage

TARGET_S = 1.0
ROUNDS = 5
ORDERS = 1000
_IDS = "select id from orders where account_id = %s order by id"


async def measure(stage: Stage) -> list[Result]:
    """Send 1000 orders, set them back, and again; each change counts."""
    url = await stage.database()
    seller = await open_account(stage, SALUHALL_DATABASE_URL=url)
    await fill(url, seller.account_id, count=ORDERS)
    async with await psycopg.AsyncConnection.connect(url) as connection:
        found = await connection.execute(_IDS, (seller.account_id,))
        ids = [row[0] for row in await found.fetchall()]
    times = []
    async with stage.server(stage.settings(SALUHALL_DATABASE_URL=url)) as (_, port):
        client = Client(port)
        await client.sign_in(seller)
        for number in range(ROUNDS):
            body = _changes(ids, "accepted" if number % 2 else "sent", number)
            seconds, answer = await client.post("/order/status", body)
            if not answer.rstrip().endswith(b"[]"):
                raise RuntimeError(answer[:2000].decode())
            times.append(seconds)
    return [
        Result(
            figure="order-status-1000-s",
            ours=middle(times),
            reference=TARGET_S,
            ratio=middle(times) / TARGET_S,
            unit="s",
            target=TARGET_S,
            lower_is_better=True,
            note=spread(times),
        )
    ]


def _changes(ids: list[int], status: str, number: int) -> bytes:
    return json.dumps(
        [
            {
                "id": order_id,
                "status": status,
                "tracking": f"LT{order_id}-{number}",
                "courier_code": "GLS",
                "payment_date": "2020-10-20T02:30:00.000",
                "shipping_note": None,
            }
            for order_id in ids
        ]
    ).encode()


FIGURE = Figure(name="order-status-1000-s", measure=measure)
