"""PUT: what it stores, what it keeps, what it clears; alone, in batches, and many at once."""

import asyncio
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest

from saluhall.domain.products.model import Kind, ParentNotFound, Product, ProductNotFound, Status
from saluhall.storage import Database
from tests.domain.shop import Account, patch

WHOLE = {
    "title": "Bromsok",
    "description": "Begagnat original.",
    "price": Decimal("950.50"),
    "currency": "EUR",
    "shipping_cost": Decimal(149),
    "shipping_strategy": "fixed",
    "weight": Decimal("3.2"),
    "quantity": 3,
    "brand": "Volvo",
    "image_urls": ("https://a.example/1.jpg",),
    "attributes": {"part_number": "31400452", "fits": ["XC90", "V70"]},
}
# What a cleared field becomes: what a new product has that never named it.
CLEARED = {
    "description": None,
    "currency": "SEK",
    "shipping_cost": None,
    "shipping_strategy": "integrated",
    "weight": None,
    "quantity": 1,
    "brand": "",
    "image_urls": (),
    "attributes": None,
}


def fields_of(product: Product, names: Iterable[str]) -> dict[str, Any]:
    found = {name: getattr(product, name) for name in names}
    return {n: tuple(value) if n == "image_urls" else value for n, value in found.items()}


@pytest.fixture
async def account(db: Database) -> Account:
    return await Account.open(db)


async def test_a_put_stores_every_field(account: Account) -> None:
    outcome = await account.put("A", **WHOLE)

    product = (await account.get("A")).product
    assert outcome.created
    assert outcome.product_id == product.id
    assert fields_of(product, WHOLE) == WHOLE


async def test_what_an_update_leaves_out_keeps_its_value(account: Account) -> None:
    first = await account.put("A", **WHOLE)

    second = await account.put("A", title="Bromsok fram", price=Decimal(800))

    product = (await account.get("A")).product
    assert not second.created
    assert second.product_id == first.product_id
    kept = {**WHOLE, "title": "Bromsok fram", "price": Decimal(800)}
    assert fields_of(product, WHOLE) == kept


@pytest.mark.parametrize("field", sorted(CLEARED))
async def test_null_clears_one_field_and_leaves_the_others(account: Account, field: str) -> None:
    await account.put("A", **WHOLE)

    await account.put("A", **{field: None})

    product = (await account.get("A")).product
    assert fields_of(product, WHOLE) == {**WHOLE, field: CLEARED[field]}


async def test_what_a_create_leaves_out_is_as_if_cleared(account: Account) -> None:
    await account.put("A", title="Bromsok", price=Decimal(950))

    product = (await account.get("A")).product
    assert fields_of(product, CLEARED) == CLEARED
    assert product.kind is Kind.ITEM
    assert product.status is Status.ACTIVE


async def test_what_one_partner_knows_is_kept_by_its_name_until_it_is_cleared(
    account: Account,
) -> None:
    await account.put("A", **WHOLE, extras={"metadata": '{"b": 1.00,  "a": 2}', "note": "x"})

    await account.put("A", extras={"note": "y"})
    second = (await account.get("A")).product.extras
    await account.put("A", extras={"metadata": None})

    assert second == {"metadata": '{"b": 1.00,  "a": 2}', "note": "y"}
    assert (await account.get("A")).product.extras == {"note": "y"}


async def test_a_weight_keeps_its_unit_until_another_is_named(account: Account) -> None:
    await account.put("A", **{**WHOLE, "weight": Decimal(500), "weight_unit": "g"})
    first = (await account.get("A")).product.weight_kg
    await account.put("A", weight=Decimal(250))
    second = (await account.get("A")).product.weight_kg
    await account.put("A", weight_unit="kg")

    assert (first, second) == (Decimal("0.5"), Decimal("0.25"))
    assert (await account.get("A")).product.weight_kg == Decimal(250)


async def test_a_change_of_what_a_channel_shows_counts_as_one_revision(account: Account) -> None:
    [created] = await account.put_all([patch("A", **WHOLE)])
    [named] = await account.put_all([patch("A", title="Bromsok", cost=Decimal(2))])
    [changed] = await account.put_all([patch("A", title="Bromsok fram", brand="Saab")])

    assert (created.is_shown_changed, named.is_shown_changed, changed.is_shown_changed) == (
        True,
        False,
        True,
    )
    assert (named.changed, named.is_shown_named) == (True, True)
    assert (changed.quantity_before, changed.quantity) == (3, 3)
    assert (await account.get("A")).product.content_revision == 2


