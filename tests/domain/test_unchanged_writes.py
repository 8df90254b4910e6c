"""The same again changes nothing: no instant moves, nothing is told."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from saluhall.domain.catalogs.model import RHEO
from saluhall.domain.listings import operations
from saluhall.domain.products.fields import EDITABLE, PICTURES, WEIGHT, Form
from saluhall.domain.products.model import Batch, PutProduct, Status
from saluhall.storage import Database
from tests.domain.shop import Account

WHOLE: dict[str, Any] = {
    "title": "Bromsok",
    "description": "Begagnat original.",
    "price": Decimal("950.50"),
    "currency": "EUR",
    "shipping_cost": Decimal(149),
    "shipping_strategy": "fixed",
    "weight_kg": Decimal("3.2"),
    "image_urls": ("https://a.example/1.jpg",),
    "domain": {"domain": "auto_parts", "part": {"name": "Bromsok"}},
    "schema_version": "2.1.0",
    "metadata": '{"shelf": "B 7"}',
    "ai_enhancement": True,
}
LATER = timedelta(days=1)


@pytest.fixture
async def account(db: Database) -> Account:
    return await Account.open(db)


async def seen(account: Account) -> list[dict[str, Any]]:
    """Everything that is stored of products, and how much was told."""
    rows = await account.rows(
        "select to_jsonb(p) as p from products p where account_id = %(owner)s"
    )
    told = await account.rows("select id from events where account_id = %(owner)s")
    return [*(row["p"] for row in rows), {"told": len(told)}]


@pytest.mark.parametrize("among", [1, 2, 60])
async def test_the_same_put_again_changes_nothing(account: Account, among: int) -> None:
    batch = [PutProduct(sku=f"S{n}", **WHOLE) for n in range(among)]
    first = await account.put_all(batch)
    before = await seen(account)

    account.later(LATER)
    second = await account.put_all(batch)

    assert await seen(account) == before
    assert [o.product_id for o in second] == [o.product_id for o in first]
    assert not any(o.created or o.changed for o in second)


async def test_another_spelling_of_the_same_value_is_the_same(account: Account) -> None:
    await account.put("A", **WHOLE)
    before = await seen(account)

    outcome = await account.put("A", price=Decimal("950.500"), currency="EUR")

    assert not outcome.changed
    assert await seen(account) == before


@pytest.mark.parametrize("field", sorted(WHOLE))
async def test_a_put_that_changes_any_field_is_a_change(account: Account, field: str) -> None:
    await account.put("A", **WHOLE)
    [before, _] = await seen(account)
    other = {
        "price": Decimal(1), "shipping_cost": Decimal(0), "weight_kg": Decimal(1), "title": "Other",
        "metadata": '{"shelf":"B 7"}', "domain": {"domain": "other"}, "ai_enhancement": False,
    }  # fmt: skip

    account.later(LATER)
    outcome = await account.put("A", **{field: other.get(field)})

    [after, _] = await seen(account)
    assert outcome.changed
    assert after["updated_at"] > before["updated_at"]
    assert after["changed_at"] > before["changed_at"]


async def test_the_same_price_again_changes_nothing(account: Account) -> None:
    await account.put("A", **WHOLE)
    before = await seen(account)

    account.later(LATER)
    async with account.db.transaction() as tx:
        await operations.change_price(
            tx, by=account.by, catalog=RHEO, sku="A", price=Decimal("950.5"), now=account.now
        )

    assert await seen(account) == before


@pytest.mark.parametrize("status", [Status.SOLD, Status.NOT_LISTED])
async def test_the_same_status_again_changes_nothing(account: Account, status: Status) -> None:
    await account.put("A", title="Bromsok", price=Decimal(1))

    async def change() -> None:
        async with account.db.transaction() as tx:
            await operations.set_status(
                tx, by=account.by, catalog=RHEO, sku="A", status=status, now=account.now
            )

    await change()
    before = await seen(account)
    account.later(LATER)
    await change()

    assert await seen(account) == before


VALUES: dict[Form, Any] = {
    Form.TEXT: "text",
    Form.LONG_TEXT: "long text",
    Form.SHORT_TEXT: "short",
    Form.URL: "https://a.example/1.jpg",
    Form.PRICE: 9.5,
    Form.AMOUNT: 1.25,
    Form.COUNT: 3,
    Form.FLAG: 1,
    Form.UNIT: "lb",
    Form.JSON: '[{"b": 1,  "a": "x"}]',
}


def bulk(catalog: int, names: list[str]) -> Batch:
    columns: dict[str, Any] = {
        name: [VALUES[EDITABLE[name]]] for name in names if name not in PICTURES[1:]
    }
    return Batch(catalogs=[catalog], skus=["A"], columns=columns)


async def change_in_bulk(account: Account, batch: Batch) -> None:
    async with account.db.transaction() as tx:
        problems = await operations.change_products(
            tx, by=account.by, changes=batch, now=account.now
        )
    assert problems == [None]


async def catalog_of(account: Account) -> int:
    [row] = await account.rows("select number from catalogs where account_id = %(owner)s")
    return int(row["number"])


async def test_the_same_bulk_change_again_changes_nothing(account: Account) -> None:
    await account.put("A", title="Bromsok", price=Decimal(1))
    everything = bulk(await catalog_of(account), list(EDITABLE))
    await change_in_bulk(account, everything)
    before = await seen(account)

    account.later(LATER)
    await change_in_bulk(account, everything)
    for name in set(EDITABLE).difference(PICTURES[1:]):
        await change_in_bulk(account, bulk(await catalog_of(account), [name]))

    assert await seen(account) == before


@pytest.mark.parametrize("name", ["title", "price1", "quantity", WEIGHT, "weight_um", "attributes", "on_demand", "url_image1"])  # fmt: skip
async def test_a_bulk_change_of_any_field_is_a_change(account: Account, name: str) -> None:
    await account.put("A", title="Bromsok", price=Decimal(1), weight_kg=Decimal(2))
    [before, _] = await seen(account)

    account.later(LATER)
    await change_in_bulk(account, bulk(await catalog_of(account), [name]))

    [after, _] = await seen(account)
    assert after["updated_at"] > before["updated_at"]


IS_WAITING = "select count(*) as waiting from pg_locks where not granted"


@pytest.mark.parametrize("way", ["put", "bulk"])
async def test_who_waits_for_another_is_compared_with_what_the_other_wrote(
    account: Account, way: str
) -> None:
    await account.put("A", title="text", price=Decimal(1))
    catalog = await catalog_of(account)

    async def say_the_same() -> None:
        if way == "put":
            await account.put("A", title="text")
        else:
            await change_in_bulk(account, bulk(catalog, ["title"]))

    async with account.db.transaction() as tx:
        await account.put_in(tx, [PutProduct(sku="A", title="Second")])
        second = asyncio.create_task(say_the_same())
        async with asyncio.timeout(10):
            while not (await account.rows(IS_WAITING))[0]["waiting"]:  # noqa: ASYNC110 - PostgreSQL tells nobody
                await asyncio.sleep(0.01)
    await second

    assert (await account.get("A")).product.title == "text"
