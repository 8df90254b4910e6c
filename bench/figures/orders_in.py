"""orders-in: orders of three lines that a channel gives are stored, against COPY of the same rows into the same tables, alternating."""

import logging
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import structlog

from bench.figure import Figure, Result, rate_beside
from bench.seller import open_account
from bench.stage import Stage
from saluhall.channel_orders import RemoteAddress, RemoteOrder, RemoteOrderLine
from saluhall.domain.accounts.model import Principal
from saluhall.domain.connections import operations as connections
from saluhall.domain.connections import queries
from saluhall.domain.connections.model import Connection
from saluhall.domain.orders import intake
from saluhall.domain.orders.mapping import Marketplace
from saluhall.kit.ids import new_id
from saluhall.kit.secrets import Vault
from saluhall.storage import Database

TARGET = 0.15
ROUNDS = 5
ORDERS = 2_000  # in a round: 10,000 in all
AT_ONCE = 500  # as a poll stores them
PRODUCTS = 300
_MARKET = Marketplace(label="Bench", site="Sweden", country="SWE")
_START = datetime(2026, 1, 1, tzinfo=UTC)
# What is sold: listings that stay live, of products with units enough.
_LIST = """
  with c as (
    insert into catalogs (account_id, id, code, name, created_at)
    values (%(account)s, new_ulid(), 'BENCH', 'BENCH', now()) returning id
  ), p as (
    insert into products (account_id, id, catalog_id, sku, title, price, currency, quantity, status, image_urls,
                          created_at, updated_at)
    select %(account)s, new_ulid(), c.id, 'S-' || n, 'Part ' || n, 100, 'SEK', 1000000, 'active', '{}', now(), now()
      from c, generate_series(1, %(products)s) n
    returning id, sku
  ), o as (
    insert into offers (account_id, id, product_id, channel, connection_id, format, wanted, price, currency, quantity,
                        created_at, updated_at)
    select %(account)s, new_ulid(), p.id, 'tradera', %(connection)s, 'fixed', 'live', 100, 'SEK', 5, now(), now() from p
    returning id, product_id
  )
  insert into listings (account_id, id, offer_id, product_id, connection_id, format, state, external_id, price, quantity,
                        content, created_at, updated_at)
  select %(account)s, new_ulid(), o.id, o.product_id, %(connection)s, 'fixed', 'live', substr(p.sku, 3), 100, 5, 1, now(), now()
    from o join p on p.id = o.product_id
"""
_COLUMNS = """
  select column_name from information_schema.columns
   where table_schema = 'public' and table_name = %s and column_name <> 'account_id' order by ordinal_position
"""


async def measure(stage: Stage) -> list[Result]:
    """Store orders a hundred at a time, each round followed by its bare twin."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    url = await stage.database()
    seller = await open_account(stage, SALUHALL_DATABASE_URL=url)
    account_id = UUID(seller.account_id)
    stored, copied = list[float](), list[float]()
    async with (
        Database(url, connections=2) as db,
        await psycopg.AsyncConnection.connect(url, autocommit=True) as bare,
    ):
        await bare.execute(
            "set session_replication_role = replica"
        )  # COPY alone, without what counts
        connection = await _connect(db, account_id)
        params = {"account": account_id, "connection": connection.id, "products": PRODUCTS}
        await bare.execute(_LIST, params)
        for number in range(-1, ROUNDS):
            orders = _orders(number)
            ours = await _store(db, connection, orders)
            theirs = await _copy_again(bare, account_id, number)
            await bare.execute("vacuum analyze")
            if number >= 0:
                stored.append(ours)
                copied.append(theirs)
                print(f"  {ours:.2f} s, COPY {theirs:.2f} s", flush=True)
    return [
        rate_beside(
            "orders-in", stored, copied, rows=ORDERS, target=TARGET, what="COPY of the same rows"
        )
    ]


async def _connect(db: Database, account_id: UUID) -> Connection:
    async with db.transaction() as tx:
        connection_id = await connections.connect(
            tx,
            principal=Principal(account_id=account_id, account_name="bench"),
            channel="tradera",
            user_id="1",
            token="t",
            expires_at=None,
            options={},
            vault=Vault("k"),
            now=_START,
        )
        found = await queries.find_connection(tx, account_id, connection_id)
    if found is None:
        raise RuntimeError("the connection is not there")
    return found


def _orders(number: int) -> list[RemoteOrder]:
    buyer = RemoteAddress(
        user_id="anna", name="Anna Andersson", line1="Storgatan 45", zip="41101", city="Göteborg", country="SWE",
        email="anna@example.com", phone="031123456",
    )  # fmt: skip
    orders = []
    for n in range(ORDERS):
        lines = [
            RemoteOrderLine(
                listing_id=str(1 + (n * 3 + at) % PRODUCTS),
                title=f"Part {at}",
                quantity=1,
                unit_price=Decimal(100),
                tax_percent=Decimal(25),
            )
            for at in range(3)
        ]
        at = _START + timedelta(seconds=(number + 1) * ORDERS + n)
        orders.append(
            RemoteOrder(
                external_id=f"{number}-{n}", placed_at=at, changed_at=at, currency="SEK", total=Decimal(349),
                shipping_price=Decimal(49), shipping_method="Parcel", payment_method="Card", paid_at=at, buyer=buyer,
                lines=lines,
            )
        )  # fmt: skip
    return orders


async def _store(db: Database, connection: Connection, orders: list[RemoteOrder]) -> float:
    began = time.perf_counter()
    for start in range(0, len(orders), AT_ONCE):
        some = orders[start : start + AT_ONCE]
        async with db.transaction() as tx:
            await intake.receive(
                tx, connection, some, market=_MARKET, now=_START + timedelta(days=1)
            )
    return time.perf_counter() - began


async def _copy_again(
    connection: psycopg.AsyncConnection[Any], account_id: UUID, number: int
) -> float:
    """Copy the orders of a round in once more, for another account; return the seconds. Raises RuntimeError when some are missing."""
    wanted = (
        f"select id from orders where account_id = '{account_id}' and external_id like '{number}-%'"
    )
    other, seconds = new_id(), 0.0
    for table, rows, only in (
        ("orders", ORDERS, f"id in ({wanted})"),
        ("order_lines", ORDERS * 3, f"order_id in ({wanted})"),
    ):
        names = [name for (name,) in await (await connection.execute(_COLUMNS, [table])).fetchall()]
        query = f"select '{other}', {', '.join(names)} from {table} where account_id = '{account_id}' and {only}"
        async with connection.cursor() as cursor:
            async with cursor.copy(f"copy ({query}) to stdout") as out:
                lines = b"".join([bytes(row) async for row in out])
            began = time.perf_counter()
            async with cursor.copy(
                f"copy {table} (account_id, {', '.join(names)}) from stdin"
            ) as into:
                await into.write(lines)
            seconds += time.perf_counter() - began
        if lines.count(b"\n") != rows:
            raise RuntimeError(f"these are not the {table} of the round")
    return seconds


FIGURE = Figure(name="orders-in", measure=measure)
