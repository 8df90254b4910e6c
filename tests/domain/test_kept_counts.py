"""Counts and sums that are kept while things happen are those that counting everything gives."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal

from msgspec import UNSET, UnsetType

from saluhall.dialects.rheo.wire import CATALOG as RHEO
from saluhall.domain.accounts import operations as accounts
from saluhall.domain.accounts.model import Principal
from saluhall.domain.analytics import queries
from saluhall.domain.analytics.model import Inventory
from saluhall.domain.catalogs import operations as catalogs
from saluhall.domain.listings import deletions, pages
from saluhall.domain.listings import operations as listings
from saluhall.domain.listings.page_model import Filter
from saluhall.domain.products import operations as products
from saluhall.domain.products import stock, upsert
from saluhall.domain.products.model import Kind, ProductNotFound, Status
from saluhall.kit.clock import utc_now
from saluhall.kit.ids import new_id
from saluhall.storage import Database, Transaction
from tests.domain.shop import patch

SKUS = [f"S-{n}" for n in range(60)]
COUNTED = """
  select status, count(*) from products
   where account_id = %(account_id)s and kind = 'item' and not delete_wanted group by status
"""

LISTED = """
  select p.status, count(*) from products p join catalogs c on c.account_id = p.account_id and c.id = p.catalog_id
   where p.account_id = %(account_id)s and c.code = 'RHEO' and not p.delete_wanted group by p.status
