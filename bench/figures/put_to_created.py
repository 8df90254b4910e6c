"""put-to-created-p95-s: 200 items with an image each, pushed at once: from the PUT's answer to `listing.created` delivered."""

import asyncio
import urllib.parse
from pathlib import Path

import msgspec
import pyvips

from bench.figure import Figure, Result, middle, percentile, spread
from bench.load import Order, send
from bench.receiver import Receiver
from bench.seller import TOKEN, USER_ID, Seller, open_account
from bench.stage import Stage
from saluhall.kit.ids import new_id

TARGET = 3.0
ROUNDS = 5
ITEMS = 200
WIDTH, HEIGHT = 800, 600
_TIMEOUT_S = 120.0


async def measure(stage: Stage) -> list[Result]:
    """Push, wait for every event, take the 95th percentile; a few times over, each with new items and new images."""
    folder = stage.folder / "images"
    folder.mkdir()
    url = await stage.database()
    seller = await open_account(stage, SALUHALL_DATABASE_URL=url)
    await seller.connect()
    async with (
        stage.sandbox() as market,
        stage.process(["bench.receiver", str(folder)]) as process,
    ):
        receiver = Receiver(**process.announced())
        await control(market, "POST", "/sandbox/sellers", {"userId": USER_ID, "token": TOKEN})
        await seller.listen(f"{receiver.url}/hook", ca_file=receiver.ca_file)
        env = stage.settings(
            SALUHALL_DATABASE_URL=url,
            SALUHALL_TRADERA_URL=market,
            SALUHALL_OUTBOUND_CA_FILE=receiver.ca_file,
        )
        async with stage.server(env) as (server, port):
            p95s = []
            for _ in range(ROUNDS):
                before = server.cpu_s()
                waits = await _round(port, seller, receiver, folder)
                p95s.append(percentile(waits, 0.95))
                print(
                    f"  p50 {percentile(waits, 0.5):.2f} s, p95 {p95s[-1]:.2f} s,"
                    f" hub {server.cpu_s() - before:.1f} s of processor",
                    flush=True,
                )
    return [
        Result(
            figure="put-to-created-p95-s",
            ours=middle(p95s),
            reference=TARGET,
            ratio=middle(p95s) / TARGET,
            unit="s",
            target=TARGET,
            lower_is_better=True,
            note=f"{ITEMS} items, a {WIDTH}x{HEIGHT} image each; {spread(p95s)}",
        )
    ]


async def _round(port: int, seller: Seller, receiver: Receiver, folder: Path) -> list[float]:
    prefix = new_id().hex[-12:]
    await asyncio.to_thread(_paint, folder, prefix)
    await receiver.get("/forget")
    body = {
        "title": "Volvo V70 headlight {n}",
        "price": 1250,
        "shippingCost": 99,
        "imageUrls": [f"{receiver.url}/{prefix}-{{n}}.jpg"],
        "autoPublishTradera": True,
    }
    order = Order(
        port=port,
        api_key=seller.api_key,
        prefix=prefix,
        body=msgspec.json.encode(body).decode(),
        count=ITEMS,
    )
    report = await send(order)
    if len(report.answered) != ITEMS:
        raise RuntimeError(f"only {len(report.answered)} of {ITEMS} PUTs were accepted")
    await receiver.until(ITEMS, timeout_s=_TIMEOUT_S)
    created: dict[str, float] = {}
    for arrival in await receiver.arrivals():
        event = msgspec.json.decode(arrival.body)
        if event["eventType"] == "listing.created":
            created.setdefault(event["data"]["externalId"], arrival.at)
    return [created[sku] - at for sku, at in report.answered.items()]


def _paint(folder: Path, prefix: str) -> None:
    """Make an image for each item, no two alike, as hard to compress as a photograph."""
    noise = pyvips.Image.gaussnoise(WIDTH // 8, HEIGHT // 8, sigma=30, mean=128)
    base = noise.resize(8).bandjoin([noise.resize(8).fliphor(), noise.resize(8).flipver()])
    base = base.copy_memory()
    offset = int(prefix[-4:], 16) % 60
    for number in range(1, ITEMS + 1):
        shifted = base.wrap(x=number * 3, y=offset + number).cast("uchar")
        shifted.copy(interpretation="srgb").jpegsave(str(folder / f"{prefix}-{number}.jpg"), Q=85)


async def control(market: str, method: str, path: str, body: object) -> None:
    """Turn a knob of the practice marketplace. Raises RuntimeError."""
    where = urllib.parse.urlsplit(market)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    content = msgspec.json.encode(body)
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: {where.netloc}\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    writer.write(head.encode() + content)
    answer = await reader.read()
    writer.close()
    if not answer.startswith((b"HTTP/1.1 2", b"HTTP/1.0 2")):
        raise RuntimeError(f"the sandbox answered {answer[:200]!r}")


FIGURE = Figure(name="put-to-created-p95-s", measure=measure)
