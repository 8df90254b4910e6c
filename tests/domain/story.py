"""The story of one listing: a job takes what is due, the seller or a poll does something meanwhile, then the job records an answer."""

import contextlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from saluhall.channel import Progress, RemoteListing, RemoteState
from saluhall.dialects.rheo.wire import CATALOG as RHEO
from saluhall.domain.connections import queries as connections
from saluhall.domain.listings import events, operations, outcomes, record, submissions
from saluhall.domain.listings.events import Event, WentLive
from saluhall.domain.listings.model import DueListing, EndedReason, State
from saluhall.domain.listings.record import next_step
from saluhall.domain.listings.steps import Step
from saluhall.domain.products.model import ProductNotFound, Status
from saluhall.kit.ids import new_id
from saluhall.storage import Transaction
from tests.domain.shop import Account

LEASE = timedelta(minutes=3)
PAUSE = timedelta(seconds=5)
ANSWERS: dict[Step | None, tuple[str, ...]] = {
    Step.PUBLISH: ("submitted", "rejected", "failed", "waits", "broken"),
    Step.CHECK: ("went_live", "undecided", "lost", "rejected", "failed"),
    Step.CHANGE_PRICE: ("updated", "refused", "unclear", "failed", "broken"),
    Step.LOOK: ("looked", "looked", "failed", "waits"),
    Step.END: ("ended", "sold", "end_refused", "failed"),
    Step.CANCEL: ("ended",),
    None: ("waits",),
}
MEANWHILE = ("nothing", "price", "same", "unlist", "delete", "put", "poll_sold", "poll_ended")


