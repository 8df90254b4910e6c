"""Bulk calls beside each other, and what a number is worth."""

import asyncio
from decimal import Decimal

from saluhall.domain.accounts import operations as accounts
from saluhall.domain.accounts.model import Principal
from saluhall.domain.catalogs import operations as catalogs
from saluhall.domain.listings import operations as listings
from saluhall.domain.products import upsert
from saluhall.domain.products.fields import ProductPatch
from saluhall.domain.products.model import SkuTaken, Stored
from saluhall.kit.clock import utc_now
from saluhall.storage import Database
from tests.domain.shop import patch

ROWS = 200


async def seller_with_catalog(db: Database) -> tuple[Principal, int]:
    now = utc_now()
    async with db.transaction() as tx:
        account_id = await accounts.create_account(
            tx, name="shop", username="shop", password="a good password", now=now
        )
        by = Principal(account_id=account_id, account_name="shop")
        return by, await catalogs.create_catalog(
            tx, principal=by, name="RHEO", code="RHEO", now=now
        )


def patches(skus: list[str], price: int) -> list[ProductPatch]:
    return [patch(sku, price=Decimal(price), quantity=1) for sku in skus]


async def test_of_calls_that_add_the_same_products_one_adds_each(db: Database) -> None:
    by, catalog = await seller_with_catalog(db)
    skus = [f"S-{n}" for n in range(ROWS)]

    async def add(order: list[str], price: int) -> list[Stored]:
        async with db.transaction() as tx:
            return await upsert.create(
                tx,
                principal=by,
                catalogs=[catalog] * len(order),
                patches=patches(order, price),
                now=utc_now(),
            )

    told = await asyncio.gather(add(skus, 1), add(skus, 2), add(skus[: ROWS // 2], 3))

    assert sum(each.created for stored in told for each in stored) == ROWS
    refused = [each.problem for stored in told for each in stored if each.problem is not None]
    assert {type(problem) for problem in refused} == {SkuTaken}
    assert len(refused) == ROWS + ROWS // 2
    async with db.statement() as tx:
        counts = await tx.all(
            lambda row: (row["products"], row["events"]),
            "select (select count(*) from products) as products, (select count(*) from events) as events",
        )
    assert counts == [(ROWS, ROWS)]


async def test_changes_in_opposite_order_do_not_wait_for_each_other(db: Database) -> None:
    by, catalog = await seller_with_catalog(db)
    skus = [f"S-{n}" for n in range(ROWS)]
    async with db.transaction() as tx:
        await upsert.create(
            tx,
            principal=by,
            catalogs=[catalog] * ROWS,
            patches=patches(skus, 1),
            now=utc_now(),
        )

    async def change(order: list[str], price: int) -> list[Stored]:
        async with db.transaction() as tx:
            return await listings.change_products(
                tx,
                by=by,
                catalogs=[catalog] * len(order),
                changes=patches(order, price),
                now=utc_now(),
            )

    for round_ in range(5):
        told = await asyncio.gather(
            change(skus, round_ + 2), change(skus[::-1], round_ + 3), change(skus[50:], round_ + 4)
        )
        assert all(each.problem is None for stored in told for each in stored)


async def test_an_item_that_is_there_uses_no_number_up(db: Database) -> None:
    by, _ = await seller_with_catalog(db)

    async def put(sku: str) -> None:
        async with db.transaction() as tx:
            await listings.put_products(
                tx, by=by, catalog="RHEO", products=[patch(sku=sku, title="T")], now=utc_now()
            )

    for sku in ("first", "first", "first", "second"):
        await put(sku)

    async with db.statement() as tx:
        numbers = await tx.all(
            lambda row: int(row["number"]), "select number from products order by number"
        )
    assert numbers[1] - numbers[0] == 1