async def test_a_parent_must_exist_and_be_another_product(account: Account) -> None:
    unknown = await account.put("A", title="Part", price=Decimal(1), parent_sku="CAR")
    itself = await account.put("B", title="Part", price=Decimal(1), parent_sku="B")

    assert isinstance(unknown.problem, ParentNotFound)
    assert isinstance(itself.problem, ParentNotFound)
    for sku in ("A", "B"):
        with pytest.raises(ProductNotFound):
            await account.get(sku)

    await account.put("CAR", title="Volvo", kind=Kind.CONTAINER)
    await account.put("A", title="Part", price=Decimal(1), parent_sku="CAR")
    assert (await account.get("A")).product.parent_sku == "CAR"


async def test_the_parent_of_another_account_does_not_count(account: Account, db: Database) -> None:
    other = await Account.open(db)
    await other.put("CAR", title="Volvo", kind=Kind.CONTAINER)

    outcome = await account.put("A", title="Part", price=Decimal(1), parent_sku="CAR")

    assert isinstance(outcome.problem, ParentNotFound)


async def test_a_refused_update_changes_nothing(account: Account) -> None:
    await account.put("A", **WHOLE)

    outcome = await account.put("A", title="Other", parent_sku="NOBODY")

    assert isinstance(outcome.problem, ParentNotFound)
    assert (await account.get("A")).product.title == WHOLE["title"]


async def test_twenty_who_create_one_sku_at_once_make_one_product(account: Account) -> None:
    outcomes = await asyncio.gather(
        *(account.put("A", title=f"Bromsok {n}", price=Decimal(950)) for n in range(20))
    )

    assert len({outcome.product_id for outcome in outcomes}) == 1
    assert sum(outcome.created for outcome in outcomes) == 1
    assert [o.problem for o in outcomes if o.problem] == []
    rows = await account.rows("select 1 from products where account_id = %(account_id)s")
    assert len(rows) == 1
    created = await account.rows("select type from events where account_id = %(account_id)s")
    assert [row["type"] for row in created] == ["product.created"]


async def test_twenty_batches_of_the_same_skus_at_once_do_not_get_in_each_others_way(
    account: Account,
) -> None:
    batch = [patch(sku=f"S{n}", title="Part", price=Decimal(1)) for n in range(20)]

    done = await asyncio.gather(*(account.put_all(batch) for _ in range(20)))

    assert all(outcome.product_id for outcomes in done for outcome in outcomes)
    rows = await account.rows("select 1 from products where account_id = %(account_id)s")
    assert len(rows) == 20


async def test_a_batch_of_500_answers_each_in_the_order_given(account: Account) -> None:
    await account.put("S7", title="Old", price=Decimal(1))
    batch = [
        patch(
            sku=f"S{n}",
            title=f"Part {n}",
            price=Decimal(n + 1),
            parent_sku="NOBODY" if n % 100 == 99 else None,
        )
        for n in range(500)
    ]

    outcomes = await account.put_all(batch)

    assert [o.sku for o in outcomes] == [p.sku for p in batch]
    assert [n for n, o in enumerate(outcomes) if o.problem] == [99, 199, 299, 399, 499]
    assert [n for n, o in enumerate(outcomes) if not o.created and not o.problem] == [7]
    product = (await account.get("S123")).product
    assert (product.title, product.price) == ("Part 123", Decimal(124))


async def test_an_update_never_lists_again(account: Account) -> None:
    await account.put("A", title="Bromsok", price=Decimal(950))

    await account.put("A", title="Bromsok", price=Decimal(950), auto_publish=True)

    assert (await account.get("A")).state is None


async def test_a_product_put_after_it_was_deleted_is_a_new_one(account: Account) -> None:
    first = await account.put("A", **WHOLE)
    await account.delete("A")

    again = await account.put("A", title="Bromsok", price=Decimal(900))

    assert again.created
    assert again.product_id != first.product_id
    assert (await account.get("A")).product.description is None


IMAGES = (
    "select source_url, state from images where account_id = %(account_id)s order by source_url"
)


async def images(account: Account) -> dict[str, str]:
    return {row["source_url"][-5:]: row["state"] for row in await account.rows(IMAGES)}


def urls(*names: str) -> tuple[str, ...]:
    return tuple(f"https://a.example/{name}.jpg" for name in names)


async def test_images_follow_the_list_and_those_that_stay_are_not_fetched_again(
    account: Account,
) -> None:
    await account.put("A", title="Part", price=Decimal(1), image_urls=urls("1", "2", "3"))
    assert (await account.get("A")).product.status is Status.DRAFT
    await account.rows(
        "update images set due_at = null, stored_key = 'k', state = case when source_url like '%%3.jpg'"
        " then 'refused' else 'ready' end where account_id = %(account_id)s returning 1"
    )

    await account.put("A", image_urls=urls("2", "3", "4"))

    # 1 is dropped, 2 stays, 3 was refused and is tried again, 4 is new
    assert await images(account) == {"2.jpg": "ready", "3.jpg": "due", "4.jpg": "due"}

    await account.put("A", title="Other")
    assert len(await images(account)) == 3

    await account.put("A", image_urls=None)
    assert await images(account) == {}