class Story:
    """One product and its listing, told turn by turn."""

    def __init__(self, account: Account, connection: UUID) -> None:
        self.account = account
        self.connection = connection
        self.worker = new_id()
        self.sku = new_id().hex
        self.price = 100
        self.ads = 0

    async def begin(self) -> None:
        await self.account.put(self.sku, title="Part", price=Decimal(100), auto_publish=True)

    async def turn(self, choice: int, meanwhile: str) -> None:
        self.account.later(timedelta(hours=2))
        due = await self.claim()
        before = await self.states()
        await self.happen(meanwhile)
        between = await self.states()
        assert moved(before, between), (meanwhile, before, between)
        for each in due:
            names = ANSWERS[next_step(each)]
            name = names[choice % len(names)]
            async with self.account.db.transaction() as tx:
                await self.answer(tx, each, name)
            after = await self.states()
            assert moved(between, after), (name, between, after)
            between = after
        await self.check()

    async def claim(self) -> list[DueListing]:
        async with self.account.db.transaction() as tx:
            return await record.claim_due(
                tx,
                self.account.principal.account_id,
                self.connection,
                worker=self.worker,
                limit=10,
                lease=LEASE,
                now=self.account.now,
            )

    async def answer(self, tx: Transaction, each: DueListing, name: str) -> None:
        listing = each.listing
        external_id = str(listing.external_id or listing.progress.external_id)
        account_id, now = listing.account_id, self.account.now
        match name:
            case "submitted":
                await submissions.submitted(tx, account_id, [(each, self.new_ad(), PAUSE)], now=now)
            case "went_live":
                live = WentLive(external_id=external_id, url="u", at=now, price=each.offer.price)
                await outcomes.went_live(tx, account_id, [(each, live)], now=now)
            case "undecided":
                await submissions.undecided(tx, account_id, [(each, PAUSE)], now=now)
            case "ended":
                await outcomes.ended(tx, each, reason=EndedReason.WITHDRAWN, now=now)
            case "sold":
                await outcomes.sold(tx, each, self.remote(external_id, "sold"), now=now)
            case "end_refused":
                await outcomes.end_refused(tx, each, reason="no", now=now)
            case _:
                await record.record(tx, each, self.event(each, name), due_in=PAUSE, now=now)

    def event(self, each: DueListing, name: str) -> Event:
        price = each.offer.price
        named: dict[str, Event] = {
            "rejected": events.Rejected(reason="no"),
            "failed": events.Failed(reason="slow"),
            "waits": events.Waits(),
            "broken": events.Broken(reason="bug"),
            "lost": events.Lost(reason="lost", progress=Progress()),
            "updated": events.Updated(price=price),
            "refused": events.UpdateRefused(reason="bids", price=price),
            "unclear": events.UpdateUnclear(reason="slow"),
            "looked": events.Seen(price=None, is_look=True),
        }
        return named[name]

    def new_ad(self) -> Progress:
        self.ads += 1
        return Progress(external_id=f"{self.sku}-{self.ads}", may_be_live=True)

    def remote(self, external_id: str | None, state: str) -> RemoteListing:
        return RemoteListing(
            external_id=str(external_id), state=RemoteState(state), sale_price=Decimal(120)
        )

    async def happen(self, what: str) -> None:
        seller: dict[str, Callable[[], Awaitable[None]]] = {
            "price": self.change_price,
            "same": self.put,
            "put": lambda: self.put(auto_publish=True),
            "unlist": self.unlist,
            "delete": lambda: self.account.delete(self.sku),
            "poll_sold": lambda: self.poll("sold"),
            "poll_ended": lambda: self.poll("ended"),
        }
        with contextlib.suppress(ProductNotFound):  # it is gone, or about to be
            if what in seller:
                await seller[what]()

    async def change_price(self) -> None:
        self.price += 1
        async with self.account.db.transaction() as tx:
            await operations.change_price(
                tx, sku=self.sku, price=Decimal(self.price), **self.named()
            )

    async def put(self, **fields: Any) -> None:
        await self.account.put(self.sku, title="Part", price=Decimal(self.price), **fields)

    async def unlist(self) -> None:
        async with self.account.db.transaction() as tx:
            await operations.set_status(tx, sku=self.sku, status=Status.NOT_LISTED, **self.named())

    def named(self) -> dict[str, Any]:
        return {"principal": self.account.principal, "catalog": RHEO, "now": self.account.now}

    async def poll(self, state: str) -> None:
        rows = await self.account.rows(
            "select l.external_id as ad from listings l join products p on p.id = l.product_id"
            " where p.sku = %(sku)s and l.state = 'live'",
            sku=self.sku,
        )
        there = [self.remote(row["ad"], state) for row in rows]
        async with self.account.db.transaction() as tx:
            owner = self.account.principal.account_id
            connection = await connections.find_connection(tx, owner, self.connection)
            assert connection is not None
            await outcomes.observe(tx, connection, there, now=self.account.now)

    async def states(self) -> dict[UUID, State]:
        rows = await self.account.rows(
            "select l.id, l.state from listings l join products p on p.account_id = l.account_id"
            " and p.id = l.product_id where p.sku = %(sku)s",
            sku=self.sku,
        )
        return {row["id"]: State(row["state"]) for row in rows}

    async def check(self) -> None:
        """Hold what was told to what is: each standing is told when it begins and when it is over, a sale once."""
        told = await self.account.rows(
            "select type, product_id from events where account_id = %(account_id)s and sku = %(sku)s"
            " and type in ('listing.published', 'listing.ended', 'listing.sold')"
            " and data ->> 'channel' = 'tradera' order by id",
            sku=self.sku,
        )
        standing: dict[UUID, bool] = {}
        for row in told:
            begins = row["type"] == "listing.published"
            assert standing.get(row["product_id"], False) != begins, told
            standing[row["product_id"]] = begins
        live = [state for state in (await self.states()).values() if state is State.LIVE]
        assert sum(standing.values()) == len(live), told
        due = await self.account.rows(
            "select l.state from listings l join products p on p.id = l.product_id"
            " where p.sku = %(sku)s and l.due_at is not null and l.state = 'ended'",
            sku=self.sku,
        )
        assert not due, "nothing is to be done"


def moved(before: dict[UUID, State], after: dict[UUID, State]) -> bool:
    """Return whether each listing that is still there moved along the arrows, at most twice; what has ended stays ended."""
    return all(_moved(state, after.get(each, state)) for each, state in before.items())


def _moved(before: State, after: State) -> bool:
    return before is after or before is not State.ENDED
