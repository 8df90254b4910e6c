"""neighbour-p95-s: how long an account waits for its webhooks and images while others have slow endpoints and dead image hosts."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import msgspec
import psycopg
import pyvips

from bench.figure import Figure, Result, percentile
from bench.load import Order, send
from bench.receiver import Receiver
from bench.seller import Seller, open_account
from bench.stage import Stage

TARGET = 3.0
ENDPOINTS, EVENTS = 49, 3000  # of one account: each event goes to each endpoint
ACCOUNTS, IMAGES = 16, 40  # with a dead image host each
_PER_ITEM = 10
PUTS, PAUSE_S = 60, 0.5
_SETTLE_S = 5.0  # until what is slow has taken all that it gets
_TIMEOUT_S = 60.0
_WEBHOOK, _IMAGE = "item.created", "item.images_ready"
_SLOW_ENDPOINTS = """
  insert into endpoints (account_id, id, dialect, url, secret, event_types, created_at, updated_at)
  select account_id, new_ulid(), dialect, %(url)s || '/slow/' || n, secret, '{product.created,images.ready}', now(), now()
    from endpoints, generate_series(1, %(count)s) n
   where account_id = %(account)s and main
"""
_ALL_EVENTS = "update endpoints set event_types = '{product.created,images.ready}' where account_id = %(account)s"
_NO_MAIN = "delete from endpoints where account_id = %(account)s and main"
_DUE = """
  with e as (
    insert into events (account_id, id, type, at, product_id, sku, data)
    select %(account)s, new_ulid(), 'product.created', now(), new_ulid(), 'PART-' || n, '{"kind": "item"}'
      from generate_series(1, %(count)s) n
    returning account_id, id
  )
  insert into deliveries (account_id, id, endpoint_id, event_id, state, due_at)
  select e.account_id, new_ulid(), p.id, e.id, 'due', now()
    from e join endpoints p on p.account_id = e.account_id
"""


async def measure(stage: Stage) -> list[Result]:
    """Let one account's endpoints and sixteen accounts' image hosts hang; then put items of another account, one by one."""
    folder = stage.folder / "images"
    folder.mkdir()
    url = await stage.database()
    env = {"SALUHALL_DATABASE_URL": url}
    neighbour, slow, *dead = [await open_account(stage, **env) for _ in range(2 + ACCOUNTS)]
    async with stage.process(["bench.receiver", str(folder)]) as process, _silent_host() as silent:
        receiver = Receiver(**process.announced())
        for seller in (neighbour, slow):
            await seller.listen(f"{receiver.url}/hook", ca_file=receiver.ca_file)
        settings = stage.settings(**env, SALUHALL_OUTBOUND_CA_FILE=receiver.ca_file)
        async with stage.server(settings) as (_, port):
            await _make_slow(url, slow, neighbour, receiver)
            await asyncio.gather(*(_put_dead(port, seller, silent) for seller in dead))
            await asyncio.sleep(_SETTLE_S)
            webhooks, images = await _waits(port, neighbour, receiver, folder)
    p95 = max(percentile(webhooks, 0.95), percentile(images, 0.95))
    return [
        Result(
            figure="neighbour-p95-s",
            ours=p95,
            reference=TARGET,
            ratio=p95 / TARGET,
            unit="s",
            target=TARGET,
            lower_is_better=True,
            note=f"{PUTS} items beside {ENDPOINTS} endpoints of 9 s with {EVENTS} events each and {ACCOUNTS} accounts with "
            f"{IMAGES} images at a dead host; webhook p95 {percentile(webhooks, 0.95):.2f} s, at most {max(webhooks):.2f} s; "
            f"image p95 {percentile(images, 0.95):.2f} s, at most {max(images):.2f} s",
        )
    ]


@asynccontextmanager
async def _silent_host() -> AsyncIterator[str]:
    """Take connections and never answer; give the address."""

    loop = asyncio.get_running_loop()
    server = await loop.create_server(asyncio.Protocol, "127.0.0.1", 0)
    yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()


async def _make_slow(url: str, slow: Seller, neighbour: Seller, receiver: Receiver) -> None:
    params = {"account": slow.account_id, "url": receiver.url}
    async with await psycopg.AsyncConnection.connect(url) as connection:
        await connection.execute(_ALL_EVENTS, {"account": neighbour.account_id})
        await connection.execute(_SLOW_ENDPOINTS, {**params, "count": ENDPOINTS})
        await connection.execute(_NO_MAIN, params)
        await connection.execute(_DUE, {**params, "count": EVENTS})


async def _put_dead(port: int, seller: Seller, host: str) -> None:
    body = {
        "title": "Part {n}",
        "price": 100,
        "shippingCost": 10,
        "imageUrls": [f"{host}/{{n}}-{number}.jpg" for number in range(_PER_ITEM)],
    }
    count = IMAGES // _PER_ITEM
    text = msgspec.json.encode(body).decode()
    order = Order(port=port, api_key=seller.api_key, prefix="DEAD", body=text, count=count)
    if len((await send(order)).answered) != count:
        raise RuntimeError("an item with a dead image host was not accepted")


async def _waits(
    port: int, neighbour: Seller, receiver: Receiver, folder: Path
) -> tuple[list[float], list[float]]:
    """Put items with an image each; return the seconds until each one's first webhook, and until its image was there."""
    answered: dict[str, float] = {}
    async with aiohttp.ClientSession(headers={"x-api-key": neighbour.api_key}) as session:
        for number in range(PUTS):
            sku = f"NEIGHBOUR-{number}"
            _paint(folder / f"{sku}.jpg", number)
            body = {
                "title": sku,
                "price": 100,
                "shippingCost": 10,
                "imageUrls": [f"{receiver.url}/{sku}.jpg"],
            }
            url = f"http://127.0.0.1:{port}/integration/v1/items/{sku}"
            async with session.put(url, json=body) as answer:
                if answer.status != 202:
                    raise RuntimeError(f"PUT: {answer.status} {await answer.text()}")
            answered[sku] = time.monotonic()
            await asyncio.sleep(PAUSE_S)
    heard = await _heard(receiver)
    return (
        [heard.get((_WEBHOOK, sku), at + _TIMEOUT_S) - at for sku, at in answered.items()],
        [heard.get((_IMAGE, sku), at + _TIMEOUT_S) - at for sku, at in answered.items()],
    )


async def _heard(receiver: Receiver) -> Mapping[tuple[str, str], float]:
    """Wait until all has arrived, or nobody should wait any longer; return when each kind of event of each item came first."""
    try:
        await receiver.until(2 * PUTS, timeout_s=_TIMEOUT_S)
    except TimeoutError:
        print("  not all has arrived", flush=True)
    heard: dict[tuple[str, str], float] = {}
    for arrival in await receiver.arrivals():
        event = msgspec.json.decode(arrival.body)
        heard.setdefault((event["eventType"], event["data"]["externalId"]), arrival.at)
    return heard


def _paint(file: Path, number: int) -> None:
    """Make an image that no other item has."""
    noise = pyvips.Image.gaussnoise(400, 300, sigma=30, mean=100 + number)
    noise.cast("uchar").copy(interpretation="b-w").jpegsave(str(file), Q=85)


FIGURE = Figure(name="neighbour-p95-s", measure=measure)
