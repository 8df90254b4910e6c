"""What changes of a product is recorded: which fields, from what to what, by whom; and nothing where nothing changes."""

from decimal import Decimal
from typing import Any

import pytest

from saluhall.domain.events.model import EventType, type_of_changes
from saluhall.domain.products import changes, stock
from saluhall.domain.products.fields import FIELDS
from saluhall.domain.products.upsert_store import MAX_RECORDED
from saluhall.kit.origin import Origin
from saluhall.storage import Database
from tests.domain.shop import Account

ANNA = Origin(actor="user:anna", source="test", request_id="r-1")
RECORDED = """
  select type, actor, source, request_id, changes from events
   where account_id = %(account_id)s and type <> 'product.created' order by id
"""


@pytest.fixture
async def account(db: Database) -> Account:
    return await Account.open(db.acting_as(ANNA))


async def recorded(account: Account) -> list[dict[str, Any]]:
    async with account.db.transaction() as tx:
        while await changes.record_due(
            tx, account.principal.account_id, limit=100, now=account.now
        ):
            pass
    return await account.rows(RECORDED)


async def test_each_changed_field_is_recorded_with_its_value_before_and_after(
    account: Account,
) -> None:
    await account.put("A", title="Lamp", price=Decimal("10.00"), quantity=3, brand="Volvo")

    await account.put("A", title="Lamp", price=Decimal("12.50"), quantity=3, tags=("a", "b"), brand=None,
                      attributes={"side": "left"})  # fmt: skip

    [event] = await recorded(account)
    assert event == {
        "type": "product.updated", "actor": "user:anna", "source": "test", "request_id": "r-1",
        "changes": {
            "price": {"before": "10", "after": "12.5"},
            "brand": {"before": "Volvo", "after": ""},
            "tags": {"before": [], "after": ["a", "b"]},
            "attributes": {"before": None, "after": {"side": "left"}},
        },
    }  # fmt: skip


async def test_what_stays_as_it_is_is_not_recorded(account: Account) -> None:
    await account.put("A", title="Lamp", price=Decimal(10))

    await account.put("A", title="Lamp", price=Decimal("10.0"))

    assert await recorded(account) == []


async def test_a_long_text_is_recorded_in_part(account: Account) -> None:
    await account.put("A", description="x" * 5000)

    await account.put("A", description="y" * 5000)

    [event] = await recorded(account)
    assert event["changes"]["description"] == {
        "before": "x" * MAX_RECORDED,
        "after": "y" * MAX_RECORDED,
    }


async def test_units_that_are_sold_and_that_come_back_are_changes_of_stock(
    account: Account,
) -> None:
    stored = await account.put("A", quantity=1)
    assert stored.product_id is not None
    channel = account.db.acting_as(Origin(actor="channel:market", source="market"))
    async with channel.transaction() as tx:
        product = (
            await stock.lock(tx, account.principal.account_id, [stored.product_id], now=account.now)
        )[stored.product_id]
        await stock.take(tx, account.principal.account_id, {product.id: 0}, now=account.now)
        await stock.restock(tx, account.principal.account_id, {product.id: 2}, now=account.now)

    found = await recorded(account)
    assert [(e["type"], e["actor"], e["changes"]) for e in found] == [
        ("stock.changed", "channel:market", {
            "quantity": {"before": 1, "after": 0}, "status": {"before": "active", "after": "sold"}}),
        ("stock.changed", "channel:market", {
            "quantity": {"before": 0, "after": 2}, "status": {"before": "sold", "after": "active"}}),
    ]  # fmt: skip


async def test_of_several_requests_in_one_transaction_each_change_has_its_own(
    account: Account,
) -> None:
    await account.put("A", price=Decimal(1))
    batch = Origin(actor="key:k", source="test", request_ids={"A": "r-7", "B": "r-8"})
    other = Account(account.db.acting_as(batch), account.principal)

    await other.put("A", price=Decimal(2))

    [event] = await recorded(account)
    assert (event["actor"], event["request_id"]) == ("key:k", "r-7")


@pytest.mark.parametrize(
    ("fields", "event_type"),
    [
        ({"price"}, EventType.PRICE_CHANGED),
        ({"quantity"}, EventType.STOCK_CHANGED),
        ({"quantity", "status"}, EventType.STOCK_CHANGED),
        ({"status"}, EventType.PRODUCT_UPDATED),
        ({"price", "quantity"}, EventType.PRODUCT_UPDATED),
    ],
)
def test_the_type_is_the_narrowest_that_says_it_all(
    fields: set[str], event_type: EventType
) -> None:
    assert fields <= FIELDS.keys() | {"status"}
    assert type_of_changes(fields) is event_type
