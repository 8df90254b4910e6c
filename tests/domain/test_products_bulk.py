"""Bulk calls beside each other, and what a number is worth."""

import asyncio
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from saluhall.domain.accounts import operations as accounts
from saluhall.domain.accounts.model import Principal
from saluhall.domain.catalogs import operations as catalogs
from saluhall.domain.listings import operations as listings
from saluhall.domain.products import upsert
from saluhall.domain.products.fields import FIELDS, ProductPatch
from saluhall.domain.products.model import Kind, Outcome, SkuTaken, Stored
from saluhall.kit.clock import utc_now
from saluhall.storage import Database
from tests.domain.shop import Account, patch

ROWS = 200


async def seller_with_catalog(db: Database) -> tuple[Principal, int]:
    now = utc_now()
    async with db.transaction() as tx:
        account_id = await accounts.create_account(
            tx, name="shop", username="shop", password="a good password", now=now
        )
        principal = Principal(account_id=account_id, account_name="shop")
        return principal, await catalogs.create_catalog(
            tx, principal=principal, name="RHEO", code="RHEO", now=now
        )


def patches(skus: list[str], price: int) -> list[ProductPatch]:
    return [patch(sku, price=Decimal(price), quantity=1) for sku in skus]


async def test_of_calls_that_add_the_same_products_one_adds_each(db: Database) -> None:
    principal, catalog = await seller_with_catalog(db)
    skus = [f"S-{n}" for n in range(ROWS)]

    async def add(order: list[str], price: int) -> list[Stored]:
        async with db.transaction() as tx:
            return await upsert.create(
                tx,
                principal=principal,
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
    principal, catalog = await seller_with_catalog(db)
    skus = [f"S-{n}" for n in range(ROWS)]
    async with db.transaction() as tx:
        await upsert.create(
            tx,
            principal=principal,
            catalogs=[catalog] * ROWS,
            patches=patches(skus, 1),
            now=utc_now(),
        )

    async def change(order: list[str], price: int) -> list[Stored]:
        async with db.transaction() as tx:
            return await listings.change_products(
                tx,
                principal=principal,
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
    principal, _ = await seller_with_catalog(db)

    async def put(sku: str) -> None:
        async with db.transaction() as tx:
            await listings.put_products(
                tx,
                principal=principal,
                catalog="RHEO",
                products=[patch(sku=sku, title="T")],
                now=utc_now(),
            )

    for sku in ("first", "first", "first", "second"):
        await put(sku)

    async with db.statement() as tx:
        numbers = await tx.all(
            lambda row: int(row["number"]), "select number from products order by number"
        )
    assert numbers[1] - numbers[0] == 1


VALUES: dict[str, Any] = {
    "text": 't \\ \t"text"\n',
    "numeric": Decimal("1.250"),
    "integer": 3,
    "boolean": True,
    "jsonb": {"b": 'x " \\', "a": [1.50, "\t"], "none": {}},
    "text[]": ('https://a.example/1.jpg?a="b"', "https://a.example/\\2.jpg"),
}
NAMED = {name: VALUES[f.sql_type] for name, f in FIELDS.items()} | {
    "kind": Kind.CONTAINER, "parent_sku": None, "weight_unit": "g",
}  # fmt: skip
CLEARED: dict[str, Any] = dict.fromkeys(name for name in FIELDS if name != "extras")
EVERY_KIND = [
    patch("BARE"),
    patch("NAMED", **NAMED),
    patch("CLEARED", **CLEARED, extras={"note": None}),
    patch("IMAGES", images_at=("", "https://a.example/1.jpg", None)),
    patch("OF", parent_sku="NAMED"),
    patch("LOST", parent_sku="NOBODY"),
    patch("BARE", title="again"),
    *(patch("ONE", **{name: value}) for name, value in NAMED.items()),
]


async def test_products_that_are_copied_are_as_those_that_are_put_one_by_one(db: Database) -> None:
    copied, put = await Account.open(db), await Account.open(db)
    skus = [each.sku if each.sku != "ONE" else f"ONE{n}" for n, each in enumerate(EVERY_KIND)]
    patches = [replace(each, sku=sku) for each, sku in zip(EVERY_KIND, skus, strict=True)]

    at_once = await copied.put_all(patches)
    one_by_one = [(await put.put_all([each]))[0] for each in patches[:6]]
    one_by_one += [Stored(Outcome.SKU_REPEATED, "BARE")]
    one_by_one += [(await put.put_all([each]))[0] for each in patches[7:]]

    def known(stored: Stored) -> Stored:
        return replace(stored, product_id=None, place=0)

    assert [known(each) for each in at_once] == [known(each) for each in one_by_one]
    own = {"id", "number", "account_id", "catalog_id", "changed_at"}
    rows = [
        [
            {name: value for name, value in row["p"].items() if name not in own}
            for row in await account.rows(
                "select to_jsonb(p) as p from products p where account_id = %(account_id)s order by sku"
            )
        ]
        for account in (copied, put)
    ]
    assert rows[0] == rows[1]
    assert len(rows[0]) == len(patches) - 2
