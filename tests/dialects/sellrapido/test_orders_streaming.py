import asyncio
import json
import time

import pytest

from tests.dialects.sellrapido.order_book import keep, order
from tests.hub import Hub
from tests.sellrapido import V2, Client

_ACCOUNTS = 10  # with two readers each, more than the hub has connections
_READING = """
    from pg_stat_activity
   where datname = current_database() and state = 'active' and pid <> pg_backend_pid()
     and (query like '%to_json(%' or query like '%concat_ws%')
"""
_MANY_PRODUCTS = """
  insert into products (account_id, catalog_id, sku, id, kind, status, title, description, price,
                        currency, shipping_strategy, image_urls, auto_publish,
                        ai_enhancement, created_at, updated_at, quantity)
  select c.account_id, c.id, 'PART-' || n, gen_random_uuid(), 'item', 'active', 'Headlight',
         repeat(md5(n::text), 20), 100, 'SEK', 'integrated', '{}', false, false, now(), now(), 1
    from catalogs c, generate_series(1, 20000) n where c.account_id = %(account_id)s
"""
_COUNT = "select count(*) as running " + _READING


async def test_a_reader_who_leaves_early_holds_nothing_up(hub: Hub) -> None:
    clients = [await Client.signed_in(await hub.open_shop()) for _ in range(_ACCOUNTS)]
    for each in clients:
        await keep(each.shop, *(order() for _ in range(500)))
    client = clients[0]

    await asyncio.gather(*(leave_early(hub, c, "/order?limit=-1") for c in clients + clients[1:]))

    await until_nobody_reads(hub)
    status, _, answer = await client.call("GET", "/order?limit=1")
    assert (status, answer["totalCount"]) == (200, 500)


@pytest.fixture(scope="module")
async def reader(hub: Hub) -> Client:
    """An account with much to read."""
    client = await Client.signed_in(await hub.open_shop())
    await keep(client.shop, *(order(note="n" * 500) for _ in range(500)))
    async with hub.db.transaction() as tx:
        await tx.run(_MANY_PRODUCTS, {"account_id": client.shop.principal.account_id})
    return client


@pytest.mark.parametrize(
    "path", ["/order?limit=-1", "/order?limit=-1&format=csv", "/product", "/product?zip=true"]
)
@pytest.mark.parametrize("accepted", ["identity", "gzip"])
async def test_a_reader_who_leaves_costs_no_connection(
    hub: Hub, reader: Client, path: str, accepted: str
) -> None:
    told = len(hub.log.read_bytes())

    for _ in range(3):
        await leave_early(hub, reader, path, accepted=accepted)
        await until_nobody_reads(hub)

    _, writer = await ask(hub, reader, path)
    writer.close()
    log = hub.log.read_bytes()[told:].decode()
    for trouble in ("psycopg", "connection", "Traceback", "Exception", '"level": "error"'):
        assert trouble not in log, log


async def leave_early(hub: Hub, client: Client, path: str, *, accepted: str = "identity") -> None:
    reader, writer = await ask(hub, client, path, accepted=accepted)
    await reader.readexactly(1000)
    writer.close()
    await writer.wait_closed()


async def ask(
    hub: Hub, client: Client, path: str, *, accepted: str = "identity"
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Ask for much, and read no more than that it comes; again while the slots of earlier readers are not released yet."""
    deadline = time.monotonic() + 30
    while True:
        reader, writer = await asyncio.open_connection("127.0.0.1", hub.port)
        writer.write(
            f"GET {V2}{path} HTTP/1.1\r\nHost: hub\r\nAccept-Encoding: {accepted}\r\n"
            f"Authorization: Bearer {client.access}\r\n\r\n".encode()
        )
        status = await reader.readline()
        if b"429" not in status:
            assert b"200" in status
            return reader, writer
        writer.close()
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


async def until_nobody_reads(hub: Hub) -> None:
    deadline = time.monotonic() + 30
    while await running(hub):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def running(hub: Hub) -> int:
    async with hub.db.statement() as tx:
        return await tx.one(lambda row: int(row["running"]), _COUNT) or 0


async def test_all_orders_come_whatever_the_size_of_blocks(hub: Hub) -> None:
    client = await Client.signed_in(await hub.open_shop())
    book = [order(rows=n % 3, note="å" * n) for n in range(200)]
    await keep(client.shop, *book)

    _, _, answer = await client.call("GET", "/order?limit=-1")

    found = {each["head"]["id"]: each for each in answer["orders"]}
    assert len(answer["orders"]) == answer["totalCount"] == len(found) == len(book)
    for given in book:
        assert json.dumps(found[given["head"]["id"]]) == json.dumps(given)


async def test_an_answer_that_breaks_off_does_not_look_whole(hub: Hub) -> None:
    client = await Client.signed_in(await hub.open_shop())
    await keep(client.shop, *(order() for _ in range(2000)))
    reader, writer = await ask(hub, client, "/order?limit=-1")
    await reader.readexactly(1000)

    async with hub.db.statement() as tx:
        ended = await tx.all(dict, "select pg_terminate_backend(pid) " + _READING)
    rest = await reader.read()
    writer.close()

    assert len(ended) == 1
    assert not rest.endswith(b"0\r\n\r\n")
    assert b"totalCount" not in rest
    status, _, answer = await client.call("GET", "/order?limit=1")
    assert (status, answer["totalCount"]) == (200, 2000)
