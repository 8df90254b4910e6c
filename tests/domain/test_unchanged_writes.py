"""The same again changes nothing: no instant moves, nothing is told."""

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from saluhall.dialects.rheo.wire import CATALOG as RHEO
from saluhall.domain.listings import operations
from saluhall.domain.products.fields import FIELDS
from saluhall.domain.products.model import Kind, Status, Stored
from saluhall.storage import Database
from tests.domain.shop import Account, patch

WHOLE: dict[str, Any] = {
    "title": "Bromsok",
    "description": "Begagnat original.",
    "price": Decimal("950.50"),
    "currency": "EUR",
    "shipping_cost": Decimal(149),
    "shipping_strategy": "fixed",
    "weight": Decimal("3.2"),
    "image_urls": ("https://a.example/1.jpg",),
    "category": "auto_parts",
    "attributes": {"part_name": "Bromsok"},
    "extras": {"metadata": '{"shelf": "B 7"}'},
    "ai_enhancement": True,
}
LATER = timedelta(days=1)


@pytest.fixture
async def account(db: Database) -> Account:
    return await Account.open(db)


async def seen(account: Account) -> list[dict[str, Any]]:
    """Everything that is stored of products, and how much was told."""
    rows = await account.rows(
        "select to_jsonb(p) as p from products p where account_id = %(account_id)s"
    )
    told = await account.rows("select id from events where account_id = %(account_id)s")
    return [*(row["p"] for row in rows), {"told": len(told)}]


@pytest.mark.parametrize("among", [1, 2, 60])
async def test_the_same_put_again_changes_nothing(account: Account, among: int) -> None:
    batch = [patch(sku=f"S{n}", **WHOLE) for n in range(among)]
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
        "price": Decimal(1), "shipping_cost": Decimal(0), "weight": Decimal(1), "title": "Other",
        "extras": {"metadata": '{"shelf":"B 7"}'}, "category": "other", "ai_enhancement": False,
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
            tx,
            principal=account.principal,
            catalog=RHEO,
            sku="A",
            price=Decimal("950.5"),
            now=account.now,
        )

    assert await seen(account) == before


@pytest.mark.parametrize("status", [Status.SOLD, Status.NOT_LISTED])
async def test_the_same_status_again_changes_nothing(account: Account, status: Status) -> None:
    await account.put("A", title="Bromsok", price=Decimal(1))

    async def change() -> None:
        async with account.db.transaction() as tx:
            await operations.set_status(
                tx,
                principal=account.principal,
                catalog=RHEO,
                sku="A",
                status=status,
                now=account.now,
            )

    await change()
    before = await seen(account)
    account.later(LATER)
    await change()

    assert await seen(account) == before


VALUES: dict[str, Any] = {
    "text": "text",
    "numeric": Decimal("1.25"),
    "integer": 3,
    "boolean": True,
    "jsonb": {"b": "x", "a": 1},
    "text[]": ("https://a.example/1.jpg",),
}
PATCHED = {name: VALUES[f.sql_type] for name, f in FIELDS.items() if not f.on_create_only} | {
    "kind": Kind.CONTAINER, "parent_sku": "CAR", "weight_unit": "lb", "currency": "NOK",
}  # fmt: skip


async def change_in_bulk(account: Account, names: Iterable[str]) -> Stored:
    [row] = await account.rows("select number from catalogs where account_id = %(account_id)s")
    async with account.db.transaction() as tx:
        [stored] = await operations.change_products(
            tx,
            principal=account.principal,
            catalogs=[row["number"]],
            changes=[patch("A", **{name: PATCHED[name] for name in names})],
            now=account.now,
        )
    assert stored.problem is None
    return stored


async def test_the_same_bulk_change_again_changes_nothing(account: Account) -> None:
    await account.put("CAR", title="Car", kind=Kind.CONTAINER)
    await account.put("A", title="Bromsok", price=Decimal(1))
    await change_in_bulk(account, PATCHED)
    before = await seen(account)

    account.later(LATER)
    await change_in_bulk(account, PATCHED)
    for name in PATCHED:
        assert not (await change_in_bulk(account, [name])).changed, name

    assert await seen(account) == before


async def test_a_bulk_change_of_any_field_is_a_change(account: Account) -> None:
    await account.put("CAR", title="Car", kind=Kind.CONTAINER)
    await account.put("A", title="Bromsok", price=Decimal(1), weight=Decimal(2))

    for name, field in FIELDS.items():
        if not field.on_create_only:
            account.later(LATER)
            stored = await change_in_bulk(account, [name])
            assert (stored.changed, stored.is_shown_changed) == (True, field.is_shown), name
            [row] = await account.rows("select updated_at from products where sku = 'A'")
            assert row["updated_at"] == account.now, name


IS_WAITING = "select count(*) as waiting from pg_locks where not granted"


@pytest.mark.parametrize("way", ["put", "bulk"])
async def test_who_waits_for_another_is_compared_with_what_the_other_wrote(
    account: Account, way: str
) -> None:
    await account.put("A", title="text", price=Decimal(1))

    async def say_the_same() -> None:
        if way == "put":
            await account.put("A", title="text")
        else:
            await change_in_bulk(account, ["title"])

    async with account.db.transaction() as tx:
        await account.put_in(tx, [patch(sku="A", title="Second")])
        second = asyncio.create_task(say_the_same())
        async with asyncio.timeout(10):
            while not (await account.rows(IS_WAITING))[0]["waiting"]:  # noqa: ASYNC110 - PostgreSQL tells nobody
                await asyncio.sleep(0.01)
    await second

    assert (await account.get("A")).product.title == "text"