"""


class Writer:
    """An account whose products are written at random."""

    def __init__(
        self, db: Database, principal: Principal, number: int, seed: int, skus: Sequence[str] = SKUS
    ) -> None:
        self.db = db
        self.skus = skus
        self.principal = principal
        self.number = number
        self.dice = random.Random(seed)  # noqa: S311 - repeatable on purpose

    async def step(self) -> None:
        """Do one thing to some of the products, in a transaction that may be given up at the end."""
        do = self.dice.choice(
            [self.post, self.patch, self.put, self.status, self.delete, self.sell]
        )
        is_given_up = self.dice.random() < 0.1
        try:
            async with self.db.transaction() as tx:
                await do(tx)
                if is_given_up:
                    raise GivenUp  # noqa: TRY301 - a transaction that fails at the end
        except (GivenUp, ProductNotFound):
            return

    def some(self) -> list[str]:
        return self.dice.sample(self.skus, self.dice.randint(1, 10))

    async def post(self, tx: Transaction) -> None:
        skus = self.some()
        images = [self.dice.choice(["", "https://x.example/1.jpg"]) for _ in skus]
        await upsert.create(
            tx,
            principal=self.principal,
            catalogs=[self.number] * len(skus),
            patches=[patch(sku, images_at=(url,)) for sku, url in zip(skus, images, strict=True)],
            now=utc_now(),
        )

    async def patch(self, tx: Transaction) -> None:
        skus = self.some()
        left = [self.dice.randint(0, 3) for _ in skus]
        await upsert.change(
            tx,
            principal=self.principal,
            catalogs=[self.number] * len(skus),
            patches=[patch(sku, quantity=n) for sku, n in zip(skus, left, strict=True)],
            now=utc_now(),
        )

    async def put(self, tx: Transaction) -> None:
        kinds: list[Kind | UnsetType] = [Kind.ITEM, Kind.CONTAINER, UNSET]
        kind = self.dice.choice(kinds)
        some: list[tuple[str, ...] | UnsetType] = [("https://x.example/2.jpg",), (), UNSET]
        pictures = self.dice.choice(some)
        goods = [
            patch(sku=sku, title=sku, price=Decimal(5), kind=kind, image_urls=pictures)
            for sku in self.some()
        ]
        await listings.put_products(
            tx, principal=self.principal, catalog=RHEO, products=goods, now=utc_now()
        )

    async def status(self, tx: Transaction) -> None:
        await listings.set_status(
            tx,
            principal=self.principal,
            catalog=RHEO,
            sku=self.dice.choice(self.skus),
            status=self.dice.choice([Status.SOLD, Status.NOT_LISTED]),
            now=utc_now(),
        )

    async def delete(self, tx: Transaction) -> None:
        sku = self.dice.choice(self.skus)
        await deletions.delete_product(
            tx, principal=self.principal, catalog=RHEO, sku=sku, now=utc_now()
        )

    async def sell(self, tx: Transaction) -> None:
        """Take the last pieces of some, and let drafts become active."""
        now, owner = utc_now(), self.principal.account_id
        wanted = {"account_id": owner, "skus": self.some()}
        ids = await tx.all(
            lambda row: row["id"],
            "select id from products where account_id = %(account_id)s and sku = any(%(skus)s) order by id",
            wanted,
        )
        found = await stock.lock(tx, owner, ids, now=now)
        await stock.take(tx, owner, dict.fromkeys(found, 0), now=now)
        # Locked in one order: several writers do this at once.
        await tx.run(
            "select from images where account_id = %(account_id)s order by product_id, source_url for update",
            wanted,
        )
        await tx.run("update images set due_at = null where account_id = %(account_id)s", wanted)
        await products.settle(tx, owner, ids, now=now)


class GivenUp(Exception):
    """A transaction is rolled back."""


async def open_writer(db: Database, seed: int) -> Writer:
    now, name = utc_now(), new_id().hex
    async with db.transaction() as tx:
        account_id = await accounts.create_account(
            tx, name=name, username=name, password="p", now=now
        )
        principal = Principal(account_id=account_id, account_name=name)
        number = await catalogs.create_catalog(
            tx, principal=principal, name=RHEO, code=RHEO, now=now
        )
    return Writer(db, principal, number, seed)


async def kept(db: Database, principal: Principal) -> Inventory:
    async with db.statement() as tx:
        return (
            await queries.analytics_of_account(
                tx, principal=principal, default_currency="SEK", now=utc_now()
            )
        ).inventory


async def counted(db: Database, principal: Principal) -> Inventory:
    async with db.statement() as tx:
        rows = await tx.all(
            lambda row: (row["status"], row["count"]), COUNTED, {"account_id": principal.account_id}
        )
    return Inventory(**dict(rows))


async def totals(db: Database, principal: Principal) -> dict[str | None, int]:
    """How many products a list of each status, and of all, says there are."""
    async with db.statement() as tx:
        return {
            status: await pages.count_products(
                tx, principal=principal, catalog=RHEO, wanted=Filter(status=status)
            )
            for status in (None, *Status)
        }


async def listed(db: Database, principal: Principal) -> dict[str | None, int]:
    async with db.statement() as tx:
        rows = await tx.all(
            lambda row: (row["status"], row["count"]), LISTED, {"account_id": principal.account_id}
        )
    found = dict(rows)
    return {None: sum(found.values()), **{status: found.get(status, 0) for status in Status}}


async def run(steps: int, step: Callable[[], Awaitable[None]]) -> None:
    for _ in range(steps):
        await step()


async def test_after_any_changes_the_kept_counts_are_those_of_counting(db: Database) -> None:
    for seed in range(4):
        writer = await open_writer(db, seed)
        for _ in range(25):
            await writer.step()

            assert await kept(db, writer.principal) == await counted(db, writer.principal), seed
            assert await totals(db, writer.principal) == await listed(db, writer.principal), seed


async def test_many_writers_of_one_account_are_counted_right(db: Database) -> None:
    first = await open_writer(db, 0)
    writers = [
        Writer(db, first.principal, first.number, seed, SKUS[seed * 10 : seed * 10 + 10])
        for seed in range(6)
    ]

    await asyncio.gather(*(run(20, writer.step) for writer in writers))

    assert await kept(db, first.principal) == await counted(db, first.principal)


async def test_a_writer_continues_while_another_holds_the_counts(db: Database) -> None:
    writer = await open_writer(db, 0)

    async def add(tx: Transaction, sku: str) -> None:
        goods = [patch(sku=sku, title=sku, price=Decimal(5))]
        await listings.put_products(
            tx, principal=writer.principal, catalog=RHEO, products=goods, now=utc_now()
        )

    async with db.transaction() as tx:
        await add(tx, "FIRST")
    async with db.transaction() as tx:
        await add(tx, "HELD")
        async with db.transaction() as beside:  # would wait for ever if it needed the same row
            await add(beside, "BESIDE")
        assert (await kept(db, writer.principal)).active == 2

    assert (await kept(db, writer.principal)).active == 3
