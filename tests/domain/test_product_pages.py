"""Lists of products: in the order of their changes, complete whoever writes meanwhile."""

import asyncio
import random
from collections import Counter
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from saluhall.dialects.rheo.wire import CATALOG as RHEO
from saluhall.domain.listings import pages
from saluhall.domain.listings.page_model import START, Filter, Listed, Page, Position
from saluhall.domain.products.fields import ProductPatch
from saluhall.domain.products.model import Status
from saluhall.storage import Database
from tests.domain.shop import Account, patch


@pytest.fixture
async def account(db: Database) -> Account:
    return await Account.open(db)


async def page(
    account: Account, *, after: Position = START, limit: int = 1000, **wanted: Any
) -> Page:
    async with account.db.transaction() as tx:
        return await pages.list_products(
            tx,
            principal=account.principal,
            catalog=RHEO,
            wanted=Filter(**wanted),
            after=after,
            limit=limit,
        )


async def walk(account: Account, *, limit: int, **wanted: Any) -> list[Listed]:
    """Read a list to its end."""
    found: list[Listed] = []
    after: Position | None = START
    while after is not None:
        read = await page(account, after=after, limit=limit, **wanted)
        assert len(read.products) <= limit
        found += read.products
        after = read.after
    return found


def part(sku: str, price: int = 1, **fields: Any) -> ProductPatch:
    return patch(sku=sku, title=f"Part {sku}", price=Decimal(price), **fields)


async def test_every_product_comes_once_however_small_the_pages_are(account: Account) -> None:
    skus = [f"S{n:03d}" for n in range(50)]
    await account.put_all([part(sku) for sku in skus])

    for limit in (1, 7, 49, 50, 51):
        assert sorted(p.sku for p in await walk(account, limit=limit)) == skus


async def test_what_changed_last_comes_last(account: Account) -> None:
    for sku in "ABC":
        await account.put(sku, title="Part", price=Decimal(1))
    await account.put("A", price=Decimal(2))

    assert [p.sku for p in await walk(account, limit=2)] == ["B", "C", "A"]


async def test_a_product_that_is_being_written_is_not_passed_over(account: Account) -> None:
    await account.put("FIRST", title="Part", price=Decimal(1))
    async with account.db.transaction() as slow:
        await account.put_in(slow, [part("SLOW")])
        await account.put("FAST", title="Part", price=Decimal(1))

        before = await page(account)

        assert [p.sku for p in before.products] == ["FIRST"]
        assert before.after is not None

    after = await page(account, after=before.after)
    assert [p.sku for p in after.products] == ["SLOW", "FAST"]
    assert after.after is None


async def test_whoever_only_reads_holds_nobody_up(account: Account) -> None:
    async with account.db.transaction() as reader:
        await reader.run("select 1")
        await account.put("FIRST", title="Part", price=Decimal(1))

        read = await page(account)

    assert [p.sku for p in read.products] == ["FIRST"]
    assert read.after is None


async def test_a_product_never_moves_back(account: Account) -> None:
    """Who waited for a lock has an earlier instant than who had it."""
    await account.put("A", title="Part", price=Decimal(1))
    async with account.db.transaction() as late:
        await late.run("select pg_current_xact_id()")
        await account.put("A", price=Decimal(2))
        [moved] = await account.rows("select changed_at from products")

        await account.put_in(late, [part("A", 3)])

    [again] = await account.rows("select changed_at from products")
    assert again["changed_at"] > moved["changed_at"]


async def test_work_of_ours_that_changes_nothing_moves_nothing(account: Account) -> None:
    await account.put("A", title="Part", price=Decimal(1))
    [before] = await account.rows("select changed_at from products")

    await account.rows("update products set enhance_claimed_by = null returning id")

    assert [before] == await account.rows("select changed_at from products")


async def test_paging_among_writers_misses_nothing_and_doubles_nothing(account: Account) -> None:
    still = [f"STILL-{n}" for n in range(60)]
    moving = [f"MOVING-{n}" for n in range(20)]
    await account.put_all([part(sku) for sku in (*still, *moving)])

    async def write(seed: int) -> None:
        dice = random.Random(seed)  # noqa: S311 - for a test
        for _ in range(12):
            await account.put_all(
                [part(sku, dice.randint(1, 99)) for sku in dice.sample(moving, 3)]
            )

    for turn in range(4):
        writers = [asyncio.create_task(write(10 * turn + seed)) for seed in range(2)]
        found = Counter(p.sku for p in await walk(account, limit=9))
        await asyncio.gather(*writers)
        assert {sku: found[sku] for sku in still} == dict.fromkeys(still, 1)
        assert [sku for sku in moving if not found[sku]] == []


