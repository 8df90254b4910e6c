"""What must be true afterwards, seen from outside: by the API, at the marketplace, at the receiver of events."""

import asyncio
import time
from collections import Counter, defaultdict

from tests.cluster.load import Load
from tests.shop import Shop

DRAINED_WITHIN_S = 30.0
_DUE = "select '{0}' as what, due_at - now() as due_in, * from {0} where account_id = %(account_id)s and due_at is not null limit 100"


async def drained(shop: Shop, *, timeout_s: float = 120) -> tuple[float, str]:
    """Wait until nothing of the account is due; return how many seconds that took, and what is still due if it took too long."""
    started = time.monotonic()
    try:
        await shop.hub.settle(account_id=shop.principal.account_id, timeout_s=timeout_s)
    except AssertionError:
        due = [
            *await shop.rows(_DUE.format("images")),
            *await shop.rows(_DUE.format("listings")),
            *await shop.rows(_DUE.format("deliveries")),
        ]
        return float("inf"), f"{len(due)} still due, such as {due[:3]}"
    return time.monotonic() - started, ""


async def violations(shop: Shop, load: Load) -> dict[str, list[str]]:
    """Find what was lost, and what was doubled."""
    shown = await _shown(shop, list(load.items))
    listings = Counter(each["title"] for each in await shop.ads())
    created: dict[str, set[str]] = defaultdict(set)
    for event in shop.events():
        if event["eventType"] in {"item.created", "listing.created"}:
            created[f"{event['eventType']} {event['data']['externalId']}"].add(event["eventId"])
    return {
        "lost": [
            f"{sku}: accepted {item}, shown {shown.get(sku)}"
            for sku, item in load.items.items()
            if item.price and shown.get(sku) not in {item.price, item.asked}
        ],
        "without a listing": [
            sku for sku, item in load.items.items() if item.price and not listings[f"Part {sku}"]
        ],
        "listed twice": [title for title, times in listings.items() if times > 1],
        "reported twice": [what for what, ids in created.items() if len(ids) > 1],
        "answered with neither 202 nor 503 and Retry-After": load.wrong,
    }


async def _shown(shop: Shop, skus: list[str]) -> dict[str, int]:
    """Read the price of each item that is there."""

    async def price(sku: str) -> tuple[str, int] | None:
        status, answer = await shop.call("GET", shop.path(sku))
        return (sku, int(answer["price"])) if status == 200 else None

    found: dict[str, int] = {}
    for start in range(0, len(skus), 20):
        found |= dict(filter(None, await asyncio.gather(*map(price, skus[start : start + 20]))))
    return found
