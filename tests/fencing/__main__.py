"""Two workers, one with a wrong clock, and a database and a worker that freeze again and again: one live listing per item.

FENCING_ITEMS=1000 says how many, FENCING_ROUNDS=5 how often, FENCING_SEED=7 which story; FENCING_FOLDER keeps the logs. Prints figures
and ends with 1 when one of them is wrong.
"""

import asyncio
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import aiohttp

from saluhall.practice.partner import Hosted, Partner
from saluhall.storage.embedded import EmbeddedPostgres
from tests.fencing.machines import Worker, freeze, postgres_of, wrong_clock
from tests.hub import Hub, Market, Shop
from tests.images import jpeg
from tests.postgres import Postgres

ITEMS = int(os.environ.get("FENCING_ITEMS", "1000"))
SEED = int(os.environ.get("FENCING_SEED") or random.SystemRandom().randrange(10**6))
SHOPS = 4
CHANGED_PART = 0.15  # of the items get another price meanwhile
DELAYS = [
    {"path": "/v4/listings/items/*/commit", "delay_s": 3.0, "times": ITEMS // 10},
    {"path": "/v4/*", "delay_s": 0.15},
]
ROUNDS = int(os.environ.get("FENCING_ROUNDS", "5"))
TIMEOUT_S = 600.0


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


class Story:
    """The hub, its workers, and what the sellers want."""

    def __init__(self, hub: Hub, shops: list[Shop], workers: list[Worker], folder: Path) -> None:
        self.hub = hub
        self.shops = shops
        self.workers = workers
        self.folder = folder
        self.chance = random.Random(SEED)  # noqa: S311 - not a secret
        self.prices = {f"F-{number}": 950 for number in range(ITEMS)}
        self.done: Counter[str] = Counter()

    def shop_of(self, name: str) -> Shop:
        return self.shops[int(name[2:]) % SHOPS]

    async def write(self, name: str) -> None:
        """Put an item until it is answered, as a careful client does; some get another price a little later."""
        shop = self.shop_of(name)
        image = f"{self.hub.partner.url}/1.jpg"
        body = {"title": f"Part {name}", "shippingCost": 49, "imageUrls": [image],
                "autoPublishTradera": True, "price": 950}  # fmt: skip
        await self._until_taken(shop, "PUT", shop.path(name), body)
        if self.chance.random() < CHANGED_PART:
            await asyncio.sleep(self.chance.uniform(0, 20))
            self.prices[name] = 1200
            await self._until_taken(shop, "PATCH", shop.path(name) + "/price", {"price": 1200})

    async def _until_taken(self, shop: Shop, method: str, path: str, body: object) -> None:
        for _ in range(600):
            try:
                status, _ = await shop.call(method, path, body)
            except (aiohttp.ClientError, TimeoutError, ValueError):
                status = 0
            if status == 202:
                return
            await asyncio.sleep(0.2)
        raise AssertionError(path)

    async def write_all(self, seconds: float) -> None:
        async def in_time(name: str) -> None:
            await asyncio.sleep(self.chance.uniform(0, seconds))
            await self.write(name)

        await asyncio.gather(*(in_time(name) for name in self.prices))

    async def trouble(self) -> None:
        """Stop and continue the database and a worker, and restart one in good order, again and again."""
        for _ in range(ROUNDS):
            await asyncio.sleep(self.chance.uniform(3, 6))
            seconds = self.chance.uniform(9, 12)
            await freeze(postgres_of(self.folder), seconds)
            self.done["database froze"] += 1
            await asyncio.sleep(self.chance.uniform(3, 6))
            await self.chance.choice(self.workers).freeze(self.chance.uniform(11, 12))
            self.done["a worker froze"] += 1
            await asyncio.sleep(self.chance.uniform(1, 3))
            await self.chance.choice(self.workers).restart()
            self.done["a worker restarted in good order"] += 1

    async def until_reported(self) -> float:
        """Wait until everything is live, shows its price and is reported; return how long that took."""
        began = time.monotonic()
        while time.monotonic() - began < TIMEOUT_S:
            try:
                await self.hub.settle(timeout_s=TIMEOUT_S)
            except AssertionError as error:
                say(str(error)[:600])
                break
            if len(self.created()) >= ITEMS:
                break
            await asyncio.sleep(1)
        return time.monotonic() - began

    def created(self) -> dict[str, set[str]]:
        """The ids of the events that say a listing was created, by item."""
        found: dict[str, set[str]] = defaultdict(set)
        for shop in self.shops:
            for event in shop.events():
                if event["eventType"] == "listing.created":
                    found[event["data"]["externalId"]].add(event["eventId"])
        return found

    async def wrong(self) -> dict[str, list[Any]]:
        """What must not be, by kind: nothing, if all is well."""
        over_there: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for item in await self.hub.market.items():
            if not item["ended"]:
                over_there[item["title"].removeprefix("Part ")].append(item)
        async with self.hub.db.statement() as tx:
            here = await tx.all(
                dict,
                "select p.sku, l.state, l.external_id from listings l join products p"
                " on p.account_id = l.account_id and p.id = l.product_id",
            )
        ids = {row["sku"]: row["external_id"] for row in here}
        calls = await self.hub.market.calls()
        created = self.created()
        return {
            "not live over there": [n for n in self.prices if not over_there[n]],
            "live more than once over there": [n for n in self.prices if len(over_there[n]) > 1],
            "another id here than over there": [
                n for n, items in over_there.items() if items and str(items[0]["itemId"]) != ids.get(n)
            ],
            "not live here": [row["sku"] for row in here if row["state"] != "live"],
            "live here without an id": [r["sku"] for r in here if r["state"] == "live" and not r["external_id"]],
            "calls that name no item": [c["path"] for c in calls if "None" in c["path"]],
            "another price over there": [
                n for n, items in over_there.items() if items and items[0]["startPrice"] != self.prices[n]
            ],
            "not reported as created": [n for n in self.prices if n not in created],
            "reported as created under two ids": [n for n, found in created.items() if len(found) > 1],
        }  # fmt: skip


async def main() -> int:
    say(f"FENCING_SEED={SEED} FENCING_ITEMS={ITEMS}")
    given = os.environ.get("FENCING_FOLDER")
    with tempfile.TemporaryDirectory(
        prefix="saluhall-fencing-", ignore_cleanup_errors=True
    ) as made:
        folder = Path(given or made)
        server = EmbeddedPostgres(folder)
        try:
            postgres = Postgres(server)
            postgres.be_quick()
            await postgres.make_template()
            return await play(postgres, folder)
        finally:
            server.close()


async def play(postgres: Postgres, folder: Path) -> int:
    partner = await Partner(folder).start()
    partner.images["/1.jpg"] = Hosted(body=jpeg("1"))
    env = {"SALUHALL_POLL_INTERVAL_S": "5", **wrong_clock("+60s")}
    url = postgres.new_database()
    hub = Hub(
        url=url, folder=folder, market=Market(), partner=partner, env=env, args=("--no-worker",)
    )
    workers = []
    try:
        await hub.start()
        shops = [await hub.open_shop() for _ in range(SHOPS)]
        for shop in shops:
            await shop.connect()
            await shop.listen()
        right = {
            name: value
            for name, value in hub.env.items()
            if "FAKETIME" not in name and name != "LD_PRELOAD"
        }
        workers = [
            Worker("ahead", {**right, **wrong_clock("+300s")}, folder / "worker-ahead.log"),
            Worker("right", right, folder / "worker-right.log"),
        ]
        await hub.market.faults(*DELAYS)
        await asyncio.gather(*(worker.started() for worker in workers))
        story = Story(hub, shops, workers, folder)
        trouble = asyncio.create_task(story.trouble())
        await story.write_all(ROUNDS * 30)
        await trouble
        return report(story, await story.until_reported(), await story.wrong())
    finally:
        for worker in workers:
            await worker.close()
        await hub.close()
        hub.market.stop()
        await partner.stop()


def report(story: Story, seconds: float, wrong: dict[str, list[Any]]) -> int:
    """Print the figures; return 1 when one is wrong."""
    for what, times in story.done.items():
        say(f"{times:6}  {what}")
    for word in (
        "the clock of this machine is wrong",
        "released the work of dead workers",
        "a heartbeat did not arrive",
    ):
        say(f"{sum(worker.said(word) for worker in story.workers):6}  log lines: {word}")
    say(f"{seconds:6.1f}  seconds until all was done after the last trouble")
    for what, found in wrong.items():
        say(f"{len(found):6}  {what}" + (f": {json.dumps(found[:5])}" if found else ""))
    return 1 if any(wrong.values()) else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
