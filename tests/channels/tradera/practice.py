"""The practice marketplace and its knobs, a budget that remembers, images and offers to sell."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from saluhall.capabilities import Format
from saluhall.channel import (
    Change,
    Channel,
    Live,
    Login,
    Offer,
    Outcome,
    Pending,
    Product,
    Progress,
    Submitted,
    Toolbox,
    UnreadableEntry,
)
from saluhall.channels.tradera import CHANNEL
from saluhall.channels.tradera.category_tree import Categories
from saluhall.channels.tradera.settings import Settings
from saluhall.kit.clock import utc_now
from saluhall.kit.http import Outbound
from tests.contract.hub_side import Notebook, Purse, image

USER_ID = 1001
TOKEN = "a-seller-s-token"


@dataclass
class Market:
    """The practice marketplace, seen by somebody who turns its knobs."""

    url: str
    http: Outbound
    purse: Purse = field(default_factory=Purse)
    reported: list[UnreadableEntry] = field(default_factory=list)
    ahead: timedelta = timedelta()

    def channel(
        self,
        *,
        token: str = TOKEN,
        expires_at: datetime | None = None,
        options: dict[str, Any] | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Channel:
        login = Login(
            user_id=str(USER_ID), token=token, expires_at=expires_at, options=options or {}
        )
        whole = {"SALUHALL_TRADERA_URL": self.url, **(env or {})}
        return CHANNEL.connect(login, self.toolbox(whole))

    def toolbox(self, env: Mapping[str, str]) -> Toolbox:
        return Toolbox(
            env=env, http=self.http, budget=self.purse, report=self.report, clock=self.clock
        )

    def clock(self) -> datetime:
        return utc_now() + self.ahead

    def turn_clock(self, *, minutes: float) -> None:
        """Turn our own clock forward; the marketplace has one of its own."""
        self.ahead += timedelta(minutes=minutes)

    async def page(self, url: str) -> str:
        """Read a page as a browser does."""
        answer = await self.http.call("GET", url, timeout_s=5)
        assert answer.status == 200
        return answer.body.decode()

    async def report(self, entries: Sequence[UnreadableEntry]) -> None:
        self.reported += entries

    async def turn(self, method: str, path: str, body: object = None) -> Any:
        answer = await self.http.call(
            method,
            f"{self.url}/sandbox/{path}",
            body=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
            timeout_s=10,
        )
        assert answer.status < 300, answer.body
        return json.loads(answer.body)

    async def open(self) -> None:
        """Empty the marketplace; its categories are known, as they are after the first offer of a day."""
        await self.categories().check(8300)
        self.purse = Purse()
        await self.turn("POST", "reset")
        await self.turn("PUT", "rules", {"end_refusal": "error"})
        await self.turn("POST", "sellers", {"userId": USER_ID, "token": TOKEN})

    def categories(self) -> Categories:
        toolbox = self.toolbox({"SALUHALL_TRADERA_URL": self.url})
        return Categories(settings=Settings.read(toolbox.env), toolbox=toolbox)

    async def fault(self, method: str, path: str, **trouble: object) -> None:
        await self.turn("PUT", "faults", [{"method": method, "path": path, "times": 1} | trouble])

    async def items(self) -> list[Any]:
        return list(await self.turn("GET", "items"))

    async def bid(self, external_id: str, amount: int = 2000) -> None:
        await self.turn("POST", f"items/{external_id}/bids", {"amount": amount, "bidder": "eva"})

    async def calls(self) -> list[str]:
        log = await self.turn("GET", "calls")
        return [f"{call['method']} {call['path']}" for call in log if "/v4/" in call["path"]]

    async def publish(self, what: Offer, channel: Channel | None = None) -> Live:
        """Publish and wait until it is live."""
        channel = channel or self.channel()
        notes = Notebook()
        return await submit(channel, what, notes)


async def submit(channel: Channel, what: Offer, notes: Notebook) -> Live:
    """Publish and check until it is live."""
    made = await channel.publish(what, progress=notes.progress, save=notes.save)
    return made if isinstance(made, Live) else await live(channel, what, made.progress)


async def submitted(channel: Channel, what: Offer, notes: Notebook) -> Progress:
    """Publish what the marketplace decides on later."""
    made = await channel.publish(what, progress=notes.progress, save=notes.save)
    assert isinstance(made, Submitted), made
    return made.progress


async def reprice(channel: Channel, external_id: str, price: Decimal) -> None:
    """Change the price of an auction; raise what came of it."""
    change = Change(external_id=external_id, format=Format.AUCTION, price=price)
    (failure,) = await channel.update([change])
    if failure is not None:
        raise failure


async def live(channel: Channel, what: Offer, progress: Progress) -> Live:
    """Ask until the marketplace has decided."""
    outcome: Outcome = Pending(check_in=timedelta(0))
    while isinstance(outcome, Pending):
        outcome = (await channel.check({what.key: progress}))[what.key]
    assert isinstance(outcome, Live), outcome
    return outcome


@contextmanager
def sandbox() -> Iterator[str]:
    """Run a practice marketplace and give its address."""
    with subprocess.Popen(
        [sys.executable, "-m", "saluhall.practice.tradera", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "SALUHALL_DIE_WITH_PARENT": "1"},
    ) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())["url"]
        finally:
            process.terminate()


def offer(**changes: Any) -> Offer:
    """Make an offer of a brake caliper, or something like it; changes are of the offer or of its product."""
    product: dict[str, Any] = {
        "sku": "PART-1",
        "title": "Volvo XC90 bromsok fram vänster",
        "description": "Begagnat bromsok.\nFungerar bra.",
        "category": "auto_parts",
        "attributes": {
            "part_number": "31400452",
            "fits_make": "Volvo",
            "fits": ["XC90"],
            "fits_year": 2018,
            "condition_grade": "B",
        },
        "shipping_cost": Decimal(149),
        "shipping_strategy": "fixed",
        "weight_kg": Decimal("3.2"),
        "images": [image(), image("image/png")],
    }
    whole: dict[str, Any] = {
        "key": "lst_01jd8z2v5w",
        "format": Format.AUCTION,
        "category": None,
        "price": Decimal(950),
        "currency": "SEK",
        "quantity": 1,
    }
    own = {name: changes.pop(name) for name in [*changes] if name in whole}
    if "slug" in changes:
        changes["category"] = changes.pop("slug")
    return Offer(**whole | own, product=Product(**product | changes))


def utc(text: str) -> datetime:
    """Read an instant."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
