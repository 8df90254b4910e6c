"""What is deleted does not come back; it is gone as soon as nothing of it stands and no order of it is in progress."""

from decimal import Decimal
from uuid import UUID

import pytest

from saluhall.dialects.rheo.wire import CATALOG as RHEO
from saluhall.domain.listings import deletions, operations, queries
from saluhall.domain.listings.model import ListedProduct, State
from saluhall.domain.orders import operations as orders
from saluhall.domain.orders.model import OrderStatus, StatusChange
from saluhall.domain.products.model import Product, ProductNotFound, Status
from saluhall.storage import Database
from tests.domain.selling import Seller, order, row
from tests.domain.shop import Account, patch

WHOLE = {
    "description": "Begagnat original.",
    "shipping_cost": Decimal(149),
    "image_urls": ("https://a.example/1.jpg",),
    "extras": {"metadata": '{"shelf": "B 7"}'},
    "auto_publish": True,
}


@pytest.fixture
async def account(db: Database) -> Account:
    return await Account.open(db)


async def live(account: Account, sku: str) -> None:
    """Put a product that stands on a marketplace."""
    await account.put(sku, title="Bromsok", price=Decimal(950), **WHOLE)
    await account.rows(
        "update listings l set state = 'live', external_id = p.sku, due_at = null from products p"
        " where p.id = l.product_id and p.sku = %(sku)s and l.state = 'pending' returning 1",
        sku=sku,
    )


async def wanted(account: Account) -> list[tuple[str, str]]:
    found = await account.rows(
        "select state, due_at is not null and priority = 0 as ends from listings where account_id = %(account_id)s order by id"
    )
    return [(each["state"], "ended" if each["ends"] else "live") for each in found]


@pytest.mark.parametrize("beside", [0, 1, 60])
async def test_a_product_put_while_its_deletion_is_under_way_is_a_new_one(
    account: Account, beside: int
) -> None:
    await account.connect()
    await live(account, "A")
    old = (await account.get("A")).product
    await account.delete("A")
    with pytest.raises(ProductNotFound):
        await account.get("A")

    batch = [patch(sku=f"B{n}", title="Part", price=Decimal(1)) for n in range(beside)]
    again = patch(sku="A", title="Bromsok", price=Decimal(900), auto_publish=True)
    outcomes = await account.put_all([*batch, again])

    listed = await account.get("A")
    assert outcomes[-1].created
    assert outcomes[-1].product_id == listed.product.id != old.id
    assert listed.product.status is Status.ACTIVE
    assert (listed.product.description, listed.product.shipping_cost) == (None, None)
    assert (listed.product.extras, listed.product.image_urls) == ({}, [])
    assert listed.state is State.PENDING
    assert await wanted(account) == [("live", "ended"), ("pending", "live")]


async def test_a_deleted_product_is_no_parent_and_a_second_deletion_finds_nothing(
    account: Account,
) -> None:
    await account.connect()
    await live(account, "CAR")
    await account.delete("CAR")

    outcome = await account.put("DOOR", title="Door", price=Decimal(1), parent_sku="CAR")

    assert outcome.problem is not None
    with pytest.raises(ProductNotFound):
        await account.delete("CAR")


async def test_a_sku_can_be_put_and_deleted_again_and_again(account: Account) -> None:
    await account.connect()
    for _ in range(3):
        await live(account, "A")
        await account.delete("A")
    await account.put("A", title="Bromsok", price=Decimal(1))

    assert await wanted(account) == [("live", "ended")] * 3
    [kept] = await account.rows(
        "select sum(active)::int as active, sum(not_listed)::int as gone from product_counts"
        " where account_id = %(account_id)s"
    )
    assert (kept["active"], kept["gone"]) == (1, 0)


# With orders ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
async def seller(db: Database) -> Seller:
    return await Seller.open(db)


