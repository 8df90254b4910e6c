"""Removing a connection or an account: what goes, what stays, and nothing of others."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from saluhall.dialects.rheo.wire import CATALOG as RHEO
from saluhall.domain.accounts import operations as accounts
from saluhall.domain.catalogs import operations as catalogs
from saluhall.domain.catalogs.model import CatalogInUse
from saluhall.domain.connections import queries
from saluhall.domain.connections.model import ListingsAreLive
from saluhall.domain.listings import disconnecting, operations, suspension
from saluhall.domain.listings.disconnecting import RemovedConnection
from saluhall.domain.orders import operations as orders
from saluhall.domain.orders import updates
from saluhall.domain.orders.model import OrderStatus, StatusChange
from saluhall.domain.removals import operations as removals
from saluhall.domain.removals.model import AccountBusy, AccountContents, NotSuspended
from saluhall.domain.removals.store import DELETIONS
from saluhall.storage import Database
from tests.domain.selling import NOW, Seller, order, row
from tests.domain.shop import patch

TABLES = """
  select c.table_name, string_agg(c.column_name, ' ') as columns from information_schema.columns c
    join information_schema.tables t using (table_schema, table_name)
   where c.table_schema = 'public' and t.table_type = 'BASE TABLE'
     and c.column_name in ('account_id', 'member_account_id', 'event_account_id')
   group by c.table_name