async def test_whoever_asks_for_what_changed_since_the_last_time_misses_nothing(
    account: Account,
) -> None:
    skus = [f"S-{n}" for n in range(30)]
    mirror: dict[str, Decimal] = {}
    since: datetime | None = None
    done = asyncio.Event()

    async def write(seed: int) -> None:
        dice = random.Random(seed)  # noqa: S311 - for a test
        for _ in range(25):
            async with account.db.transaction() as tx:
                wanted = dice.sample(skus, dice.choice((1, 1, 5)))
                await account.put_in(tx, [part(sku, dice.randint(1, 999)) for sku in wanted])
                await asyncio.sleep(dice.random() / 100)

    async def follow() -> None:
        nonlocal since
        read = await page(account, changed_since=since)
        mirror.update((p.sku, p.price) for p in read.products)
        since = max([p.changed_at for p in read.products], default=since)

    async def follow_until_done() -> None:
        while not done.is_set():
            await follow()

    follower = asyncio.create_task(follow_until_done())
    await asyncio.gather(*(write(seed) for seed in range(3)))
    done.set()
    await follower
    await follow()

    rows = await account.rows("select sku, price from products")
    assert mirror == {row["sku"]: row["price"] for row in rows}


async def test_filters_leave_what_they_name_and_count_it(account: Account, db: Database) -> None:
    other = await Account.open(db)
    await other.put_all([part("A"), part("X")])
    codes = {"catalog_codes": {"recopart": "7118"}}
    await account.put_all(
        [
            part("BOX"),
            part("A", parent_sku="BOX"),
            part("B", parent_sku="BOX", image_urls=("https://a.example/1.jpg",)),
            part("C", attributes=codes),
        ]
    )
    [b] = [p for p in await walk(account, limit=9) if p.sku == "B"]
    wanted: dict[str, dict[str, Any]] = {
        "ABBOXC": {},
        "AB": {"parent_sku": "BOX"},
        "B": {"status": Status.DRAFT, "parent_sku": "BOX"},
        "ABOXC": {"status": Status.ACTIVE},
        "C": {"code": ("recopart", "7118")},
        "": {"code": ("recopart", "7119")},
    }

    for skus, asked in wanted.items():
        found = await walk(account, limit=2, **asked)
        assert "".join(sorted(p.sku for p in found)) == skus
        async with db.statement() as tx:
            count = await pages.count_products(
                tx, principal=account.principal, catalog=RHEO, wanted=Filter(**asked)
            )
        assert count == len(found)
    since = await walk(account, limit=9, changed_since=b.changed_at)
    assert "B" in {p.sku for p in since}
    assert all(p.changed_at >= b.changed_at for p in since)


async def test_what_is_added_up_is_exact_and_of_one_currency(account: Account) -> None:
    await account.put("CAR", title="Volvo", price=Decimal(0))
    prices = [Decimal("0.10"), Decimal("0.20"), Decimal("9999999999.99")]
    await account.put_all(
        [
            patch(sku=f"P{n}", title="Part", price=price, parent_sku="CAR")
            for n, price in enumerate(prices)
        ]
    )
    await account.put("EURO", title="P", price=Decimal(7), currency="EUR", parent_sku="CAR")

    async with account.db.statement() as tx:
        sums = await pages.sum_up_children(
            tx, principal=account.principal, catalog=RHEO, parent_sku="CAR", currency="SEK"
        )

    assert (sums.children, sums.active, sums.sold) == (4, 4, 0)
    assert (sums.listed_value, sums.sold_value) == (Decimal("10000000000.29"), Decimal(0))


async def test_a_deep_page_is_found_by_the_index(account: Account, db: Database) -> None:
    await account.rows(
        """
        insert into products (account_id, catalog_id, sku, id, kind, status, title, price, currency,
          shipping_strategy, image_urls, auto_publish, ai_enhancement, created_at, updated_at)
        select c.account_id, c.id, 'N' || n, new_ulid(), 'item', 'active', 'Part', 1, 'SEK',
               'integrated', '{}', false, false, now(), now()
          from catalogs c, generate_series(1, 5000) n where c.account_id = %(account_id)s
        returning id
        """
    )
    async with db.statement() as tx:
        await tx.run("analyze products")
    [deep] = await account.rows(
        "select changed_at from products order by changed_at, id offset 4000 limit 1"
    )

    seen = await page(account, after=Position(deep["changed_at"], START.id), limit=10)

    assert len(seen.products) == 10
    plan = await account.rows(
        """
        explain select * from products p
         where p.account_id = %(account_id)s and not p.delete_wanted
           and p.catalog_id = (select id from catalogs where account_id = %(account_id)s and code = 'RHEO')
           and (changed_at, id) > (%(at)s, %(id)s) order by changed_at, id limit 1000
        """,
        at=deep["changed_at"],
        id=START.id,
    )
    text = "\n".join(row["QUERY PLAN"] for row in plan)
    assert "products_changed_idx" in text
    assert "Seq Scan" not in text