async def sold(seller: Seller) -> UUID:
    """Sell a product through an order; return the product."""
    connection = await seller.connect()
    product = await seller.stock("A")
    listing = await seller.list_at(connection, product, "620")
    await seller.receive(connection, order("1", [row("620", listing=listing)]))
    return product


async def delete(seller: Seller, sku: str = "A") -> None:
    async with seller.db.transaction() as tx:
        await deletions.delete_product(
            tx, principal=seller.principal, catalog=RHEO, sku=sku, now=seller.now
        )


async def change_order(seller: Seller, status: OrderStatus) -> None:
    [head] = await seller.orders()
    change = StatusChange(index=0, order_id=head["id"], status=status)
    async with seller.db.transaction() as tx:
        assert not await orders.change_status(
            tx, principal=seller.principal, changes=[change], now=seller.now
        )


async def shown(seller: Seller, sku: str = "A") -> ListedProduct:
    async with seller.db.statement() as tx:
        return await queries.get_listed_product(
            tx, principal=seller.principal, catalog=RHEO, sku=sku
        )


async def put(seller: Seller, sku: str = "A") -> Product:
    product = patch(sku=sku, title="Again", price=Decimal(1))
    async with seller.db.transaction() as tx:
        await operations.put_products(
            tx, principal=seller.principal, catalog=RHEO, products=[product], now=seller.now
        )
    return (await shown(seller, sku)).product


@pytest.mark.parametrize("status", [OrderStatus.SHIPPED, OrderStatus.CANCELLED])
async def test_a_product_whose_order_is_done_is_deleted_at_once(
    seller: Seller, status: OrderStatus
) -> None:
    await sold(seller)
    await change_order(seller, status)

    await delete(seller)

    with pytest.raises(ProductNotFound):
        await shown(seller)


@pytest.mark.parametrize("status", [OrderStatus.SHIPPED, OrderStatus.CANCELLED])
async def test_a_product_deleted_while_its_order_is_in_progress_is_archived_until_that_is_done(
    seller: Seller, status: OrderStatus
) -> None:
    product = await sold(seller)
    await delete(seller)
    assert (await shown(seller)).product.status is Status.ARCHIVED
    await change_order(seller, OrderStatus.PAID)

    again = await put(seller)
    assert (again.id, again.status, again.title) == (product, Status.ARCHIVED, "Again")

    await change_order(seller, status)
    with pytest.raises(ProductNotFound):
        await shown(seller)
    assert (await put(seller)).status is Status.ACTIVE
    [event] = await seller.rows(
        "select 1 from events where account_id = %(account_id)s and type = 'product.deleted'"
    )
    assert event


async def test_what_sells_while_it_is_deleted_does_not_take_its_sku_back(seller: Seller) -> None:
    connection = await seller.connect()
    old = await seller.stock("A")
    listing = await seller.list_at(connection, old, "620")
    await delete(seller)
    new = await put(seller)

    await seller.receive(connection, order("1", [row("620", listing=listing)]))

    assert (await shown(seller)).product == new
    [sale] = await seller.sales_told()
    assert sale["external_id"] == "620"
    assert [r["product_id"] for r in await seller.order_lines()] == [old]
    await change_order(seller, OrderStatus.SHIPPED)
    assert [r["id"] for r in await seller.rows("select id from products where account_id = %(account_id)s")] == [new.id]  # fmt: skip


async def test_deleting_a_product_ends_what_stands_though_another_order_is_in_progress(
    seller: Seller,
) -> None:
    connection = await seller.connect()
    product = await seller.stock("A", quantity=2)
    other = await seller.connect("2")
    listing = await seller.list_at(connection, product, "620")
    await seller.list_at(other, product, "621")
    await seller.receive(connection, order("1", [row("620", listing=listing)]))

    await delete(seller)

    assert (await shown(seller)).product.status is Status.ARCHIVED
    assert (await seller.listings())["621"][:2] == ("ended", "live")