"""


async def owned(seller: Seller) -> dict[str, int]:
    """Count the rows of an account in every table that has rows of accounts."""
    found = {}
    for table in await seller.rows(TABLES):
        named = " or ".join(f"{column} = %(account_id)s" for column in table["columns"].split())
        [count] = await seller.rows(f"select count(*) from {table['table_name']} where {named}")
        found[table["table_name"]] = count["count"]
    return found


async def busy_seller(db: Database) -> Seller:
    """An account with something in most tables."""
    seller = await Seller.open(db)
    connection = await seller.connect()
    product = await seller.stock("A", quantity=2)
    await seller.list_at(connection, product, "a1")
    await seller.receive(connection, order("o1", [row("a1")]))
    async with db.transaction() as tx:
        await accounts.create_api_key(
            tx, principal=seller.principal, name="k", prefix="key_", now=NOW
        )
        await accounts.create_legacy_key(tx, principal=seller.principal, now=NOW)
        await accounts.suspend_account(tx, principal=seller.principal, suspended=True, now=NOW)
    return seller


async def remove_account(seller: Seller, after: timedelta) -> AccountContents:
    async with seller.db.transaction() as tx:
        return await removals.remove_account(tx, principal=seller.principal, now=NOW + after)


async def test_removing_an_account_deletes_all_its_rows_and_none_of_others(db: Database) -> None:
    gone, neighbour = await busy_seller(db), await busy_seller(db)
    before = await owned(neighbour)

    held = await remove_account(gone, timedelta(minutes=2))

    assert (held.products, held.orders, held.connections, held.api_keys) == (1, 1, 1, 1)
    assert set((await owned(gone)).values()) == {0}
    assert await owned(neighbour) == before
    assert sum(count > 0 for count in before.values()) > 10


async def test_an_account_that_is_or_was_just_in_use_is_not_removed(db: Database) -> None:
    seller = await busy_seller(db)

    with pytest.raises(NotSuspended):
        await remove_account(seller, timedelta(seconds=59))
    await seller.run(
        "update connections set poll_claimed_by = gen_random_uuid() where account_id = %(account_id)s"
    )
    with pytest.raises(AccountBusy):
        await remove_account(seller, timedelta(minutes=2))
    assert (await owned(seller))["accounts"] == 1


async def test_every_table_with_rows_of_accounts_has_a_statement_that_deletes_them(
    db: Database,
) -> None:
    async with db.statement() as tx:
        tables = await tx.all(lambda row: (row["table_name"], row["columns"].split()), TABLES)

    deleted = {re.findall(r"from (\w+)", each)[0]: each for each in DELETIONS}
    assert {name for name, _ in tables} == deleted.keys()
    assert [
        (name, column)
        for name, columns in tables
        for column in columns
        if f"{column} = %(account_id)s" not in deleted[name]
    ] == []


async def remove_connection(seller: Seller, connection: UUID, *, yes: bool) -> RemovedConnection:
    async with seller.db.transaction() as tx:
        return await disconnecting.remove_connection(
            tx, principal=seller.principal, connection_id=connection, leave_live=yes, now=seller.now
        )


async def offer(seller: Seller, sku: str) -> None:
    async with seller.db.transaction() as tx:
        product = patch(sku=sku, title=f"Part {sku}", price=Decimal(900), auto_publish=True)
        await operations.put_products(
            tx,
            principal=seller.principal,
            catalog=RHEO,
            products=[product],
            offer_on="tradera",
            now=seller.now,
        )


async def listings(seller: Seller) -> list[dict[str, Any]]:
    return await seller.rows(
        """
        select p.sku, l.connection_id, l.state, l.suspended, l.due_at is not null as is_due from listings l
          join products p on p.account_id = l.account_id and p.id = l.product_id
         where l.account_id = %(account_id)s order by p.sku, l.id
        """
    )


async def test_a_connection_with_live_listings_is_removed_only_when_they_may_stay(
    db: Database,
) -> None:
    seller = await Seller.open(db)
    connection = await seller.connect()
    await seller.list_at(connection, await seller.stock("A"), "a1")

    with pytest.raises(ListingsAreLive, match="1 listing of it is or may be"):
        await remove_connection(seller, connection.id, yes=False)
    removed = await remove_connection(seller, connection.id, yes=True)

    assert (removed.live, removed.moved) == (1, 0)
    async with db.statement() as tx:
        assert await queries.list_connections(tx, principal=seller.principal) == []
        kept = await queries.find_connection(tx, seller.principal.account_id, connection.id)
    assert kept is not None
    assert (kept.token, kept.reason) == (b"", "The connection was removed.")


async def test_what_was_never_published_goes_to_the_next_connection_and_what_is_live_is_not_offered_twice(
    db: Database,
) -> None:
    seller = await Seller.open(db)
    first, second = await seller.connect("1"), await seller.connect("2")
    await offer(seller, "NEW")
    live = await seller.stock("SOLD-THERE")
    await seller.list_at(first, live, "a1")
    assert [each["connection_id"] for each in await listings(seller)] == [first.id, first.id]

    removed = await remove_connection(seller, first.id, yes=True)
    await offer(seller, "SOLD-THERE")
    await offer(seller, "LATER")

    assert removed.moved == 1
    assert [(each["sku"], each["connection_id"]) for each in await listings(seller)] == [
        ("LATER", second.id),
        ("NEW", second.id),
        ("SOLD-THERE", first.id),
    ]


async def test_what_was_offered_at_a_removed_connection_keeps_no_unit_from_another(
    db: Database,
) -> None:
    seller = await Seller.open(db)
    first, second = await seller.connect("1"), await seller.connect("2")
    product = await seller.stock("A")
    await seller.list_at(first, product, "a1")
    await remove_connection(seller, first.id, yes=True)
    await seller.offer(second, product)
    assert [each["connection_id"] for each in await listings(seller)] == [
        first.id
    ]  # it is live there

    await seller.run("update listings set state = 'ended' where account_id = %(account_id)s")
    await seller.offer(second, product)

    assert [each["connection_id"] for each in await listings(seller)] == [first.id, second.id]


async def test_connecting_the_same_login_again_takes_its_listings_up(db: Database) -> None:
    seller = await Seller.open(db)
    first = await seller.connect("1")
    await seller.list_at(first, await seller.stock("A"), "a1")
    async with db.transaction() as tx:
        await operations.change_price(
            tx,
            principal=seller.principal,
            catalog=RHEO,
            sku="A",
            price=Decimal(800),
            now=seller.now,
        )
    await remove_connection(seller, first.id, yes=True)
    assert [each["suspended"] for each in await listings(seller)] == [True]

    again = await seller.connect("1")
    async with db.transaction() as tx:
        await suspension.resume(tx, seller.principal.account_id, again.id, now=seller.now)

    assert again.id == first.id
    assert [(each["suspended"], each["is_due"]) for each in await listings(seller)] == [
        (False, True)
    ]


async def test_a_removed_connection_leaves_no_order_update_due(db: Database) -> None:
    seller = await Seller.open(db)
    connection = await seller.connect()
    await seller.receive(connection, order("o1", [row("a1")]))
    [sold] = await seller.orders()
    change = StatusChange(index=0, order_id=sold["id"], status=OrderStatus.SHIPPED)
    async with db.transaction() as tx:
        assert not await orders.change_status(
            tx, principal=seller.principal, changes=[change], now=NOW
        )

    removed = await remove_connection(seller, connection.id, yes=False)
    async with db.transaction() as tx:
        reason = disconnecting.REASON
        assert await updates.cancel(tx, removed.connection, reason=reason, now=NOW) == 1

    [update] = await seller.rows(
        "select state, due_at from order_updates where account_id = %(account_id)s"
    )
    assert (update["state"], update["due_at"]) == ("withdrawn", None)
    [head] = await seller.orders()
    assert head["status_message"] == "The connection was removed."


async def test_a_catalog_with_products_is_not_removed(db: Database) -> None:
    seller = await Seller.open(db)
    async with db.transaction() as tx:
        number = await catalogs.create_catalog(
            tx, principal=seller.principal, name="Shop", code="S", now=NOW
        )
        await operations.put_products(
            tx,
            principal=seller.principal,
            catalog="S",
            products=[patch(sku="A", title="Part", price=Decimal(9))],
            now=NOW,
        )
        with pytest.raises(CatalogInUse, match="has 1 product: delete them first"):
            await catalogs.remove_catalog(
                tx, principal=seller.principal, number=number, system_code=RHEO
            )
